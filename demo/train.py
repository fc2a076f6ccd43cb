"""Train the models of the story with scikit-learn. Imported only by the process that trains."""

from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from demo import orders
from demo.applicants import ROWS, TRAINED_ON, inputs, training_set
from demo.scorecard import Scorecard


def fit(version: str, *, seed: int, newcomers: float, rows: int = ROWS) -> Scorecard:
    """A logistic regression on generated history, folded into a scorecard."""
    people, labels = training_set(version, seed=seed, newcomers=newcomers, rows=rows)
    table = np.array([inputs(who) for who in people])
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    pipeline.fit(table, np.array(labels))
    return _folded(version, pipeline, pipeline[1].coef_[0], float(pipeline[1].intercept_[0]))


def fit_delivery(*, seed: int, rows: int = orders.ROWS) -> Scorecard:
    """A ridge regression on past deliveries."""
    past, taken = orders.training_set(seed=seed, rows=rows)
    pipeline = make_pipeline(StandardScaler(), Ridge(alpha=1.0))
    pipeline.fit(np.array([orders.inputs(one) for one in past]), np.array(taken))
    return _folded(orders.VERSION, pipeline, pipeline[1].coef_, float(pipeline[1].intercept_))


def _folded(version: str, pipeline: Any, coefficients: Any, intercept: float) -> Scorecard:
    """The scaling in the weights."""
    scaler = pipeline[0]
    weights = coefficients / scaler.scale_
    return Scorecard(version, tuple(float(weight) for weight in weights), float(intercept - weights @ scaler.mean_))


def train(seed: int) -> tuple[Scorecard, ...]:
    """Both versions of the classifier, one that has never seen a newcomer and the one retrained since; and the regression."""
    cards = [fit(version, seed=seed, newcomers=share) for version, share in TRAINED_ON.items()]
    return (*cards, fit_delivery(seed=seed))
