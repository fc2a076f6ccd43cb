"""What a window holds: merged summaries by metric and key. Pure: no Django, no database."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitoring.stats.fitted import Fitted
from monitoring.stats.histogram import Bins, Counts, merge
from monitoring.stats.layouts import CERTAIN, PAST_CAP, confusion_cell, score_cells


@dataclass(frozen=True, slots=True)
class Cell:
    """The sum of one metric and key: events, total in integer quanta, histogram."""

    n: int
    total: int
    bins: Bins
    counts: Counts
    layout: str = ""

    def count(self, *codes: int) -> int:
        """Events in these bins."""
        return sum(int(count) for bin_, count in zip(self.bins, self.counts, strict=True) if int(bin_) in codes)


EMPTY = Cell(0, 0, *merge([]))


@dataclass(frozen=True, slots=True)
class Tally:
    """The summaries of a window [start, end). `snapped` says that it had to be widened because finer tiers are gone.

    `past` are the same hours of earlier days or weeks, where they were asked for. `memo` is what readers have worked out
    of it, so that many measures of one window work it out once.
    """

    start: datetime
    end: datetime
    cells: Mapping[tuple[str, str], Cell] = field(default_factory=dict)
    snapped: bool = False
    past: tuple["Tally", ...] = ()
    memo: dict[Hashable, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    def cell(self, metric: str, key: str = "") -> Cell:
        """The sum of a metric and key; empty if the window has none."""
        return self.cells.get((metric, key), EMPTY)

    def keys(self, metric: str) -> list[str]:
        """The keys a metric has in this window."""
        return sorted(key for name, key in self.cells if name == metric)


def sides_of(cell: Cell, code: int) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """(score bins, how often with side 1, with side 0) of a class; predictions that did not score it have the least bin."""
    codes, sides, scores = score_cells(cell.bins, 2)
    mine = codes == code
    found, place = np.unique(np.append(scores[mine], -CERTAIN), return_inverse=True)
    counts = np.append(cell.counts[mine], max(0, cell.n - int(cell.counts[mine].sum()))).astype(np.float64)
    chosen = np.append(sides[mine] == 1, False)
    with_one, without = (np.bincount(place, weights=counts * side, minlength=len(found)) for side in (chosen, ~chosen))
    return found, with_one.astype(np.float64), without.astype(np.float64)


@dataclass(frozen=True, slots=True)
class Worth:
    """A value matrix by class codes: (true, predicted) → value. `binary`: of true and false positives, false and true negatives."""

    cells: Mapping[tuple[int, int], float]
    binary: tuple[float, float, float, float] | None = None


def never(_moment: datetime) -> float | None:
    """Nothing is usual."""
    return None


@dataclass(frozen=True, slots=True)
class Subject:
    """What reading a tally needs to know of the model."""

    kind: str
    positive_code: int | None = None
    settle: timedelta = timedelta(0)  # until the labels of a prediction are in: learned, else declared
    # The estimators of the model's versions, newest first; read when first asked for.
    fits: Callable[[], Mapping[int, Sequence[Fitted]]] = field(default=dict, compare=False)
    # Codes of the business events that convert; None: every one does.
    converting: frozenset[int] | None = None
    worth: Worth | None = None
    # What a decision was worth in the week before the day of a moment; read when first asked for.
    usual: Callable[[datetime], float | None] = field(default=never, compare=False)


@dataclass(frozen=True, slots=True)
class Confusion:
    """(true code, predicted code) → labelled predictions."""

    cells: Mapping[tuple[int, int], int]

    @classmethod
    def of(cls, tally: Tally) -> "Confusion":
        """From the metric `confusion`. Where both sides are past the cap nobody knows whether they agree: left out."""
        cell = tally.cell("confusion")
        pairs = ((confusion_cell(int(bin_)), int(count)) for bin_, count in zip(cell.bins, cell.counts, strict=True))
        return cls({codes: count for codes, count in pairs if codes != (PAST_CAP, PAST_CAP)})

    @property
    def n(self) -> int:
        """Labelled predictions."""
        return sum(self.cells.values())

    @property
    def correct(self) -> int:
        """Decisions that agree with the label."""
        return sum(count for (true, predicted), count in self.cells.items() if true == predicted)

    def classes(self) -> list[int]:
        """Codes seen on either side, as scikit-learn's `unique_labels`."""
        return sorted({code for cell, count in self.cells.items() if count for code in cell})

    def hits(self, code: int | None) -> tuple[int, int, int]:
        """(true positives, predicted positives, actual positives) of a class, one against the rest."""
        if code is None:
            return 0, 0, 0
        predicted = sum(count for (_, guess), count in self.cells.items() if guess == code)
        actual = sum(count for (true, _), count in self.cells.items() if true == code)
        return self.cells.get((code, code), 0), predicted, actual
