"""The expected error of a regression from marginal histograms, against what comes true when the inputs shift."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from models_registry.jobs import run_jobs
from models_registry.models import Job, Model, ModelVersion, Project
from monitoring.drain import drain_until_empty
from monitoring.fitting.losses import fit_losses
from monitoring.fitting.start import start_fit, start_fits
from monitoring.measures import measure_window
from monitoring.references import freeze, set_reference
from monitoring.selectors.summaries import Scope
from monitoring.stats.fitted import Losses
from monitoring.stats.intervals import Reading
from monitoring.stats.losses import expected_loss, mean_absolute_error, root_mean_squared_error, together
from monitoring.stats.profile import STRIDE
from monitoring.stats.sample import sample_of
from monitoring.stats.tally import Cell
from tests.monitoring.conftest import micros, put_body

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
ROOMS = {"studio": 1.0, "house": 3.0, "castle": 8.0}


@pytest.fixture
def model(project: Project) -> Model:
    return Model.objects.create(project=project, slug="rent", kind=Model.Kind.REGRESSION)


@pytest.fixture
def version(model: Model) -> ModelVersion:
    return ModelVersion.objects.create(model=model, version="1")


def rows(n: int, *, seed: int, area: float = 60, castles: float = 0.1) -> list[dict[str, Any]]:
    """Errors that grow with the area and with the kind of building."""
    rng = np.random.default_rng(seed)
    areas = rng.gamma(4, area / 4, n)
    kinds = rng.choice(list(ROOMS), n, p=[0.6 - castles / 2, 0.4 - castles / 2, castles])
    guesses = 10 * areas + 100
    width = 0.5 * areas + 20 * np.array([ROOMS[kind] for kind in kinds])
    labels = guesses + rng.normal(0, width)
    columns = zip(areas.tolist(), kinds.tolist(), guesses.tolist(), labels.tolist(), strict=True)
    return [{"area": a, "kind": str(k), "prediction": g, "label": t} for a, k, g, t in columns]


def fit(version: ModelVersion, n: int = 20_000) -> Losses:
    sample = sample_of(rows(n, seed=1))
    losses = fit_losses(freeze(version, sample), sample).losses
    assert losses is not None
    return losses


def serve(project: Project, given: list[dict[str, Any]], at: datetime) -> None:
    served = [
        {"id": f"{at:%H}-{place}", "model": "rent", "version": "1", "ts": micros(at), "prediction": row["prediction"],
         "features": {"area": row["area"], "kind": row["kind"]}}
        for place, row in enumerate(given)
    ]  # fmt: skip
    put_body(project, "prediction", served, received=at)
    drain_until_empty(now=at)


def read(name: str, model: Model, start: datetime) -> Reading:
    return measure_window(name, Scope(model.project_id, model.pk), start=start, end=start + HOUR)


def realised(given: list[dict[str, Any]]) -> tuple[float, float]:
    errors = np.array([row["prediction"] - row["label"] for row in given])
    return float(np.abs(errors).mean()), float(np.sqrt((errors**2).mean()))


def test_a_reference_with_labels_estimates_the_error_of_shifted_inputs(
    project: Project, model: Model, version: ModelVersion, now: datetime
):
    sample = sample_of(rows(20_000, seed=1))
    set_reference(version, freeze(version, sample), origin="rows", now=now, sample=sample)
    assert start_fits(now=now).written == 1
    run_jobs(now=now)
    assert not Job.objects.filter(kind="fit_estimator").exclude(state="done").exists()
    hour = now.replace(minute=0, second=0, microsecond=0) + HOUR
    for place, (area, castles) in enumerate([(60, 0.1), (90, 0.1), (60, 0.35)]):
        shifted = rows(3_000, seed=10 + place, area=area, castles=castles)
        serve(project, shifted, hour + place * HOUR)
        mae, rmse = realised(shifted)
        for name, value in (("estimated_mae", mae), ("estimated_rmse", rmse)):
            found = read(name, model, hour + place * HOUR)
            assert found.value == pytest.approx(value, rel=0.05), (name, place)
            assert found.n == 3_000
            assert found.low is not None
            assert found.low > 0
    usual = read("estimated_mae", model, hour).value
    assert usual is not None
    assert (read("estimated_mae", model, hour + HOUR).value or 0) > 1.15 * usual


def test_where_nothing_was_fitted_there_is_no_estimate(
    project: Project, model: Model, version: ModelVersion, now: datetime
):
    sample = sample_of(rows(600, seed=2))
    set_reference(version, freeze(version, sample), origin="rows", now=now, sample=None)
    hour = now.replace(minute=0, second=0, microsecond=0) + HOUR
    serve(project, rows(100, seed=3), hour)
    assert read("estimated_mae", model, hour) == Reading(None, 0)


def test_a_window_or_too_few_rows_end_the_job_with_what_would_help(version: ModelVersion, now: datetime):
    start_fit(version, {"from": (now - HOUR).isoformat(), "to": now.isoformat()}, now=now)
    sample = sample_of(
        [{**row, "prediction": None} if place % 2 else row for place, row in enumerate(rows(900, seed=4))]
    )
    reference = set_reference(version, freeze(version, sample), origin="rows", now=now, sample=sample)
    start_fit(version, {"reference": reference.pk}, now=now)
    run_jobs(now=now)
    window, few = Job.objects.filter(kind="fit_estimator").order_by("id")
    assert "fitted on the rows of a reference" in window.error
    assert "450 rows of the reference have a number" in few.error


def test_bins_that_were_never_seen_add_nothing_and_versions_count_by_their_predictions(version: ModelVersion):
    losses = fit(version, 2_000)
    empty = Cell(10, 0, np.array([250, STRIDE + 250], dtype=np.int32), np.array([10, 10]))
    plain = expected_loss(losses.absolute, empty)
    assert (plain.mean, plain.n) == (pytest.approx(losses.absolute.mean), 10)
    both = together([plain, expected_loss(losses.absolute, Cell(30, 0, empty.bins, empty.counts * 3))])
    assert (both.mean, both.n) == (pytest.approx(losses.absolute.mean), 40)
    assert mean_absolute_error(both).error == pytest.approx(losses.absolute.spread / 40**0.5)
    root = root_mean_squared_error(expected_loss(losses.square, empty))
    assert root.value == pytest.approx(losses.square.mean**0.5)
    assert root.reading().high > 1
