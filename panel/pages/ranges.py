"""The ranges a chart can show: 24 h, 7 d, 30 d, in slices that the summaries' tiers tile."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Range:
    """A length of time ending now, cut into steps that begin at round times (UTC).

    Estimates take the `sampled_step`: an accuracy over ten labels swings by chance alone, and a chart must not.
    """

    key: str
    length: timedelta
    step: timedelta
    sampled_step: timedelta

    @property
    def label(self) -> str:
        """24 h, 7 d, 30 d: units that every language of the panel shares."""
        return f"{self.key[:-1]}\u00a0{self.key[-1]}"

    def begins(self, *, now: datetime) -> datetime:
        """No chart of this range, in whichever steps, begins before."""
        return min(self.edges(now=now, sampled=sampled)[0] for sampled in (False, True))

    def edges(self, *, now: datetime, sampled: bool = False) -> tuple[datetime, list[datetime]]:
        """(start, edges): whole steps up to the one that holds `now`; the last edge is `now`, cut to its minute."""
        step = self.sampled_step if sampled else self.step
        seconds = step.total_seconds()
        end = now.replace(second=0, microsecond=0)
        first = (end - self.length).timestamp() // seconds * seconds
        start = datetime.fromtimestamp(first, tz=UTC)
        edges, edge = [], start
        while edge < end:
            edges.append(edge)
            edge += step
        return start, [*edges, end]


RANGES = {
    "24h": Range("24h", timedelta(hours=24), timedelta(minutes=15), timedelta(hours=1)),
    "7d": Range("7d", timedelta(days=7), timedelta(hours=2), timedelta(hours=4)),
    "30d": Range("30d", timedelta(days=30), timedelta(hours=8), timedelta(hours=12)),
}


def chosen(text: str | None) -> Range:
    """The range of a `?range=` parameter; a day when it is missing or unknown."""
    return RANGES.get(text or "", RANGES["24h"])
