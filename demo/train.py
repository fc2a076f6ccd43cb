"""Train the classifiers of the story with scikit-learn. Imported only by the process that trains."""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from demo.applicants import ROWS, TRAINED_ON, inputs, training_set
from demo.scorecard import Scorecard


def fit(version: str, *, seed: int, newcomers: float, rows: int = ROWS) -> Scorecard:
    """A logistic regression on generated history, folded into a scorecard."""
    people, labels = training_set(version, seed=seed, newcomers=newcomers, rows=rows)
    table = np.array([inputs(who) for who in people])
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    pipeline.fit(table, np.array(labels))
    scaler, regression = pipeline[0], pipeline[1]
    weights = regression.coef_[0] / scaler.scale_
    intercept = float(regression.intercept_[0] - weights @ scaler.mean_)
    return Scorecard(version, tuple(float(weight) for weight in weights), intercept)


def train(seed: int) -> tuple[Scorecard, ...]:
    """Both versions: one that has never seen a newcomer, and the one retrained after the incident."""
    return tuple(fit(version, seed=seed, newcomers=share) for version, share in TRAINED_ON.items())
