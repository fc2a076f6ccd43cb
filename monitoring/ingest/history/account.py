"""What an import says of a file: what was refused and why, how old it is, which columns are of two minds."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.conf import settings

from monitoring.ingest.codes import Rejection
from monitoring.ingest.history.items import Fields, Judged
from monitoring.selectors.floors import read_floors

MOST: Final = 200  # distinct refusals
LINES: Final = 8  # numbers of rows that are told of each
NUMBER, TEXT = "number", "text"


@dataclass(slots=True)
class Refusals:
    """Rows refused for one reason: how many, and the first of them."""

    why: Rejection
    count: int = 0
    lines: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Account:
    """Sums over the blocks that were judged. `kept_from` is the moment before which raw events are forgotten, in epoch µs."""

    kept_from: int
    received: int = 0
    accepted: int = 0
    refused: int = 0
    oldest: int | None = None
    newest: int | None = None
    forgotten: int = 0
    reasons: dict[tuple[str, str, str], Refusals] = field(default_factory=dict)
    kinds: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, judged: Judged) -> None:
        """One more block."""
        self.received += judged.received
        self.accepted += len(judged.accepted)
        self.refused += len(judged.refused)
        for one in judged.refused:
            self._note(one.why, one.number)
        times = [item.ts for item in judged.accepted if isinstance(item.ts, int)]
        if times:
            self.oldest = min(times) if self.oldest is None else min(self.oldest, *times)
            self.newest = max(times) if self.newest is None else max(self.newest, *times)
            self.forgotten += sum(ts < self.kept_from for ts in times)

    def look_at_features(self, items: Iterable[Fields | None]) -> None:
        """Count numbers and texts of each feature."""
        for item in items:
            features = (item or {}).get("features")
            if isinstance(features, dict):
                self.kinds.update(_kinds(features))

    def mixed(self) -> Mapping[str, tuple[int, int]]:
        """Features that are numbers here and texts there: how often each."""
        names = {name for name, _ in self.kinds}
        found = {name: (self.kinds[name, NUMBER], self.kinds[name, TEXT]) for name in sorted(names)}
        return {name: counts for name, counts in found.items() if all(counts)}

    def _note(self, why: Rejection, number: int) -> None:
        key = (why.code, why.pointer, why.detail)
        if key not in self.reasons and len(self.reasons) >= MOST:
            return
        found = self.reasons.setdefault(key, Refusals(why))
        found.count += 1
        if len(found.lines) < LINES:
            found.lines.append(number)


def _kinds(features: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for name, value in features.items():
        if isinstance(value, str):
            yield name, TEXT
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield name, NUMBER


def kept_from(kind: str, *, now: datetime) -> datetime:
    """The moment before which raw events of this kind are forgotten at the next pass of retention."""
    ages: Mapping[str, timedelta] = settings.RETENTION
    if kind == "log":
        return now - ages["logs"]
    floor = read_floors().events
    by_age = now - ages["events"]
    return by_age if floor < 0 else max(by_age, datetime.fromtimestamp(floor, UTC))
