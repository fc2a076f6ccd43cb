"""Losses that trees expect, summed by whoever folds: once per prediction and estimator, whatever happens in whatever order."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from models_registry.jobs import run_jobs
from models_registry.models import Job, Model, ModelVersion, Project
from monitoring.drain import drain_until_empty
from monitoring.models import Bucket, LossTrees, Prediction, Reference
from monitoring.selectors.plans import read_plans
from monitoring.selectors.references import history_of
from monitoring.stats.intervals import Reading
from monitoring.summaries import refold as refolding
from monitoring.summaries.recount import recount
from monitoring.summaries.rollup import rollup
from monitoring.summaries.segment_keys import declare_key
from tests.cast import NOW, make_project
from tests.monitoring.conftest import Put, micros, put_body
from tests.monitoring.test_refold import step
from tests.monitoring.trees import estimator, expected, home, read

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def version(project: Project) -> ModelVersion:
    model = Model.objects.create(project=project, slug="rent", kind=Model.Kind.REGRESSION)
    return ModelVersion.objects.create(model=model, version="1")


@pytest.fixture(autouse=True)
def few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small steps of jobs: six rows each."""
    monkeypatch.setattr(refolding, "_LOWEST", refolding._LOWEST.replace(f"LIMIT {refolding.ROWS:d}", "LIMIT 6"))


def test_every_answer_that_is_a_number_counts_by_its_features(version: ModelVersion, put: Put, now: datetime):
    declare_key(version.model, "city", now=now)
    estimator(version, now=now)
    put(
        "prediction",
        home(
            "small castle", 50, "castle", segments={"city": "Faro"}, features={"area": 50, "kind": "castle", "roof": 1}
        ),
        home("large house", 61, "house", segments={"city": "Faro"}),
        home("dear", 60.0, "castle", 1_000.1),
        home("no area", None, "house"),
        home("area is text", "sixty", "house"),
        home("area as a text", "71", "castle"),
        home("nobody knows this kind", 50, "igloo", environment="staging"),
        home("no features", None, None),
        home("failed", 50, "castle", status="error"),
        home("no number", 50, "castle", None),
        home("more than is known", 50, "castle", ts=micros(now - HOUR)) | {"version": "2"},
    )
    drain_until_empty(now=now)
    truth = [
        expected(50, "castle", 100),
        expected(61, "house", 100),
        expected(60, "castle", 1_000.1),
        *[expected(None, "house", 100)] * 2,
        expected(None, "castle", 100),
        expected(50, "igloo", 100),
        expected(None, None, 100),
    ]
    found = read("estimated_mae", version, now)
    assert (found.value, found.n) == (pytest.approx(sum(truth) / 8, rel=1e-5), 8)
    assert read("estimated_mae", version, now, segment="city=Faro").value == pytest.approx(sum(truth[:2]) / 2, rel=1e-5)
    squares = [40_000 if one % 10 != 2 else 50_000 for one in truth]
    root = read("estimated_rmse", version, now)
    assert root.value == pytest.approx((sum(squares) / 8) ** 0.5, rel=1e-5)
    assert root.low is not None
    assert root.high is not None
    assert root.high - root.value == pytest.approx(1.96 * 1.5 * root.value / 2 / 8**0.5, rel=1e-3)
    spread = sum(max(0, square - one**2) for square, one in zip(squares, truth, strict=True)) ** 0.5 / 8
    assert found.high is not None
    assert found.high - found.value == pytest.approx(1.96 * spread, rel=1e-3, abs=0.01)
    assert recount(start=now - DAY, end=now + DAY) == []


def test_history_counts_once_and_what_comes_again_or_is_labelled_changes_nothing(
    version: ModelVersion, put: Put, now: datetime
):
    put("prediction", *[home(f"old{n}", 50 + n, "castle", ts=micros(now - 5 * HOUR)) for n in range(20)])
    drain_until_empty(now=now)
    trees = LossTrees.objects.get(estimator=estimator(version, now=now))
    assert read("estimated_mae", version, now) == Reading(None, 0)
    assert history_of(trees).state == "folding"
    put("prediction", *[home(f"new{n}", 50 + n, "castle") for n in range(20)])
    put("prediction", *[home(f"old{n}", 99, "studio", 5_000) for n in range(0, 20, 2)], home("new1", 99, "studio"))
    put("outcome", *[{"id": f"o{n}", "prediction_id": f"old{n}", "label": 7} for n in range(20)])
    drain_until_empty(now=now)
    assert recount(start=now - DAY, end=now + DAY) == []
    run_jobs(now=now)
    rollup(now=now)
    value = sum(expected(50 + n, "castle", 100) for n in range(20)) / 20
    found = read("estimated_mae", version, now)
    assert (found.value, found.n) == (pytest.approx(value, rel=1e-5), 40)
    assert read("mae", version, now).n == 20
    assert read("estimated_mae", version, now, hours=1).n == 20
    assert recount(start=now - DAY, end=now + DAY) == []
    trees.refresh_from_db()
    assert (history_of(trees).state, Job.objects.get(arguments__has_key="trees").report) == ("complete", {"folded": 20})
    Prediction.objects.all().delete()
    assert read("estimated_mae", version, now) == found, "summaries outlive the events"


def test_a_new_estimator_takes_over_once_it_has_counted_more(version: ModelVersion, put: Put, now: datetime):
    first = estimator(version, now=now)
    put("prediction", *[home(f"a{n}", 50, "castle") for n in range(12)])
    drain_until_empty(now=now)
    second = estimator(version, now=now, level=1_000)
    put("prediction", *[home(f"b{n}", 50, "castle") for n in range(3)])
    drain_until_empty(now=now)
    old, new = expected(50, "castle", 100), expected(50, "castle", 100, level=1_000)
    counted = []
    while True:
        found = read("estimated_mae", version, now)
        counted.append((found.n, pytest.approx(found.value)))
        assert recount(start=now - DAY, end=now + DAY) == []
        if not Job.objects.filter(state__in=["queued", "running"], arguments__has_key="trees").exists():
            break
        step(now)
    assert counted[0] == (12, pytest.approx(old, rel=1e-5))
    assert counted[-1] == (15, pytest.approx(new, rel=1e-5))
    [_, one, other] = read_plans([version.pk])[version.pk]
    assert (one.until, other.until) == (LossTrees.objects.get(estimator=second).since, None)
    assert first.pk != second.pk


def test_who_has_no_trees_pays_no_query_for_them(version: ModelVersion, credit_risk: Model, put: Put, now: datetime):
    def queries() -> int:
        put("prediction", {"model": "credit-risk", "version": "1", "score": 0.5})
        with CaptureQueriesContext(
            connection,
        ) as seen:
            drain_until_empty(now=now)
        return sum("monitoring_losstrees" in query["sql"] for query in seen), len(seen)

    queries()
    bare = queries()
    estimator(version, now=now)
    put("prediction", home("a", 50, "castle"))
    drain_until_empty(now=now)
    assert queries() == bare


def test_an_estimator_whose_reference_is_gone_folds_no_more(version: ModelVersion, put: Put, now: datetime):
    put("prediction", home("a", 50, "castle"))
    drain_until_empty(now=now)
    estimator(version, now=now)
    Reference.objects.all().delete()
    put("prediction", home("b", 50, "castle"))
    drain_until_empty(now=now)
    run_jobs(now=now)
    assert read("estimated_mae", version, now).value is None
    assert "its reference is gone" in Job.objects.get(arguments__has_key="trees").error


@dataclass
class World:
    """A regression, and what was put into it."""

    version: ModelVersion
    put: int = 0
    estimators: int = 0
    values: list[float] = field(default_factory=list)

    def do(self, move: str, now: datetime) -> None:
        project = self.version.model.project
        if move == "put":
            self.put += 1
            at = now - self.put % 4 * HOUR
            kinds = ("castle", "house", "studio", None)
            rows = [(50.0 + 5 * place, kinds[(place + self.put) % 4]) for place in range(5)]
            self.values += [expected(*row, 100.0) for row in rows]
            items = [home(f"{self.put}-{n}", *row, ts=micros(at)) for n, row in enumerate(rows)]
            put_body(project, "prediction", items, received=now)
        elif move == "again" and self.put:
            items = [home(f"{self.put}-{n}", 99, "castle", ts=micros(now)) for n in range(3)]
            put_body(project, "prediction", items, received=now)
        elif move == "label" and self.put:
            said = [
                {"id": f"o{self.put}-{n}", "prediction_id": f"{self.put}-{n}", "label": 5, "ts": micros(now)}
                for n in range(2)
            ]
            put_body(project, "outcome", said, received=now)
        elif move == "drain":
            drain_until_empty(now=now)
        elif move == "estimate":
            self.estimators += 1
            estimator(self.version, now=now)
        elif move == "step" and Job.objects.filter(state__in=["queued", "running"]).exists():
            step(now)
        elif move == "rollup":
            rollup(now=now)


MOVES = ["put", "put", "again", "label", "drain", "drain", "estimate", "step", "rollup"]


class AnyOrder(TestCase):
    @settings(max_examples=15, deadline=None)
    @given(st.lists(st.sampled_from(MOVES), min_size=5, max_size=16))
    def test_every_prediction_is_estimated_once_by_each_estimator(self, moves: list[str]) -> None:
        model = Model.objects.create(project=make_project(), slug="rent", kind=Model.Kind.REGRESSION)
        world = World(ModelVersion.objects.create(model=model, version="1"))
        for move in moves:
            world.do(move, NOW)
            assert recount(start=NOW - DAY, end=NOW + DAY) == []
        world.do("drain", NOW)
        while Job.objects.filter(state__in=["queued", "running"]).exists():
            step(NOW)
        assert recount(start=NOW - DAY, end=NOW + DAY) == []
        found = read("estimated_mae", world.version, NOW)
        if not world.estimators or not world.put:
            assert found.value is None
            return
        assert (found.n, found.value) == (5 * world.put, pytest.approx(sum(world.values) / len(world.values), rel=1e-5))
        assert not Bucket.objects.filter(n__lt=0).exists()
        newest = LossTrees.objects.latest("pk").pk
        counted = Bucket.objects.filter(series__metric="expected_loss", series__key=str(newest), tier=0)
        assert sum(counted.values_list("n", flat=True)) == 5 * world.put
