"""The track record: what it counts, and that it counts only windows whose labels have settled."""

from datetime import UTC, datetime, timedelta

import pytest

from models_registry.models import Model, Project
from monitoring.drain import drain_until_empty
from monitoring.measures.series import subjects_of
from monitoring.models import Estimator
from monitoring.quality.track_record import Track, read_tracks
from monitoring.selectors.summaries import Scope
from monitoring.stats.estimate import Estimate
from monitoring.stats.fitted import Baseline
from monitoring.stats.intervals import Reading
from monitoring.stats.track import Bounds, Entry, bounds_of, entry_of, record_of
from tests.monitoring.conftest import micros, put_body
from tests.monitoring.estimators import estimator, scored

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def entry(estimated: float | None, realised: float | None, *, error: float = 0.01, n: int = 1_000) -> Entry:
    return entry_of(NOON, NOON + HOUR, Estimate(estimated, error, 1_000), Reading(realised, n), is_mature=True)


def test_the_record_tells_error_bias_coverage_and_alerts():
    entries = [entry(0.90, 0.91), entry(0.88, 0.90), entry(0.70, 0.68), entry(0.89, 0.60), entry(0.74, 0.85)]
    record = record_of(entries, Bounds(low=0.75))
    assert record.windows == 5
    assert record.mean_absolute_error == pytest.approx((0.01 + 0.02 + 0.02 + 0.29 + 0.11) / 5)
    assert record.bias == pytest.approx((-0.01 - 0.02 + 0.02 + 0.29 - 0.11) / 5)
    assert record.coverage == 1 / 5  # 0.02 is just beyond 1.96 errors
    assert (record.caught, record.missed, record.false) == (1, 1, 1)


def test_a_suspicion_takes_both_gates_and_settled_labels():
    assert entry(0.9, 0.85).is_suspect()
    assert not entry(0.9, 0.85, error=0.02).is_suspect()  # chance explains it
    assert not entry(0.9, 0.885, error=0.001).is_suspect()  # it is small
    assert not entry(0.9, 0.85, n=100).is_suspect()  # few of the events are labelled
    assert not entry_of(NOON, NOON, Estimate(0.9, 0.01, 9), Reading(0.5, 9), is_mature=False).is_suspect()


def test_nothing_has_no_record_and_states_say_why():
    assert record_of([], Bounds()).mean_absolute_error is None
    assert entry(None, 0.9).state == "no_estimate"
    assert entry(0.9, None).state == "no_labels"
    assert bounds_of(None, []) == Bounds()
    assert bounds_of(Baseline(0.9, 10, 0.01), []) == Bounds(pytest.approx(0.87), pytest.approx(0.93))
    assert bounds_of(Baseline(0.9, 10), [entry(0.9, 0.9, error=0.02)]) == Bounds(
        pytest.approx(0.84), pytest.approx(0.96)
    )


@pytest.fixture
def model(project: Project) -> Model:
    return Model.objects.create(project=project, slug="credit-risk", positive_label="default", label_delay=3 * HOUR)


def track(model: Model, *, now: datetime, hours: int = 8) -> Track:
    edges = [now - place * HOUR for place in range(hours, -1, -1)]
    subject = subjects_of([model])[model.pk]
    return read_tracks(["accuracy"], Scope(model.project_id, model.pk), subject, edges=edges, now=now)["accuracy"]


def send(model: Model, at: datetime, *, broken: float = 0.0, n: int = 2_000) -> None:
    served, outcomes = scored(model, n, seed=at.hour, prefix=f"{at:%H}-", ts=micros(at), broken=broken)
    put_body(model.project, "prediction", served, received=at)
    put_body(model.project, "outcome", outcomes, received=at)
    drain_until_empty(now=at)


@pytest.mark.django_db
def test_estimates_stand_beside_reality_and_a_broken_concept_is_suspected(model: Model, django_assert_max_num_queries):
    estimator(model, now=NOON)
    for hours, broken in ((1, 0.0), (2, 0.0), (3, 0.25), (6, 0.25)):
        send(model, NOON + hours * HOUR + timedelta(minutes=10), broken=broken)
    subject = subjects_of([model])[model.pk]
    with django_assert_max_num_queries(2):
        edges = [NOON + place * HOUR for place in range(9)]
        found = read_tracks(
            ["accuracy", "f1"], Scope(model.project_id, model.pk), subject, edges=edges, now=NOON + 8 * HOUR
        )
    accuracy = found["accuracy"]
    assert accuracy.state == "ok"
    settled = ["no_estimate", "mature", "mature", "mature", "no_estimate", "no_estimate"]
    assert [one.state for one in accuracy.entries] == [*settled, "provisional", "no_estimate"]
    assert [one.start.hour for one in accuracy.suspects] == [15]
    assert accuracy.record.windows == 3
    assert (accuracy.record.caught, accuracy.record.missed, accuracy.record.false) == (0, 1, 0)
    assert accuracy.baseline is not None
    assert found["f1"].record.windows == 3


@pytest.mark.django_db
def test_what_is_missing_has_a_name(model: Model):
    assert track(model, now=NOON).state == "no_scores"
    send(model, NOON - HOUR, n=20)
    assert track(model, now=NOON).state == "no_estimator"
    estimator(model, now=NOON)
    assert track(model, now=NOON).state == "no_mature_windows"
    Estimator.objects.update(end=NOON + DAY)
    assert track(model, now=NOON).state == "no_estimate"
