"""Training data and predictions of the credit model, for whoever tests references."""

from datetime import datetime
from random import Random
from typing import Any

from models_registry.models import Model
from monitoring.drift.references import freeze, set_reference
from monitoring.models import Reference
from monitoring.stats.sample import sample_of


def applicants(rows: int, *, seed: int = 1, shift: float = 0.0) -> list[dict[str, Any]]:
    """Features of so many applicants; `shift` moves incomes by so many deviations."""
    rng = Random(seed)
    return [
        {"income": round(rng.gauss(100 + 10 * shift, 10), 2), "region": rng.choices(["north", "south"], [7, 3])[0]}
        for _ in range(rows)
    ]


def reference(model: Model, now: datetime, *, rows: int = 5_000, version: str = "1", seed: int = 1) -> Reference:
    """A reference of the version from generated training data."""
    found = model.versions.get(version=version)
    profile = freeze(found, sample_of(applicants(rows, seed=seed)))
    return set_reference(found, profile, origin="rows", now=now)


def predictions(features: list[dict[str, Any] | None], *, prefix: str = "p", **more: Any) -> list[dict[str, Any]]:
    """One prediction per row of features."""
    return [
        {"id": f"{prefix}{number}", "model": "credit-risk", "version": "1", "features": given, **more}
        for number, given in enumerate(features)
    ]
