"""The expected error of a regression, against what comes true when the inputs shift."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from models_registry.jobs import run_jobs
from models_registry.models import Job, Model, ModelVersion, Project
from monitoring.drain import drain_until_empty
from monitoring.drift.references import freeze, set_reference
from monitoring.measures.series import measure_window
from monitoring.quality.fitting.start import start_fit, start_fits
from monitoring.selectors.summaries import Scope
from monitoring.stats.fitted import Losses
from monitoring.stats.intervals import Reading
from monitoring.stats.losses import expected, mean_absolute_error, root_mean_squared_error, together
from monitoring.stats.sample import sample_of
from monitoring.stats.tally import Cell
from monitoring.summaries.recount import recount
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


def rows(n: int, *, seed: int, area: float = 60, castles: float = 0.1, great: bool = False) -> list[dict[str, Any]]:
    """Errors that grow with the area, and with the kind of building the more. `great`: it is the largest that are castles."""
    rng = np.random.default_rng(seed)
    areas = rng.gamma(4, area / 4, n)
    kinds = rng.choice(list(ROOMS), n, p=[0.6 - castles / 2, 0.4 - castles / 2, castles])
    if great:
        areas, kinds = np.sort(areas), np.array(sorted(kinds, key=ROOMS.__getitem__))
    guesses = 10 * areas + 100
    width = 0.2 * areas * np.array([ROOMS[kind] for kind in kinds])
    labels = guesses + rng.normal(0, width)
    columns = zip(areas.tolist(), kinds.tolist(), guesses.tolist(), labels.tolist(), strict=True)
    return [{"area": a, "kind": str(k), "prediction": g, "label": t} for a, k, g, t in columns]


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
    hour = now.replace(minute=0, second=0, microsecond=0) + HOUR
    served = [rows(3_000, seed=10), rows(3_000, seed=11, area=90), rows(3_000, seed=12, castles=0.35)]
    serve(project, served[0], hour)
    sample = sample_of(rows(12_000, seed=1))
    set_reference(version, freeze(version, sample), origin="rows", now=now, sample=sample)
    assert start_fits(now=now).written == 1
    while Job.objects.filter(state__in=["queued", "running"]).exists():  # a pass is cut by real time
        run_jobs(now=now)
    assert not Job.objects.exclude(state="done").exists()
    served.append(rows(3_000, seed=13, great=True))
    for place, shifted in enumerate(served):
        if place:
            serve(project, shifted, hour + place * HOUR)
        mae, rmse = realised(shifted)
        for name, value in (("estimated_mae", mae), ("estimated_rmse", rmse)):
            found = read(name, model, hour + place * HOUR)
            assert found.value == pytest.approx(value, rel=0.06), (name, place)
            assert found.n == 3_000
            assert found.low is not None
            assert found.low > 0.8 * value
    usual, together = (read("estimated_mae", model, hour + place * HOUR).value or 0 for place in (0, 3))
    assert together > 1.25 * usual, "what features do together moves it, though each alone is as it was"
    assert recount(start=hour, end=hour + 5 * HOUR) == []


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


def test_versions_count_by_their_predictions():
    one = expected(Cell(10, 0, np.arange(3, dtype=np.int32), np.array([40, 200, 90])), Losses(0.5, 2.0, 1.5))
    assert (one.absolute, one.square, one.absolute_variance, one.square_variance) == (20, 400, 180, 10 * 60**2)
    both = together([one, expected(Cell(30, 0, np.arange(1, dtype=np.int32), np.array([30])), Losses(2.0, 1.0, 0.1))])
    assert (both.n, mean_absolute_error(both).value) == (40, 2.0)
    assert mean_absolute_error(both).error == pytest.approx(180**0.5 / 40)
    root = root_mean_squared_error(both)
    assert (root.value, root.error) == (pytest.approx(10**0.5), pytest.approx(36_000**0.5 / 40 / 2 / 10**0.5))


def test_trees_that_expect_less_than_nothing_expect_nothing():
    below = expected(Cell(10, 0, np.arange(2, dtype=np.int32), np.array([-5, -7])), Losses(1.0, 1.0, 1.0))
    assert (mean_absolute_error(below).value, root_mean_squared_error(below).value) == (0.0, 0.0)
