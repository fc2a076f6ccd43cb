"""History waits for nobody here, and the clock stands."""

from datetime import datetime

import pytest

from models_registry.models import Model


@pytest.fixture(autouse=True)
def _cast(credit_risk: Model, stopped_clock: datetime) -> None:
    """A model that is known, at a known time."""
