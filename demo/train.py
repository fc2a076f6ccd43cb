"""Train the classifiers of the story with scikit-learn. Imported only by the process that trains."""

from random import Random

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from demo.applicants import Applicant, customer, defaults, inputs, newcomer
from demo.scorecard import Scorecard

ROWS = 8_000


def sample(rng: Random, *, rows: int, newcomers: float) -> tuple[list[Applicant], list[bool]]:
    """Applicants with their outcomes; `newcomers` is the partner's share."""
    people = [newcomer(rng) if rng.random() < newcomers else customer(rng) for _ in range(rows)]
    return people, [defaults(rng, who) for who in people]


def fit(version: str, *, seed: int, newcomers: float, rows: int = ROWS) -> Scorecard:
    """A logistic regression on generated history, folded into a scorecard."""
    people, labels = sample(Random(f"{seed}/train/{version}"), rows=rows, newcomers=newcomers)  # noqa: S311
    table = np.array([inputs(who) for who in people])
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    pipeline.fit(table, np.array(labels))
    scaler, regression = pipeline[0], pipeline[1]
    weights = regression.coef_[0] / scaler.scale_
    intercept = float(regression.intercept_[0] - weights @ scaler.mean_)
    return Scorecard(version, tuple(float(weight) for weight in weights), intercept)


def train(seed: int) -> tuple[Scorecard, ...]:
    """Both versions: one that has never seen a newcomer, and the one retrained after the incident."""
    return fit("7.2.0", seed=seed, newcomers=0.0), fit("7.3.0", seed=seed, newcomers=0.5)
