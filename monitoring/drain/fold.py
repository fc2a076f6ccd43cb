"""What a stored event adds to the summaries: a pure function of its row.

The drain folds with it, amend takes the difference of two of its values, recount checks with it; so the three can
never disagree on what an event means.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

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
    log_bin,
)

MINUTE_US = 60_000_000


class Slot(NamedTuple):
    """A series of one version and environment."""

    metric: str
    key: str
    layout: str


# A bin is a number, or the class (decision) or classes (true, predicted) that the merge step turns into one.
Bin = int | str | tuple[str, str]
# slot, bin, how much the bin grows, how much n grows, how much total grows
Contribution = tuple[Slot, Bin, int, int, int]

STATUS = Slot("status", "", layouts.STATUS)
LATENCY = Slot("latency", "", layouts.LOG)
DECISION = Slot("decision", "", layouts.CATEGORY)
CONFUSION = Slot("confusion", "", layouts.CONFUSION)
FINISH = Slot("finish", "", layouts.FINISH)
FEEDBACK = Slot("feedback", "", layouts.FEEDBACK)
COST = Slot("reported_cost", "", layouts.LOG)
TOKENS = [
    (Slot("tokens", column.removesuffix("_tokens"), layouts.LOG), LLMCallRow._fields.index(column))
    for column in LLMCallRow._fields
    if column.endswith("_tokens")
]


def fold_row(row: Row) -> list[Contribution]:
    """The contributions of one stored event; only predictions and LLM calls have any."""
    if isinstance(row, PredictionRow):
        return [*_served(row), *_prediction(row)] if row.prediction else _served(row)
    if isinstance(row, LLMCallRow):
        return [*_served(row), *_llm_call(row)]
    return []


def _served(row: ServedRow) -> list[Contribution]:
    folded: list[Contribution] = [(STATUS, row.status, 1, 1, 0)]
    latency = row.latency_us
    if latency is not None:
        folded.append((LATENCY, log_bin(latency), 1, 1, latency))
    if row.feedback_up or row.feedback_down or row.feedback_other:
        folded.append((FEEDBACK, FEEDBACK_RATED, 1, 1, 0))
        folded.append((FEEDBACK, FEEDBACK_UP, row.feedback_up, 0, 0))
        folded.append((FEEDBACK, FEEDBACK_DOWN, row.feedback_down, 0, 0))
        folded.append((FEEDBACK, FEEDBACK_OTHER, row.feedback_other, 0, 0))
    return folded


def _prediction(row: PredictionRow) -> list[Contribution]:
    if row.status != STATUS_OK:
        return []
    decided: Contribution = (DECISION, row.prediction, 1, 1, 0)
    if row.label is None:
        return [decided]
    return [decided, (CONFUSION, (row.label, row.prediction), 1, 1, 0)]


def _llm_call(row: LLMCallRow) -> list[Contribution]:
    folded: list[Contribution] = [(FINISH, FINISH_CODES.get(row.finish_reason, FINISH_OTHER), 1, 1, 0)]
    for slot, place in TOKENS:
        tokens: int | None = row[place]  # type: ignore[assignment]  # a column by number, known to hold tokens
        if tokens is not None:
            folded.append((slot, log_bin(tokens), 1, 1, tokens))
    if row.cost_nano is not None:
        folded.append((COST, log_bin(row.cost_nano), 1, 1, row.cost_nano))
    return folded


class Cell:
    """A sum that belongs to one slot of one version, environment and minute."""

    __slots__ = ("bins", "n", "total")

    def __init__(self) -> None:
        self.n = 0
        self.total = 0
        self.bins: dict[Bin, int] = {}

    def __bool__(self) -> bool:
        return bool(self.n or self.total or any(self.bins.values()))


class Group(NamedTuple):
    """Whose minute it is."""

    version_id: int
    environment: str
    minute: int


class Folds:
    """Contributions added up before they touch the database. Addition only: any order gives the same sums."""

    def __init__(self) -> None:
        self._groups: defaultdict[tuple[int, str, int], dict[Slot, Cell]] = defaultdict(dict)

    def add(self, row: ServedRow, sign: int = 1) -> None:
        """Add what the row folds to, or take it away again with sign -1."""
        group = self._groups[(row.version_id, row.environment, row.ts_us // MINUTE_US)]
        for slot, bin_, count, n, total in fold_row(row):
            cell = group.get(slot)
            if cell is None:
                cell = group[slot] = Cell()
            cell.n += sign * n
            cell.total += sign * total
            cell.bins[bin_] = cell.bins.get(bin_, 0) + sign * count

    def add_all(self, rows: Iterable[Row], sign: int = 1) -> None:
        """Add every prediction and LLM call among the rows."""
        for row in rows:
            if isinstance(row, PredictionRow | LLMCallRow):
                self.add(row, sign)

    def amend(self, old: ServedRow, new: ServedRow) -> None:
        """The one way to change the past: fold(new) − fold(old)."""
        self.add(old, -1)
        self.add(new)

    def cells(self) -> Iterator[tuple[Group, Slot, Cell]]:
        """Every sum that is not nothing."""
        for key, group in self._groups.items():
            for slot, cell in group.items():
                if cell:
                    yield Group(*key), slot, cell
