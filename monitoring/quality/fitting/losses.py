"""From the rows of a reference to trees that expect the losses of a regression."""

from collections.abc import Callable, Sequence
from math import ceil
from statistics import stdev
from typing import Any

import numpy as np
from django.utils.module_loading import import_string
from numpy.typing import NDArray

from models_registry.jobs import JobError
from monitoring.drain.fold.errors import is_usable, label_number
from monitoring.drain.fold.losses import values_of
from monitoring.quality.fitting.fit import FEWEST, FEWEST_PARTS, Fit
from monitoring.stats.fitted import Baseline, Losses
from monitoring.stats.profile import Feature, Profile
from monitoring.stats.sample import Sample
from monitoring.stats.trees import MISSING, Forest, Frozen

BOOSTED = "monitoring.quality.fitting.boosted.boosted"
PARTS = 10
MOST = 100_000  # rows that trees grow on: more teach little and take their time
Floats = NDArray[np.float64]
Boosted = Callable[[Floats, Sequence[Sequence[int] | None], Floats], tuple[Forest, float]]


def fit_losses(profile: Profile, sample: Sample) -> Fit:
    """Trees over the features of the profile. JobError where there is too little to fit on."""
    errors = _errors(sample)
    usable = np.isfinite(errors)
    rows = int(usable.sum())
    if rows < FEWEST:
        message = (
            f"{rows} rows of the reference have a number as `prediction` and as `label`: a fit needs {FEWEST}."
            " Send a reference with more of them."
        )
        raise JobError(message)
    some = np.flatnonzero(usable)[:: ceil(rows / MOST)]
    columns, categories = _columns(profile, sample, some)
    boosted: Boosted = import_string(BOOSTED)
    absolute, _ = boosted(columns, categories, np.abs(errors[some]))
    square, spread = boosted(columns, categories, errors[some] ** 2)
    losses = Losses(absolute.quantum, square.quantum, spread / square.mean if square.mean else 0.0)
    baselines = {
        "mae": _baseline(np.abs(errors[usable]), lambda part: float(part.mean())),
        "rmse": _baseline(errors[usable] ** 2, lambda part: float(part.mean()) ** 0.5),
    }
    return Fit({}, baselines, rows, losses, Frozen(absolute, square, categories))


def _errors(sample: Sample) -> Floats:
    """prediction − label; NaN where either is no number."""
    pairs = zip(sample.prediction, sample.label, strict=True)
    return np.array([_number(guess) - _number(label) for guess, label in pairs], dtype=np.float64)


def _number(value: Any) -> float:
    number = label_number(value, None) if isinstance(value, str) else value
    return float(number) if number is not None and is_usable(number) else float("nan")


def _columns(
    profile: Profile, sample: Sample, rows: NDArray[np.int64]
) -> tuple[Floats, tuple[tuple[int, ...] | None, ...]]:
    """(values by row and feature, NaN where missing; the categories that are there, None of a number)."""
    columns = np.empty((len(rows), len(profile.features)))
    categories: list[tuple[int, ...] | None] = []
    for place, feature in enumerate(profile.features):
        values = values_of(feature, _column(feature, sample))[rows]
        columns[:, place] = values if feature.numeric else np.where(values == MISSING, np.nan, values)
        categories.append(None if feature.numeric else tuple(np.unique(values[values != MISSING]).tolist()))
    return columns, tuple(categories)


def _column(feature: Feature, sample: Sample) -> Sequence[Any]:
    given = sample.features.get(feature.name) if feature.source == "input" else getattr(sample, feature.source)
    return given or [None] * sample.rows


def _baseline(losses: Floats, of: Callable[[Floats], float]) -> Baseline:
    parts = [of(part) for part in np.array_split(losses, PARTS) if len(part)]
    return Baseline(of(losses), len(losses), stdev(parts) if len(parts) >= FEWEST_PARTS else None)
