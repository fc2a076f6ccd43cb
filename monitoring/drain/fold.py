"""What stored events add to the summaries: a pure function of their rows.

The drain folds with it, amend takes the difference of two of its values, recount checks with it; so the three can
never disagree on what an event means.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import compress
from typing import Any, NamedTuple

from monitoring.drain.rows import LLMCallRow, PredictionRow, Row, ServedRow
from monitoring.stats import layouts
from monitoring.stats.layouts import (
    FEEDBACK_DOWN,
    FEEDBACK_OTHER,
    FEEDBACK_RATED,
    FEEDBACK_UP,
    FINISH_CODES,
    FINISH_OTHER,
    STATUS_OK,
    log_bins,
)

MINUTE_US = 60_000_000


class Slot(NamedTuple):
    """A series of one version and environment."""

    metric: str
    key: str
    layout: str


# A bin is a number, or the class (decision) or classes (true, predicted) that the merge step turns into one.
Bin = int | str | tuple[str, str]
STATUS = Slot("status", "", layouts.STATUS)
LATENCY = Slot("latency", "", layouts.LOG)
DECISION = Slot("decision", "", layouts.CATEGORY)
CONFUSION = Slot("confusion", "", layouts.CONFUSION)
FINISH = Slot("finish", "", layouts.FINISH)
FEEDBACK = Slot("feedback", "", layouts.FEEDBACK)
COST = Slot("reported_cost", "", layouts.LOG)
TOKENS = {
    column: Slot("tokens", column.removesuffix("_tokens"), layouts.LOG)
    for column in LLMCallRow._fields
    if column.endswith("_tokens")
}
THUMBS = {"feedback_up": FEEDBACK_UP, "feedback_down": FEEDBACK_DOWN, "feedback_other": FEEDBACK_OTHER}
Columns = Mapping[str, Sequence[Any]]


class Cell:
    """A sum that belongs to one slot of one version, environment and minute."""

    __slots__ = ("bins", "n", "total")

    def __init__(self) -> None:
        self.n = 0
        self.total = 0
        self.bins: dict[Bin, int] = {}

    def grow(self, bin_: Bin, times: int) -> None:
        """Add to one bin."""
        self.bins[bin_] = self.bins.get(bin_, 0) + times

    def __bool__(self) -> bool:
        return bool(self.n or self.total or any(self.bins.values()))


class Group(NamedTuple):
    """Whose minute it is."""

    version_id: int
    environment: str
    minute: int


Place = int  # the number of a Group: hashed once for all that is counted there


class Folds:
    """Contributions added up before they touch the database. Addition only: any order gives the same sums.

    Rows are added by columns, for one row at a time costs ten times as much.
    """

    def __init__(self) -> None:
        self._places: dict[tuple[int, str, int], Place] = {}
        self._cells: defaultdict[Place, dict[Slot, Cell]] = defaultdict(dict)

    def add_all(self, rows: Iterable[Row], sign: int = 1) -> None:
        """Add what the predictions and LLM calls among the rows fold to, or take it away again with sign -1."""
        by_type: defaultdict[type[Row], list[Row]] = defaultdict(list)
        for row in rows:
            by_type[type(row)].append(row)
        if predictions := by_type[PredictionRow]:
            self._add_predictions(_columns(predictions), sign)
        if calls := by_type[LLMCallRow]:
            self._add_calls(_columns(calls), sign)

    def amend(self, old: Iterable[ServedRow], new: Iterable[ServedRow]) -> None:
        """The one way to change the past: fold(new) − fold(old)."""
        self.add_all(old, -1)
        self.add_all(new)

    def cells(self) -> Iterator[tuple[Group, Slot, Cell]]:
        """Every sum that is not nothing."""
        for group, place in self._places.items():
            for slot, cell in self._cells[place].items():
                if cell:
                    yield Group(*group), slot, cell

    def _add_predictions(self, columns: Columns, sign: int) -> None:
        places = self._add_served(columns, sign)
        texts, labels = columns["prediction"], columns["label"]
        decided = [bool(text) and status == STATUS_OK for text, status in zip(texts, columns["status"], strict=True)]
        self._count(DECISION, compress(zip(places, texts, strict=True), decided), sign)
        if labels.count(None) < len(labels):
            known = [on and label is not None for on, label in zip(decided, labels, strict=True)]
            self._count(CONFUSION, compress(zip(places, zip(labels, texts, strict=True), strict=True), known), sign)

    def _add_calls(self, columns: Columns, sign: int) -> None:
        places = self._add_served(columns, sign)
        finishes = [FINISH_CODES.get(reason, FINISH_OTHER) for reason in columns["finish_reason"]]
        self._count(FINISH, zip(places, finishes, strict=True), sign)
        for name, slot in TOKENS.items():
            self._measure(slot, places, columns[name], sign)
        self._measure(COST, places, columns["cost_nano"], sign)

    def _add_served(self, columns: Columns, sign: int) -> list[Place]:
        minutes = [ts // MINUTE_US for ts in columns["ts_us"]]
        groups = zip(columns["version_id"], columns["environment"], minutes, strict=True)
        places = [self._places.setdefault(group, len(self._places)) for group in groups]
        self._count(STATUS, zip(places, columns["status"], strict=True), sign)
        self._measure(LATENCY, places, columns["latency_us"], sign)
        if any(any(columns[name]) for name in THUMBS):
            self._add_feedback(places, columns, sign)
        return places

    def _add_feedback(self, places: Sequence[Place], columns: Columns, sign: int) -> None:
        """n counts the events that were rated; the bins of the thumbs count thumbs."""
        thumbs = list(zip(*(columns[name] for name in THUMBS), strict=True))
        rated = ((place, FEEDBACK_RATED) for place, given in zip(places, thumbs, strict=True) if any(given))
        self._count(FEEDBACK, rated, sign)
        for place, given in zip(places, thumbs, strict=True):
            for bin_, times in zip(THUMBS.values(), given, strict=True):
                if times:
                    self._cell(place, FEEDBACK).grow(bin_, sign * times)

    def _count(self, slot: Slot, found: Iterable[tuple[Place, Bin]], sign: int) -> None:
        """Each event adds one to n and to its bin."""
        for (place, bin_), times in Counter(found).items():
            cell = self._cell(place, slot)
            cell.n += sign * times
            cell.grow(bin_, sign * times)

    def _measure(self, slot: Slot, places: Sequence[Place], values: Sequence[Any], sign: int) -> None:
        """Each value that is known counts, in the bin of its logarithm, and adds itself to the total."""
        if None in values:
            known = [value is not None for value in values]
            places, values = list(compress(places, known)), list(compress(values, known))
        self._count(slot, zip(places, log_bins(values), strict=True), sign)
        totals: defaultdict[Place, int] = defaultdict(int)
        for place, value in zip(places, values, strict=True):
            totals[place] += value
        for place, total in totals.items():
            self._cell(place, slot).total += sign * total

    def _cell(self, place: Place, slot: Slot) -> Cell:
        cells = self._cells[place]
        if slot not in cells:
            cells[slot] = Cell()
        return cells[slot]


def _columns(rows: Sequence[Row]) -> Columns:
    return dict(zip(type(rows[0])._fields, zip(*rows, strict=True), strict=True))
