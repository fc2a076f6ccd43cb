"""The ranges a chart can show: 24 h, 7 d, 30 d, in slices that the summaries' tiers tile."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from monitoring.selectors.event_filters import FilterError, read_moment


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


@dataclass(frozen=True, slots=True)
class Stretch:
    """[start, end) as a URL asks for it: of what was `typed`, by `from` and `to`, or up to now; and what is wrong with it."""

    start: datetime
    end: datetime
    typed: Mapping[str, str]
    problem: str = ""


def stretch(params: Mapping[str, str], span: Range, *, now: datetime) -> Stretch:
    """What cannot be read stays in its field, with the mend, and the range up to now is shown."""
    typed = {name: local(name, params[name]) for name in ("from", "to") if params.get(name, "").strip()}
    usual = (now - span.length, now)
    try:
        end = read_moment("to", params.get("to", ""), local=True) or now
        start = read_moment("from", params.get("from", ""), local=True) or end - span.length
    except FilterError as error:
        return Stretch(*usual, typed, str(error))
    if start >= end:
        return Stretch(*usual, typed, _("It must end after it starts."))
    return Stretch(start, end, typed)


def local(name: str, value: str) -> str:
    """A time of the URL as the browser's own field wants it; what cannot be read goes back as it came."""
    try:
        found = read_moment(name, value, local=True)
    except FilterError:
        return value
    return "" if found is None else timezone.localtime(found).strftime("%Y-%m-%dT%H:%M:%S")
