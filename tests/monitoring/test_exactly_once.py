"""Exactly once, at the speed of a unit test: death at any statement, any order, any repetition, several oracles."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix

from models_registry.keys import create_key
from models_registry.models import Project
from monitoring.drain import drain, drain_until_empty
from monitoring.models import Bucket, Category, InboxBody, Outcome, Prediction
from monitoring.selectors.ledger import read_ledger
from monitoring.stats.histogram import merge, quantile, unpack
from monitoring.stats.layouts import LOG, confusion_cell
from monitoring.summaries.recount import recount
from tests.cast import NOW, make_project
from tests.monitoring.conftest import Put, micros, put_body

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
fresh = count()


class Killed(BaseException):
    """As SIGKILL: nothing in the drain may catch it."""


@contextmanager
def death_at(statement: int) -> Iterator[None]:
    """The process dies when it is about to run its n-th statement."""
    left = count(statement, -1)

    def count_down(execute: Callable[..., Any], *args: Any) -> Any:
        if next(left) == 0:
            raise Killed
        return execute(*args)

    with connection.execute_wrapper(count_down):
        yield


def assert_balanced(project: Project) -> dict[str, int]:
    total = read_ledger(project_id=project.id)["total"]
    assert total["received"] == total["accepted"] + total["rejected"]
    assert total["accepted"] == sum(total[name] for name in ("stored", "duplicate", "dead_lettered", "pending"))
    return total


def test_death_at_any_statement_loses_nothing_and_counts_nothing_twice(project: Project, put: Put, now: datetime):
    survived = False
    for statement in count():
        ids = [f"{statement}-{n}" for n in range(4)]
        put("outcome", {"id": f"o{statement}", "prediction_id": ids[0], "label": "yes"})
        put("prediction", *({"id": name, "model": "m", "prediction": "yes"} for name in ids))
        put("prediction", {"id": ids[1], "model": "m", "prediction": "yes"})
        put("feedback", {"id": f"f{statement}", "target_id": ids[2], "value": True})
        try:
            with death_at(statement):
                drain(now=now)
            survived = True
        except Killed:
            assert_balanced(project)
            drain(now=now)
        total = assert_balanced(project)
        assert (total["stored"], total["duplicate"]) == (6 * (statement + 1), statement + 1)
        if survived:
            break
    assert statement > 10
    assert recount(start=now - DAY, end=now + DAY) == []


def test_two_drains_of_the_same_bodies_store_them_once(project: Project, put: Put, now: datetime):
    put("prediction", *({"id": str(n), "model": "m", "prediction": "yes"} for n in range(10)))
    body = InboxBody.objects.get()
    drain(now=now)
    body.save(force_insert=True)  # as if the deletion had been lost
    drain(now=now)
    assert Prediction.objects.count() == 10
    assert recount(start=now - DAY, end=now + DAY) == []


IDS = st.sampled_from(["a", "b", "c"])
CLASSES = st.sampled_from(["yes", "no"])
TIMES = st.integers(0, 3)
SERVED = st.builds(
    lambda name, llm, label, at: (
        "llm_call" if llm else "prediction",
        {"id": name, "model": "m", "at": at}
        | ({"finish_reason": "stop", "usage": {"output": 3}} if llm else {"prediction": label, "latency_ms": 5.0}),
    ),
    IDS,
    st.booleans(),
    CLASSES,
    TIMES,
)
OUTCOMES = st.builds(
    lambda target, label, at: ("outcome", {"prediction_id": target, "label": label, "at": at}), IDS, CLASSES, TIMES
)
FEEDBACK = st.builds(
    lambda target, said, person, at: ("feedback", {"target_id": target, **said, "user_id": person, "at": at}),
    IDS,
    st.sampled_from(
        [
            *({"value": value} for value in (True, False, "maybe", "")),
            *({"kind": "score", "value": value} for value in (0.25, "1", 7, "many")),
            *({"kind": "category", "value": value} for value in ("Wrong", "rude", "")),
            {"kind": "comment", "comment": "why"},
            {"kind": "comment", "value": "", "comment": ""},
        ]
    ),
    st.sampled_from(["ana", "bia"]),
    TIMES,
)


def told(items: list[tuple[str, dict[str, Any]]]) -> list[tuple[str, dict[str, Any]]]:
    """Events with ids: of what is served, one per id; everything else is an event of its own."""
    served = {item["id"]: (kind, item) for kind, item in items if "id" in item}
    late = [(kind, {"id": f"x{n}", **item}) for n, (kind, item) in enumerate(items) if "id" not in item]
    return [*served.values(), *late]


def summaries(items: list[tuple[str, dict[str, Any]]], *, drain_every: int) -> dict[Any, Any]:
    """What a new project's summaries say after these events, in this order; classes by name."""
    project = make_project(f"p{next(fresh)}")
    for number, (kind, item) in enumerate(items):
        stamped = {key: value for key, value in item.items() if key != "at"} | {"ts": micros(NOW) + item["at"]}
        put_body(project, kind, [stamped], received=NOW)
        if number % drain_every == 0:
            drain_until_empty(now=NOW)
    drain_until_empty(now=NOW)
    coded = Category.objects.filter(model__project=project).values_list("field", "code", "value")
    names = {(field, code): value for field, code, value in coded}
    found = {}
    for bucket in Bucket.objects.filter(series__project=project).select_related("series"):
        bins = zip(*(part.tolist() for part in unpack(bucket.bins)), strict=True)
        metric = bucket.series.metric
        named = {_name(metric, bin_, names): times for bin_, times in bins}
        if bucket.n or named:
            found[(metric, bucket.series.key, bucket.tier, bucket.start)] = (bucket.n, bucket.total, named)
    return found


def _name(metric: str, bin_: int, names: dict[tuple[str, int], str]) -> Any:
    if metric in {"decision", "feedback_category"}:
        return names["class" if metric == "decision" else metric, bin_]
    return tuple(names["class", code] for code in confusion_cell(bin_)) if metric == "confusion" else bin_


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    items=st.lists(st.one_of(SERVED, OUTCOMES, FEEDBACK), max_size=12),
    seed=st.integers(0, 2**16),
    every=st.integers(1, 5),
)
def test_any_order_and_any_repetition_gives_the_same_summaries(items, seed, every):
    events = told(items)
    rng = random.Random(seed)
    again = events + rng.choices(events, k=len(events)) if events else []
    rng.shuffle(again)
    assert summaries(again, drain_every=every) == summaries(events, drain_every=1_000)
    assert recount(start=NOW - DAY, end=NOW + DAY) == []


def test_confusion_counts_are_those_of_scikit_learn(project: Project, put: Put, now: datetime):
    rng = random.Random(7)
    labels = ["high", "low", "none"]
    true, predicted = rng.choices(labels, k=400), rng.choices(labels, k=400)
    put("outcome", *({"id": f"o{n}", "prediction_id": str(n), "label": label} for n, label in enumerate(true[:200])))
    put("prediction", *({"id": str(n), "model": "m", "prediction": label} for n, label in enumerate(predicted)))
    drain(now=now)
    put(
        "outcome",
        *({"id": f"o{n}", "prediction_id": str(n), "label": label} for n, label in enumerate(true) if n >= 200),
    )
    drain(now=now)
    names = dict(Category.objects.values_list("code", "value"))
    bins, counts = merge(bytes(data) for data in bucket_bins("confusion"))
    ours = np.zeros((3, 3), dtype=int)
    for bin_, times in zip(bins.tolist(), counts.tolist(), strict=True):
        row, column = (labels.index(names[code]) for code in confusion_cell(bin_))
        ours[row, column] = times
    assert (ours == confusion_matrix(true, predicted, labels=labels)).all()


def test_latency_percentiles_are_within_one_percent_of_numpy(put: Put, now: datetime):
    values = np.random.default_rng(3).lognormal(4, 1.2, size=3_000)
    put("prediction", *({"id": str(n), "model": "m", "latency_ms": value} for n, value in enumerate(values.tolist())))
    drain(now=now)
    bins, counts = merge(bytes(data) for data in bucket_bins("latency"))
    for q in (0.01, 0.5, 0.9, 0.95, 0.99, 0.999):
        ours = quantile(bins, counts, q, LOG) / 1_000
        assert ours == pytest.approx(np.quantile(values, q, method="inverted_cdf"), rel=0.01)


def test_the_inbox_refuses_at_its_limit_and_what_it_took_appears_afterwards(project: Project, settings):
    settings.INGEST = {**settings.INGEST, "inbox_max_items": 50}
    token = create_key(project=project, name="k", scopes=["ingest"])[1]
    client = Client(headers={"Authorization": f"Bearer {token}"})

    def post(first: int) -> int:
        items = [{"id": str(first + n), "model": "m", "prediction": 1} for n in range(20)]
        response = client.post("/api/v1/predictions", items, content_type="application/json")
        assert response.status_code == 202 or int(response.headers["Retry-After"]) > 0
        return response.status_code

    statuses = [post(first) for first in range(0, 100, 20)]
    assert statuses == [202, 202, 202, 503, 503]
    drain_until_empty(now=NOW)
    assert Prediction.objects.count() == 60
    assert assert_balanced(project)["pending"] == 0
    assert not Outcome.objects.exists()


def bucket_bins(metric: str) -> list[bytes]:
    return list(Bucket.objects.filter(series__metric=metric, tier=0).values_list("bins", flat=True))
