"""Trained once per run: the classifiers are the slow part."""

import pytest

from demo.scorecard import Scorecard
from demo.train import train

SEED = 7


@pytest.fixture(scope="session")
def cards() -> tuple[Scorecard, ...]:
    return train(SEED)
