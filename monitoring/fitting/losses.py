"""From the rows of a reference to the expected losses of a regression."""

from collections.abc import Callable, Sequence
from statistics import stdev
from typing import Any

import numpy as np
from django.utils.module_loading import import_string
from numpy.typing import NDArray

from models_registry.jobs import JobError
from monitoring.drain.fold.errors import label_number
from monitoring.drain.fold.features import bins_of
from monitoring.fitting.fit import FEWEST, FEWEST_PARTS, Fit
from monitoring.stats.fitted import Baseline, Loss, Losses
from monitoring.stats.profile import Feature, Profile
from monitoring.stats.sample import Sample

ADDITIVE = "monitoring.fitting.additive.additive"
PARTS = 10
Floats = NDArray[np.float64]
Additive = Callable[[NDArray[np.int64], Floats], tuple[float, dict[int, float], float]]


def fit_losses(profile: Profile, sample: Sample) -> Fit:
    """The losses by the bins of the profile. JobError where there is too little to fit on."""
    errors = _errors(sample)
    usable = np.isfinite(errors)
    errors, rows = errors[usable], int(usable.sum())
    if rows < FEWEST:
        message = (
            f"{rows} rows of the reference have a number as `prediction` and as `label`: a fit needs {FEWEST}."
            " Send a reference with more of them."
        )
        raise JobError(message)
    columns = [_column(feature, sample) for feature in profile.features]
    bins = bins_of(profile, list(zip(*columns, strict=True)))[:, usable]
    losses = Losses(profile.layout, _loss(bins, np.abs(errors)), _loss(bins, errors**2))
    baselines = {
        "mae": _baseline(np.abs(errors), lambda part: float(part.mean())),
        "rmse": _baseline(errors**2, lambda part: float(part.mean()) ** 0.5),
    }
    return Fit({}, baselines, rows, losses)


def _errors(sample: Sample) -> Floats:
    """prediction − label; NaN where either is no number."""
    pairs = zip(sample.prediction, sample.label, strict=True)
    return np.array([_number(guess) - _number(label) for guess, label in pairs], dtype=np.float64)


def _number(value: Any) -> float:
    if isinstance(value, str):
        return label_number(value, None) or 0.0
    return float("nan") if value is None else float(value)


def _column(feature: Feature, sample: Sample) -> Sequence[Any]:
    given = sample.features.get(feature.name) if feature.source == "input" else getattr(sample, feature.source)
    return given or [None] * sample.rows


def _loss(bins: NDArray[np.int64], losses: Floats) -> Loss:
    additive: Additive = import_string(ADDITIVE)
    return Loss(*additive(bins, losses))


def _baseline(losses: Floats, of: Callable[[Floats], float]) -> Baseline:
    parts = [of(part) for part in np.array_split(losses, PARTS) if len(part)]
    return Baseline(of(losses), len(losses), stdev(parts) if len(parts) >= FEWEST_PARTS else None)
