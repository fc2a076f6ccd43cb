"""Estimators from history and from the rows of a reference, end to end: drained, rolled up, fitted by jobs, read as measures."""

import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import roc_auc_score

from models_registry.jobs import run_jobs
from models_registry.models import Job, Model, ModelVersion, Project
from monitoring.drain import drain_until_empty
from monitoring.drift.references import set_reference
from monitoring.measures.series import measure_window, subjects_of
from monitoring.models import Estimator, Reference
from monitoring.quality.fitting.fit import fit
from monitoring.quality.fitting.start import start_fit, start_fits
from monitoring.quality.fitting.windows import tallies_of_sample
from monitoring.selectors.summaries import Scope
from monitoring.stats.intervals import Reading
from monitoring.stats.profile import profile_of_columns
from monitoring.stats.sample import pack, sample_of
from monitoring.summaries.rollup import rollup
from tests.monitoring.conftest import micros, put_body

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def model(project: Project) -> Model:
    return Model.objects.create(project=project, slug="credit-risk", positive_label="default", label_delay=DAY)


def events(n: int, *, seed: int) -> list[dict[str, Any]]:
    """Rows of an overconfident classifier, as a reference has them."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(-1, 1.5, n)
    scores, likely = 1 / (1 + np.exp(-logits)), 1 / (1 + np.exp(-0.6 * logits))
    labels = np.where(rng.random(n) < likely, "default", "paid")
    decided = np.where(scores >= 0.4, "default", "paid")
    columns = zip(scores.tolist(), decided.tolist(), labels.tolist(), strict=True)
    return [{"age": 1, "score": score, "prediction": guess, "label": label} for score, guess, label in columns]


def serve(project: Project, rows: list[dict[str, Any]], *, at: datetime, labelled: bool = True) -> None:
    """Predictions at a moment, and their outcomes."""
    ids = [f"{at:%d%H}-{place}" for place in range(len(rows))]
    served = [
        {"id": id_, "model": "credit-risk", "version": "1", "ts": micros(at), "score": row["score"], "prediction": row["prediction"]}
        for id_, row in zip(ids, rows, strict=True)
    ]  # fmt: skip
    outcomes = [
        {"id": id_, "prediction_id": id_, "ts": micros(at), "label": row["label"]}
        for id_, row in zip(ids, rows, strict=True)
    ]
    put_body(project, "prediction", served, received=at)
    if labelled:
        put_body(project, "outcome", outcomes, received=at)
    drain_until_empty(now=at)
    while rollup(now=at).seen:
        pass


def read(name: str, model: Model, start: datetime) -> Reading:
    return measure_window(name, Scope(model.project_id, model.pk), start=start, end=start + DAY)


def by_rows(reference: list[dict[str, Any]], rows: list[dict[str, Any]]) -> float:
    """Row-level CBPE of the accuracy."""
    fitted = IsotonicRegression(out_of_bounds="clip").fit(
        [row["score"] for row in reference], [row["label"] == "default" for row in reference]
    )
    p = fitted.predict([row["score"] for row in rows])
    return float(
        np.mean([one if row["prediction"] == "default" else 1 - one for one, row in zip(p, rows, strict=True)])
    )


def test_the_first_labelled_days_fit_an_estimator_by_themselves(project: Project, model: Model, now: datetime):
    start = now.replace(hour=0, minute=0, second=0, microsecond=0) - 9 * DAY
    history = [events(200, seed=seed) for seed in range(7)]
    for place, rows in enumerate(history):
        serve(project, rows, at=start + place * DAY)
    later = events(500, seed=50)
    assert start_fits(now=start + 7 * DAY).written == 0  # the labels of the last day are not in yet
    serve(project, later, at=start + 7 * DAY, labelled=False)
    assert read("estimated_accuracy", model, start + 7 * DAY).value is None
    assert start_fits(now=now).written == 1
    assert start_fits(now=now).written == 0
    run_jobs(now=now)
    estimator = Estimator.objects.get()
    assert (estimator.rows, estimator.start, estimator.end) == (1_400, start, start + 7 * DAY)
    found = read("estimated_accuracy", model, start + 7 * DAY)
    assert found.value == pytest.approx(by_rows([row for rows in history for row in rows], later), abs=0.0005)
    assert found.n == 500
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.value < found.high
    assert read("estimated_accuracy", model, start).value is None  # it was fitted on this day


def test_a_reference_with_labels_fits_an_estimator_that_speaks_of_every_window(
    project: Project, model: Model, now: datetime
):
    version = ModelVersion.objects.create(model=model, version="1")
    rows, later = events(20_000, seed=1), events(2_000, seed=2)
    sample = sample_of(rows)
    set_reference(version, profile_of_columns(sample.features), origin=Reference.Origin.ROWS, now=now, sample=sample)
    assert start_fits(now=now).written == 1
    run_jobs(now=now)
    assert Job.objects.get().state == Job.State.DONE, Job.objects.get().error
    serve(project, later, at=now)
    found = read("estimated_accuracy", model, now - timedelta(hours=1))
    assert found.value == pytest.approx(by_rows(rows, later), abs=0.0005)
    fit = subjects_of([model])[model.pk].fits()[version.pk][0]
    assert fit.baselines["accuracy"].value == np.mean([row["prediction"] == row["label"] for row in rows])
    assert fit.baselines["accuracy"].spread is not None
    assert start_fits(now=now + 30 * DAY).written == 0


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_for_a_reference_or_a_fit(
    project: Project, model: Model, now: datetime, monkeypatch: pytest.MonkeyPatch
):
    """What takes long is outside any transaction."""
    held: dict[str, bool] = {}

    def watched(verb: Callable[..., Any]) -> Callable[..., Any]:
        def watch(*given: Any) -> Any:
            held[verb.__name__] = connection.in_atomic_block
            return verb(*given)

        return watch

    monkeypatch.setattr("monitoring.drift.references.pack", watched(pack))
    monkeypatch.setattr("monitoring.quality.fitting.job.fit", watched(fit))
    version = ModelVersion.objects.create(model=model, version="1")
    sample = sample_of(events(600, seed=1))
    set_reference(version, profile_of_columns(sample.features), origin=Reference.Origin.ROWS, now=now, sample=sample)
    start_fits(now=now)
    run_jobs(now=now)
    assert (Job.objects.get().state, held) == ("done", {"pack": False, "fit": False})


def test_what_is_gone_when_a_fit_ends_leaves_nothing(
    project: Project, model: Model, now: datetime, monkeypatch: pytest.MonkeyPatch
):
    version = ModelVersion.objects.create(model=model, version="1")
    sample = sample_of(events(600, seed=1))
    set_reference(version, profile_of_columns(sample.features), origin=Reference.Origin.ROWS, now=now, sample=sample)
    start_fits(now=now)

    def slow(*given: Any) -> Any:
        Reference.objects.all().delete()
        return fit(*given)

    monkeypatch.setattr("monitoring.quality.fitting.job.fit", slow)
    run_jobs(now=now)
    assert "its reference is gone" in Job.objects.get().error
    assert not Estimator.objects.exists()


def test_rows_of_a_reference_are_folded_as_predictions_are(project: Project, model: Model, now: datetime):
    version = ModelVersion.objects.create(model=model, version="1")
    rows = [{"age": 1, "scores": {"default": 0.75, "paid": 0.25}, "label": "paid"}] * 30 + [{"age": 2, "score": 0.1}]
    whole, parts = tallies_of_sample(version, sample_of(rows))
    assert (whole.cell("labelled_score").n, whole.cell("labelled_class_score").n, whole.cell("confusion").n) == (
        30,
        0,
        30,
    )
    assert [part.cell("confusion").n for part in parts] == [4, 3, 3, 3, 3, 3, 3, 3, 3, 2]


def test_too_little_to_fit_on_ends_the_job_with_what_would_help(project: Project, model: Model, now: datetime):
    serve(project, events(40, seed=3), at=now - DAY)
    version = ModelVersion.objects.get()
    window = {"from": (now - 2 * DAY).isoformat(), "to": now.isoformat()}
    start_fit(version, window, now=now)
    run_jobs(now=now)
    job = Job.objects.get()
    assert job.state == Job.State.FAILED
    assert "40 labelled predictions with a score" in job.error
    assert "Choose a longer window" in job.error
    assert not Estimator.objects.exists()


def test_a_reference_without_labels_is_tried_once_and_says_so(project: Project, model: Model, now: datetime):
    version = ModelVersion.objects.create(model=model, version="1")
    sample = sample_of([{"age": age} for age in range(50)])
    set_reference(version, profile_of_columns(sample.features), origin=Reference.Origin.ROWS, now=now, sample=sample)
    assert start_fits(now=now).written == 1
    run_jobs(now=now)
    assert Job.objects.get().report == {"skipped": "the rows of this reference have no labels"}
    assert start_fits(now=now).written == 0


def test_an_estimator_of_another_definition_is_not_used(project: Project, model: Model, now: datetime):
    serve(project, events(3_000, seed=4), at=now - 3 * DAY)
    serve(project, events(100, seed=5), at=now)
    window = {"from": (now - 4 * DAY).isoformat(), "to": (now - DAY).isoformat()}
    start_fit(ModelVersion.objects.get(), window, now=now)
    run_jobs(now=now)
    assert read("estimated_f1", model, now - timedelta(hours=1)).value is not None
    model.positive_label = "paid"
    model.save()
    assert read("estimated_f1", model, now - timedelta(hours=1)).value is None


def test_reading_estimates_imports_no_scikit_learn():
    code = "import django; django.setup(); import monitoring.quality.fitting.job, monitoring.quality.fitting.start, monitoring.measures.series"
    check = "import sys; sys.exit('sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", f"{code}; {check}"], check=False)
    assert done.returncode == 0


def several(n: int, classes: int, *, seed: int) -> list[dict[str, Any]]:
    """Rows of an overconfident classifier of several classes."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 1.5, (n, classes))
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    true = scores**0.7 / (scores**0.7).sum(axis=1, keepdims=True)
    labels = (rng.random(n)[:, None] > np.cumsum(true, axis=1)).sum(axis=1).clip(max=classes - 1)
    names = [f"c{place:03}" for place in range(classes)]
    return [
        {"scores": dict(zip(names, row.round(6).tolist(), strict=True)), "label": names[label], "age": 1}
        for row, label in zip(scores, labels.tolist(), strict=True)
    ]


@pytest.mark.parametrize("classes", [3, 200])
def test_several_classes_are_estimated_and_their_ranking_measured(
    project: Project, model: Model, now: datetime, classes: int
):
    Model.objects.update(kind=Model.Kind.MULTICLASS)
    version = ModelVersion.objects.create(model=model, version="1")
    sample = sample_of(several(6_000, classes, seed=1))
    set_reference(version, profile_of_columns(sample.features), origin=Reference.Origin.ROWS, now=now, sample=sample)
    start_fits(now=now)
    run_jobs(now=now)
    assert Job.objects.get(kind="fit_estimator").state == Job.State.DONE
    rows = several(2_000, classes, seed=2)
    at = micros(now)
    ids = [str(place) for place in range(len(rows))]
    predictions = [
        {"id": id_, "model": "credit-risk", "version": "1", "ts": at, "scores": row["scores"]}
        for id_, row in zip(ids, rows, strict=True)
    ]
    outcomes = [{"id": id_, "prediction_id": id_, "ts": at, "label": row["label"]} for id_, row in zip(ids, rows, strict=True)]  # fmt: skip
    put_body(project, "prediction", predictions, received=now)
    put_body(project, "outcome", outcomes, received=now)
    drain_until_empty(now=now)
    start = now - timedelta(hours=1)
    for name in ("accuracy", "f1", "precision", "recall"):
        realised, found = read(name, model, start).value, read(f"estimated_{name}", model, start)
        assert found.value == pytest.approx(realised, abs=0.04), name
        assert found.n == 2_000
    if classes == 3:
        labels, names = [row["label"] for row in rows], list(rows[0]["scores"])
        scores = [list(row["scores"].values()) for row in rows]
        theirs = roc_auc_score(labels, scores, multi_class="ovr", average="macro", labels=names)
        assert read("roc_auc", model, start).value == pytest.approx(theirs, abs=0.002)
        assert read("estimated_roc_auc", model, start).value == pytest.approx(theirs, abs=0.02)


def test_one_class_only_is_no_calibration(project: Project, model: Model, now: datetime):
    rows = [{**row, "label": "paid"} for row in events(1_200, seed=8)]
    serve(project, rows, at=now - 3 * DAY)
    window = {"from": (now - 4 * DAY).isoformat(), "to": now.isoformat()}
    start_fit(ModelVersion.objects.get(), window, now=now)
    run_jobs(now=now)
    assert "1200 labelled predictions with a score, 0 of the rarer class" in Job.objects.get().error
    assert read("estimated_accuracy", model, now - 3 * DAY).value is None


def test_versions_are_estimated_each_by_its_own_estimator(project: Project, model: Model, now: datetime):
    """The second version scores the same and means the opposite; one without an estimator takes no part."""
    rows = events(2_000, seed=9)
    turned = [{**row, "label": "paid" if row["label"] == "default" else "default"} for row in rows]
    for name, labelled in (("1", rows), ("2", turned)):
        version = ModelVersion.objects.create(model=model, version=name)
        sample = sample_of([{**row, "age": int(name)} for row in labelled])
        set_reference(
            version, profile_of_columns(sample.features), origin=Reference.Origin.ROWS, now=now, sample=sample
        )
    start_fits(now=now)
    run_jobs(now=now)
    later = events(600, seed=10)
    for name in ("1", "2", "3"):
        served = [
            {"id": f"{name}-{place}", "model": "credit-risk", "version": name, "ts": micros(now), "score": row["score"],
             "prediction": row["prediction"]}
            for place, row in enumerate(later)
        ]  # fmt: skip
        put_body(project, "prediction", served, received=now)
    drain_until_empty(now=now)
    found = read("estimated_accuracy", model, now - timedelta(hours=1))
    assert found.n == 1_200
    assert found.value == pytest.approx((by_rows(rows, later) + by_rows(turned, later)) / 2, abs=0.02)


def test_people_fit_another_one_in_the_admin(as_ana: Client, project: Project, model: Model, now: datetime):
    serve(project, events(600, seed=11), at=now - 3 * DAY)
    version = ModelVersion.objects.get()
    start_fit(version, {"from": (now - 4 * DAY).isoformat(), "to": now.isoformat()}, now=now)
    run_jobs(now=now)
    page = reverse("admin:monitoring_estimator_changelist")
    assert as_ana.get(page).status_code == 200
    chosen = {"action": "fit_again", "_selected_action": [Estimator.objects.get().pk]}
    assert "1 job has started" in as_ana.post(page, chosen, follow=True).content.decode()
    job = Job.objects.first()
    assert job is not None
    assert (job.state, job.created_by.username) == ("queued", "ana")
    assert set(job.arguments) == {"version", "from", "to"}
