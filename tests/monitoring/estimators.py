"""Scores whose meaning is known, and an estimator that was fitted on it, for tests of what rests on estimates."""

from datetime import datetime
from typing import Any

import numpy as np

from models_registry.models import Model, ModelVersion
from monitoring.drain.labels import negative_label
from monitoring.models import Estimator
from monitoring.selectors.estimators import definition
from monitoring.stats.calibration import calibration_of
from monitoring.stats.fitted import ONLY, Baseline, pack
from monitoring.stats.layouts import score_bins

SCORES = np.arange(0.05, 1, 0.1)


def estimator(model: Model, *, now: datetime, rows: int = 100_000) -> Estimator:
    """Of version "1": a score of s is positive in s of all cases."""
    version = ModelVersion.objects.get_or_create(model=model, version="1")[0]
    calibration = calibration_of(score_bins(SCORES), SCORES, np.full(len(SCORES), rows // len(SCORES)))
    kind, positive = definition(model)
    baselines = {"accuracy": Baseline(0.75, rows, 0.01), "f1": Baseline(0.75, rows)}
    fit = pack({ONLY: calibration}, baselines)
    kept = {"origin": "reference", "kind": kind, "positive_label": positive}
    return Estimator.objects.create(version=version, rows=rows, fit=fit, created_at=now, **kept)


def scored(
    model: Model, n: int, *, seed: int, prefix: str, ts: int, broken: float = 0.0
) -> tuple[list[Any], list[Any]]:
    """(predictions, outcomes) of version "1" as the estimator knows them; of the share `broken` the label is the other one."""
    rng = np.random.default_rng(seed)
    scores = rng.choice(SCORES, n)
    labels = (rng.random(n) < scores) ^ (rng.random(n) < broken)
    positive, negative = model.positive_label, negative_label(model.positive_label)
    served = [
        {"id": f"{prefix}{place}", "model": model.slug, "version": "1", "ts": ts, "score": float(score), "environment": "production"}
        for place, score in enumerate(scores)
    ]  # fmt: skip
    outcomes = [
        {
            "id": f"{prefix}{place}",
            "prediction_id": f"{prefix}{place}",
            "ts": ts,
            "label": positive if label else negative,
        }
        for place, label in enumerate(labels)
    ]
    return served, outcomes
