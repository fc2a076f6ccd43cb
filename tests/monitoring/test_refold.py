"""A reference reaches back over what is stored: exactly once, however often it is killed, while drains go on."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from models_registry.jobs import cancel_job, run_jobs
from models_registry.models import Job, Model
from monitoring.drain import drain_until_empty
from monitoring.drain.claim import Body, claim
from monitoring.drain.prepare import Batch, ReferencesMovedError, confirm_plans, decode, prepare
from monitoring.drift.references import freeze, set_reference
from monitoring.models import Bucket, Prediction, Reference, RetentionFloor
from monitoring.retention import retain
from monitoring.selectors.drift import all_reports_of
from monitoring.selectors.references import history_of
from monitoring.selectors.summaries import Scope, read_tally
from monitoring.stats.sample import sample_of
from monitoring.summaries import refold as refolding
from monitoring.summaries.recount import recount
from monitoring.summaries.rollup import rollup
from tests import cast
from tests.monitoring.conftest import Put, micros, put_body
from tests.monitoring.references import applicants, predictions, reference

draining = import_module("monitoring.drain")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def seen(model: Model, now: datetime) -> dict[int, int]:
    """Predictions that each reference has folded."""
    tally = read_tally(Scope(model.project_id, model.pk), {"features"}, start=now - 60 * DAY, end=now + DAY)
    return {one.reference_id: one.rows for one in all_reports_of(tally)}


def step(now: datetime) -> None:
    """One step of the oldest job."""
    job = Job.objects.filter(state__in=["queued", "running"]).earliest("id")
    made = refolding.refold(job, now=now)
    job.cursor, job.done, job.report = dict(made.cursor), made.done, dict(made.report)
    job.state = Job.State.DONE if made.finished else Job.State.RUNNING
    job.save()


@pytest.fixture(autouse=True)
def few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small steps: six rows each."""
    monkeypatch.setattr(refolding, "_LOWEST", refolding._LOWEST.replace(f"LIMIT {refolding.ROWS:d}", "LIMIT 6"))


def test_history_is_folded_once_and_counts_as_what_came_later(credit_risk: Model, put: Put, now: datetime):
    put("prediction", *predictions(applicants(20), prefix="old", ts=micros(now - 5 * HOUR)))
    drain_until_empty(now=now)
    found = reference(credit_risk, now)
    assert seen(credit_risk, now) == {}
    put("prediction", *predictions(applicants(5), prefix="new"))
    drain_until_empty(now=now)
    assert seen(credit_risk, now) == {found.pk: 5}
    assert recount(start=now - DAY, end=now + DAY) == []
    run_jobs(now=now)
    job = Job.objects.get()
    assert (job.state, job.report, job.share) == ("done", {"folded": 20}, 1.0)
    assert seen(credit_risk, now) == {found.pk: 25}
    rollup(now=now)
    assert seen(credit_risk, now) == {found.pk: 25}
    assert recount(start=now - DAY, end=now + DAY) == []
    found.refresh_from_db()
    assert (found.reach, history_of(found).state) == (0, "complete")


def test_between_two_steps_summaries_equal_a_recount(credit_risk: Model, put: Put, now: datetime):
    for n in range(4):
        put("prediction", *predictions(applicants(5), prefix=f"old{n}-", ts=micros(now - n * HOUR)))
    drain_until_empty(now=now)
    found = reference(credit_risk, now)
    shares = []
    while Job.objects.filter(state__in=["queued", "running"]).exists():
        step(now)
        assert recount(start=now - DAY, end=now + DAY) == []
        found.refresh_from_db()
        shares.append(history_of(found).share or 1.0)
    assert len(shares) == 5
    assert shares == sorted(shares)


def test_a_killed_step_leaves_nothing_behind(credit_risk: Model, put: Put, now: datetime, monkeypatch):
    put("prediction", *predictions(applicants(20)))
    drain_until_empty(now=now)
    found = reference(credit_risk, now)

    def killed(*_args: Any) -> int:
        raise SystemExit("killed after the buckets were written")

    monkeypatch.setattr(refolding, "places_between", killed)
    with pytest.raises(SystemExit):
        run_jobs(now=now)
    monkeypatch.undo()
    assert seen(credit_risk, now) == {}
    found.refresh_from_db()
    assert found.reach == found.since
    run_jobs(now=now)
    assert seen(credit_risk, now) == {found.pk: 20}
    assert recount(start=now - DAY, end=now + DAY) == []


def test_predictions_that_waited_in_the_inbox_are_folded_by_whoever_comes_second(
    credit_risk: Model, put: Put, now: datetime
):
    put("prediction", *predictions(applicants(8), prefix="stored"))
    drain_until_empty(now=now)
    put("prediction", *predictions(applicants(7), prefix="waiting"))
    found = reference(credit_risk, now)
    step(now)
    drain_until_empty(now=now)
    assert recount(start=now - DAY, end=now + DAY) == []
    run_jobs(now=now)
    assert seen(credit_risk, now) == {found.pk: 15}
    assert recount(start=now - DAY, end=now + DAY) == []


def test_a_batch_that_was_folded_before_the_reference_moved_is_not_stored(credit_risk: Model, put: Put, now: datetime):
    put("prediction", *predictions(applicants(8), prefix="stored"))
    drain_until_empty(now=now)
    put("prediction", *predictions(applicants(7), prefix="waiting"))
    reference(credit_risk, now)
    batch = prepare([decode(body) for body in claim()])
    confirm_plans(batch)
    step(now)
    with pytest.raises(ReferencesMovedError):
        confirm_plans(batch)


def test_a_drain_folds_again_what_it_folded_before_the_reference_moved(
    credit_risk: Model, put: Put, now: datetime, monkeypatch
):
    put("prediction", *predictions(applicants(8), prefix="stored"))
    drain_until_empty(now=now)
    put("prediction", *predictions(applicants(7), prefix="waiting"))
    found = reference(credit_risk, now)
    moved, prepared = [], draining._prepared

    def overtaken(bodies: list[Body]) -> Batch:
        batch = prepared(bodies)
        if not moved:
            moved.append(run_jobs(now=now))
        return batch

    monkeypatch.setattr(draining, "_prepared", overtaken)
    monkeypatch.setattr(draining, "is_postgres", lambda: False)  # which prepares within the lock
    drain_until_empty(now=now)
    assert (len(moved), seen(credit_risk, now)) == (1, {found.pk: 15})
    assert recount(start=now - DAY, end=now + DAY) == []


def test_the_same_reference_again_after_another_counts_apart(credit_risk: Model, put: Put, now: datetime):
    put("prediction", *predictions(applicants(10)))
    drain_until_empty(now=now)
    first, second = reference(credit_risk, now), reference(credit_risk, now, seed=9)
    third = reference(credit_risk, now)
    assert (first.layout, third.layout != second.layout) == (third.layout, True)
    run_jobs(now=now)
    assert seen(credit_risk, now) == {first.pk: 10, second.pk: 10, third.pk: 10}
    assert recount(start=now - DAY, end=now + DAY) == []


def test_other_versions_and_failed_answers_are_left_alone(credit_risk: Model, put: Put, now: datetime):
    credit_risk.versions.create(version="2")
    put("prediction", *predictions(applicants(9), prefix="two", version="2"))
    put("prediction", *predictions(applicants(4), prefix="one", prediction="paid", score=0.25))
    put("prediction", *predictions(applicants(3), prefix="bad", status="error"))
    drain_until_empty(now=now)
    version = credit_risk.versions.select_related("model").get(version="1")
    rows = [{**row, "prediction": "paid", "score": 0.1 + n / 1_000} for n, row in enumerate(applicants(200))]
    found = set_reference(version, freeze(version, sample_of(rows)), origin="rows", now=now)
    run_jobs(now=now)
    assert seen(credit_risk, now) == {found.pk: 7}
    tally = read_tally(Scope(credit_risk.project_id, credit_risk.pk), {"features"}, start=now, end=now + HOUR)
    [one] = all_reports_of(tally)
    assert {feature.feature.name: int(feature.current.sum()) for feature in one.features} == {
        "income": 7,
        "region": 7,
        "prediction": 4,
        "score": 4,
    }
    assert recount(start=now - DAY, end=now + DAY) == []


def test_what_retention_has_dropped_is_said_to_be_missing(credit_risk: Model, put: Put, now: datetime, settings: Any):
    settings.RETENTION = {**settings.RETENTION, "events": 10 * DAY}
    for age in (0, 20):
        put("prediction", *predictions(applicants(6), prefix=f"{age}-", ts=micros(now - age * DAY)))
    drain_until_empty(now=now)
    retain(now=now)
    assert Prediction.objects.count() == 6
    found = reference(credit_risk, now)
    run_jobs(now=now)
    found.refresh_from_db()
    history = history_of(found)
    assert (history.state, history.since) == ("partial", (now - 10 * DAY).replace(hour=0))
    assert seen(credit_risk, now) == {found.pk: 6}
    assert recount(start=now - 30 * DAY, end=now + DAY) == []


def test_rows_below_the_floor_that_are_still_there_are_not_folded(credit_risk: Model, put: Put, now: datetime):
    put("prediction", *predictions(applicants(6), prefix="old", ts=micros(now - 20 * DAY)))
    put("prediction", *predictions(applicants(4), prefix="new"))
    drain_until_empty(now=now)
    floor = int((now - 10 * DAY).replace(hour=0).timestamp())
    RetentionFloor.objects.create(kind="events", start=floor)
    found = reference(credit_risk, now)
    run_jobs(now=now)
    found.refresh_from_db()
    assert (seen(credit_risk, now), found.partial_before) == ({found.pk: 4}, floor)


def test_a_cancelled_job_leaves_a_reference_that_says_how_far_it_came(credit_risk: Model, put: Put, now: datetime):
    put("prediction", *predictions(applicants(20)))
    drain_until_empty(now=now)
    found = reference(credit_risk, now)
    step(now)
    cancel_job(Job.objects.get())
    run_jobs(now=now)
    found.refresh_from_db()
    assert history_of(found).state == "stopped"
    assert seen(credit_risk, now) == {found.pk: 6}
    assert recount(start=now - DAY, end=now + DAY) == []


def test_a_job_without_its_reference_says_so(credit_risk: Model, put: Put, now: datetime):
    put("prediction", *predictions(applicants(2)))
    drain_until_empty(now=now)
    reference(credit_risk, now).delete()
    run_jobs(now=now)
    assert (Job.objects.get().state, "The reference is gone" in Job.objects.get().error) == ("failed", True)


@dataclass
class World:
    """A model, what was put into it, and how many references it has."""

    model: Model
    put: int = 0
    refers: int = 0

    def do(self, move: str, now: datetime) -> None:
        if move == "put":
            self.put += 1
            items = predictions(applicants(5, seed=self.put), prefix=f"{self.put}-", ts=micros(now - self.put * HOUR))
            put_body(self.model.project, "prediction", items, received=now)
        elif move == "drain":
            drain_until_empty(now=now)
        elif move == "refer":
            self.refers += 1
            reference(self.model, now, rows=200, seed=self.refers)
        elif move == "step" and Job.objects.filter(state__in=["queued", "running"]).exists():
            step(now)
        elif move == "rollup":
            rollup(now=now)


class AnyOrder(TestCase):
    @settings(max_examples=15, deadline=None)
    @given(st.lists(st.sampled_from(["put", "drain", "refer", "step", "rollup"]), min_size=4, max_size=14))
    def test_whatever_happens_in_whatever_order_every_prediction_is_folded_once(self, moves: list[str]) -> None:
        project, now = cast.make_project(), cast.NOW
        world = World(Model.objects.create(project=project, slug="credit-risk"))
        world.model.versions.create(version="1")
        for move in moves:
            world.do(move, now)
            assert recount(start=now - 10 * DAY, end=now + DAY) == []
        world.do("drain", now)
        while Job.objects.filter(state__in=["queued", "running"]).exists():
            step(now)
        assert recount(start=now - 10 * DAY, end=now + DAY) == []
        if world.put and world.refers:
            assert seen(world.model, now)[Reference.objects.latest("id").pk] == 5 * world.put
        assert not Bucket.objects.filter(n__lt=0).exists()
