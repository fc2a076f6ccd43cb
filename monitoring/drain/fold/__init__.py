"""What stored events add to the summaries: a pure function of their rows.

The drain folds with it, amend takes the difference of two of its values, recount checks with it; so the three can
never disagree on what an event means. To fold something more of an event: a part here, beside its like, and its name
in the list of the rows that it reads.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain

from monitoring.drain.fold import (
    business,
    calls,
    class_scores,
    contents,
    decisions,
    errors,
    evaluations,
    events,
    failures,
    features,
    lags,
    lines,
    losses,
    opinions,
    policies,
    processes,
    ranks,
    realised,
    served,
)
from monitoring.drain.fold.inputs import inputs_of
from monitoring.drain.fold.segments import segments_of
from monitoring.drain.fold.sums import Cell, Columns, Group, Integers, Named, Segments, Slot, Sums
from monitoring.drain.rows import (
    BusinessEventRow,
    LLMCallRow,
    LogRecordRow,
    PredictionRow,
    Row,
    ServedRow,
    by_type,
    columns_of,
)
from monitoring.selectors.plans import LossPlan, Plans
from monitoring.selectors.segments import Keys

__all__ = ["PARTS", "Cell", "Folds", "Group", "Named", "Slot"]

MINUTE_US = 60_000_000
# (sums, columns of the rows, the place of each row, sign): adds what it is about.
Part = Callable[[Sums, Columns, Integers, int], None]
PARTS: Mapping[type[Row], Sequence[Part]] = {
    PredictionRow: (
        served.fold,
        failures.fold,
        opinions.fold,
        decisions.fold,
        class_scores.fold,
        errors.fold,
        ranks.fold,
        lags.fold,
        realised.fold,
    ),
    BusinessEventRow: (business.fold, processes.fold),
    LLMCallRow: (
        served.fold,
        failures.fold,
        opinions.fold,
        calls.fold,
        contents.fold,
        policies.fold,
        evaluations.fold,
    ),
    LogRecordRow: (lines.fold,),
}
# Of kinds that are not all summed: the columns of those that are.
CHOSEN: Mapping[type[Row], Callable[[Columns], Columns]] = {
    BusinessEventRow: events.folded,
    LogRecordRow: lines.folded,
}


class Folds:
    """Contributions added up before they touch the database. Addition only: any order gives the same sums.

    Rows are added by columns: a number costs about 50 ns, one row at a time ten times as much.
    """

    def __init__(self, plans: Plans | None = None, keys: Keys | None = None) -> None:
        """`plans` says by which references and trees features are folded, without it they are not; `keys` what has segments."""
        self._plans = plans or {}
        self._keys = dict(keys or {})
        self._sums = Sums()
        self._ready: list[tuple[Group, Slot, Cell]] = []

    def add_all(self, rows: Iterable[Row], sign: int = 1, *, with_features: bool = True) -> None:
        """Add what the rows fold to, or take it away again with sign -1; rows without parts fold to nothing.

        Without features these are not even read.
        """
        for row_type, mine in by_type(list(rows)).items():
            if row_type in PARTS:
                self.add_columns(row_type, columns_of(mine), sign, with_features=with_features)

    def add_columns(self, row_type: type[Row], columns: Columns, sign: int = 1, *, with_features: bool = True) -> None:
        """`add_all` of the rows of one type, given by columns."""
        if row_type in CHOSEN and not (columns := CHOSEN[row_type](columns)):
            return
        segments = None if row_type is LogRecordRow else segments_of(columns, self._keys)
        minutes = _minutes(columns["ts_us"])
        places = self._sums.places(columns["version_id"], columns["environment"], minutes, segments)
        for part in PARTS[row_type]:
            part(self._sums, columns, places, sign)
        if with_features and self._plans and row_type is PredictionRow:
            self._add_inputs(columns, sign, segments)

    def add_features(self, rows: Sequence[PredictionRow]) -> None:
        """Add the features of predictions alone: everything else of them has been folded before."""
        if rows:
            columns = columns_of(rows)
            self._add_inputs(columns, 1, segments_of(columns, self._keys))

    def _add_inputs(self, columns: Columns, sign: int, segments: Sequence[Segments] | None) -> None:
        """What references and trees make of the features of predictions."""
        for given in inputs_of(self._plans, columns, segments):
            if isinstance(given.plan, LossPlan):
                losses.fold(self._sums, given, given.plan, sign)
            else:
                features.fold(self._sums, given, given.plan, sign)

    def amend(self, old: Iterable[ServedRow], new: Iterable[ServedRow], keys: Keys) -> None:
        """The one way to change the past: fold(new) − fold(old), by the keys of their versions. Features never change."""
        self._keys |= keys
        self.add_all(old, -1, with_features=False)
        self.add_all(new, with_features=False)

    def add_cells(self, cells: Iterable[tuple[Group, Slot, Cell]]) -> None:
        """Add what was worked out elsewhere; of one place there may be several."""
        self._ready += cells

    def cells(self, minute_of: Callable[[int], int] = int) -> Iterator[tuple[Group, Slot, Cell]]:
        """Every sum that is not nothing, by the minute or by what `minute_of` makes of it."""
        return chain(self._sums.cells(minute_of), self._ready)


def _minutes(moments: Iterable[int]) -> list[int]:
    return [ts_us // MINUTE_US for ts_us in moments]
