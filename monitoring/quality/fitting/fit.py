"""From labelled summaries to an estimator: calibrations by isotonic regression, and what was realised beside them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import stdev

import numpy as np
from django.utils.module_loading import import_string
from numpy.typing import NDArray

from models_registry.jobs import JobError
from monitoring.catalogue import MEASURES
from monitoring.catalogue.estimates import ESTIMATED
from monitoring.stats.calibration import Calibration, calibration_of
from monitoring.stats.fitted import ONLY, Baseline, Losses
from monitoring.stats.layouts import score_cells
from monitoring.stats.readers import MULTICLASS
from monitoring.stats.tally import Subject, Tally, sides_of
from monitoring.stats.trees import Frozen

FEWEST = 500  # labelled predictions behind a calibration
FEWEST_OF_A_SIDE = 20
FEWEST_PARTS = 6  # below these a spread says nothing
ISOTONIC = "monitoring.quality.fitting.isotonic.isotonic"
LABELLED = frozenset({"labelled_score", "labelled_class_score", "class_scores_cut", "confusion"})
Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Isotonic = Callable[[Integers, Floats, Floats], Floats]


@dataclass(frozen=True, slots=True)
class Fit:
    """What was fitted, on how many labelled predictions; of a regression, the trees that it folds by."""

    calibrations: Mapping[int, Calibration]
    baselines: Mapping[str, Baseline]
    rows: int
    losses: Losses | None = None
    trees: Frozen | None = None


def fit(whole: Tally, parts: Sequence[Tally], subject: Subject) -> Fit:
    """The estimator of a labelled window; `parts` are the same in slices. JobError where there is too little to fit on."""
    calibrations = _classes(whole) if subject.kind == MULTICLASS else {ONLY: _binary(whole, subject)}
    rows = whole.cell("labelled_class_score" if subject.kind == MULTICLASS else "labelled_score").n
    names = [name for name, kinds in ESTIMATED.items() if subject.kind in kinds]
    found = {name: _baseline(name, whole, parts, subject) for name in names}
    return Fit(calibrations, {name: baseline for name, baseline in found.items() if baseline}, rows)


def _binary(tally: Tally, subject: Subject) -> Calibration:
    cell = tally.cell("labelled_score")
    codes, _, scores = score_cells(cell.bins)
    is_positive = codes == (-1 if subject.positive_code is None else subject.positive_code)
    bins, place = np.unique(scores, return_inverse=True)
    positive, negative = (np.bincount(place, cell.counts * side, len(bins)) for side in (is_positive, ~is_positive))
    fewest = min(positive.sum(), negative.sum())
    if cell.n < FEWEST or fewest < FEWEST_OF_A_SIDE:
        message = (
            f"{cell.n} labelled predictions with a score, {int(fewest)} of the rarer class: a calibration needs {FEWEST} and"
            f" {FEWEST_OF_A_SIDE}. Choose a longer window, or send a reference with `score` and `label`."
        )
        raise JobError(message)
    return _calibration(bins, positive.astype(np.float64), negative.astype(np.float64))


def _classes(tally: Tally) -> dict[int, Calibration]:
    cell = tally.cell("labelled_class_score")
    if cell.n < FEWEST:
        message = (
            f"{cell.n} labelled predictions with scores: a calibration needs {FEWEST}."
            " Choose a longer window, or send a reference with `scores` and `label`."
        )
        raise JobError(message)
    codes = np.unique(score_cells(cell.bins, 2)[0]).tolist()
    return {code: _calibration(*sides_of(cell, code)) for code in codes}


def _calibration(bins: Integers, positive: Floats, negative: Floats) -> Calibration:
    n = positive + negative
    kept = n > 0
    bins, positive, n = bins[kept], positive[kept], n[kept]
    isotonic: Isotonic = import_string(ISOTONIC)
    return calibration_of(bins, isotonic(bins, positive / n, n), n.astype(np.int64))


def _baseline(name: str, whole: Tally, parts: Sequence[Tally], subject: Subject) -> Baseline | None:
    """What was realised, and how much it varies from part to part."""
    read = MEASURES[name].read
    reading = read(whole, subject)
    if reading.value is None:
        return None
    values = [value for part in parts if (value := read(part, subject).value) is not None]
    return Baseline(reading.value, reading.n, stdev(values) if len(values) >= FEWEST_PARTS else None)
