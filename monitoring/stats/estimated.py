"""Readers of estimated measures: by the summaries of scores, or of expected losses, each version by its own estimator. Pure.

A version without an estimator takes no part; n says how many predictions do. The estimator of a window is the newest one
that was fitted on nothing within it, so that an estimate never rests on the labels that it is held against.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from monitoring.stats import losses
from monitoring.stats.estimate import BINARY, Estimate, Expected, estimate, expect, joined
from monitoring.stats.estimate_classes import estimate_classes, expect_classes
from monitoring.stats.fitted import ONLY, Fitted, in_force
from monitoring.stats.intervals import Reading
from monitoring.stats.layouts import CLASS_AND_SCORE, CLASS_SIDE_SCORE, EXPECTED_LOSS, score_cells
from monitoring.stats.readers import MULTICLASS, Reader
from monitoring.stats.tally import EMPTY, Cell, Subject, Tally

REGRESSION = "regression"
NOTHING = Estimate(None, 0.0, 0)
METRICS = ("score", "class_score")
NUMBERS = "value"  # the metric of predictions of numbers
LOSSES: dict[str, Callable[[losses.Expected], Estimate]] = {
    "mae": losses.mean_absolute_error,
    "rmse": losses.root_mean_squared_error,
}


def estimated(name: str) -> Reader:
    """The reader of an estimated measure by the name of the realised one."""

    def read(tally: Tally, subject: Subject) -> Reading:
        return estimate_of(name, tally, subject).reading()

    return read


def estimate_of(name: str, tally: Tally, subject: Subject) -> Estimate:
    """The measure as it is expected to be over a window."""
    if name in LOSSES:
        return _estimated_loss(name, tally, subject)
    if subject.kind == MULTICLASS:
        classes = expected_classes(tally, subject)
        return estimate_classes(name, classes) if classes else NOTHING
    expected = expected_binary(tally, subject)
    return estimate(BINARY[name], expected) if expected else NOTHING


def expected_binary(tally: Tally, subject: Subject) -> Expected | None:
    """Predictions of a binary classifier by score and decision, with their probabilities: its cells are the expected
    confusion matrix. None where no version has both scores and an estimator.
    """
    parts = [
        _expected(cell, fit, subject)
        for cell, fit in _with_fits("score", CLASS_AND_SCORE, tally, subject)
        if ONLY in fit.calibrations
    ]
    return joined(parts) if parts else None


def expected_classes(tally: Tally, subject: Subject) -> dict[int, Expected]:
    """The same of each class against the rest."""
    found = _with_fits("class_score", CLASS_SIDE_SCORE, tally, subject)
    return expect_classes([(cell, fit.calibrations) for cell, fit in found])


def _estimated_loss(name: str, tally: Tally, subject: Subject) -> Estimate:
    fits = subject.fits() if tally.keys(EXPECTED_LOSS) else {}
    parts = [part for mine in fits.values() if (part := _expected_losses(mine, tally))]
    return LOSSES[name](losses.together(parts)) if parts else NOTHING


def _expected_losses(fits: Sequence[Fitted], tally: Tally) -> losses.Expected | None:
    """Of a version, by that of its estimators that has counted most of the window; of equals by the newest."""
    found = [
        (tally.cell(EXPECTED_LOSS, str(fit.id)), fit.losses)
        for fit in fits
        if fit.losses and fit.knows_nothing_of(tally.start)
    ]
    cell, how = max(found, key=lambda one: one[0].n, default=(EMPTY, None))
    return losses.expected(cell, how) if how and cell.n > 0 else None


def scored(tally: Tally, subject: Subject) -> int:
    """Predictions that an estimate could rest on if every version had an estimator."""
    if subject.kind == REGRESSION:
        return tally.cell(NUMBERS).n
    metric, layout = ("class_score", CLASS_SIDE_SCORE) if subject.kind == MULTICLASS else ("score", CLASS_AND_SCORE)
    cells = (tally.cell(metric, key) for key in tally.keys(metric))
    return sum(cell.n for cell in cells if cell.layout == layout)


def _with_fits(metric: str, layout: str, tally: Tally, subject: Subject) -> Iterator[tuple[Cell, Fitted]]:
    """The scores of each version that has an estimator; the key of a cell is its version (`layouts.BY_VERSION`)."""
    keys = tally.keys(metric)
    fits = subject.fits() if keys else {}
    for key in keys:
        cell, fit = tally.cell(metric, key), in_force(fits.get(int(key), ()), tally.start)
        if fit is not None and cell.n > 0 and cell.layout == layout:
            yield cell, fit


def _expected(cell: Cell, fit: Fitted, subject: Subject) -> Expected:
    codes, _, scores = score_cells(cell.bins)
    bins, place = np.unique(scores, return_inverse=True)
    is_positive = codes == subject.positive_code
    positive, negative = (np.bincount(place, cell.counts * side, len(bins)) for side in (is_positive, ~is_positive))
    return expect(bins, positive.astype(np.float64), negative.astype(np.float64), fit.calibrations[ONLY])
