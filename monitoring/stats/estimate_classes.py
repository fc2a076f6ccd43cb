"""The same expectation for several classes, one against the rest: each class has its own calibration. Pure.

A class that a prediction did not score counts with the score 0, which is below every other.
"""

from collections.abc import Mapping, Sequence
from math import sqrt

from monitoring.stats import estimate as binary
from monitoring.stats.calibration import Calibration
from monitoring.stats.estimate import Estimate, Expected, Metric, expect, joined
from monitoring.stats.tally import Cell, sides_of

LEAST = 0.5  # a class of which fewer events are decided or expected takes no part in a plain mean over classes
# Plain means over classes (macro), as the realised measures of several classes are.
MACRO: dict[str, Metric] = {
    "precision": binary.precision,
    "recall": binary.recall,
    "f1": binary.f1,
    "roc_auc": binary.roc_auc,
}
MULTICLASS = frozenset({"accuracy", *MACRO})


def expect_classes(parts: Sequence[tuple[Cell, Mapping[int, Calibration]]]) -> dict[int, Expected]:
    """Class → what is expected of it, over the summaries of versions and their calibrations."""
    by_class: dict[int, list[Expected]] = {}
    for cell, calibrations in parts:
        for code, calibration in calibrations.items():
            by_class.setdefault(code, []).append(expect(*sides_of(cell, code), calibration))
    return {code: joined(found) for code, found in by_class.items()}


def estimate_classes(name: str, classes: Mapping[int, Expected]) -> Estimate:
    """One of MULTICLASS. Errors of classes are taken to go together, so that the interval is rather too wide than too narrow."""
    n = max((expected.n for expected in classes.values()), default=0)
    if not n:
        return Estimate(None, 0.0, 0)
    if name == "accuracy":
        return _accuracy(classes, n)
    taking_part = [one for one in classes.values() if one.cells.predicted + one.cells.actual >= LEAST]
    found = [binary.estimate(MACRO[name], expected) for expected in taking_part]
    # A class without predictions counts as 0, as it does once labels are known; a rank of nothing is no rank.
    values = [
        one.value if one.value is not None else 0.0 for one in found if one.value is not None or name != "roc_auc"
    ]
    if not values:
        return Estimate(None, 0.0, n)
    return Estimate(sum(values) / len(values), sum(one.error for one in found) / len(found), n)


def _accuracy(classes: Mapping[int, Expected], n: int) -> Estimate:
    """Every prediction is decided for one class and correct with that class's probability."""
    correct = sum(expected.cells.tp for expected in classes.values())
    variance = sum(binary.variance_of(expected, 1 / n, 0.0) for expected in classes.values())
    return Estimate(correct / n, sqrt(variance), n)
