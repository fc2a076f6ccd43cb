"""What a model earns: exact sums of values, decisions by a matrix against the raw rows, and what can never be summed."""

from collections import Counter
from datetime import datetime, timedelta
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np
import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from models_registry.jobs import run_jobs
from models_registry.keys import create_key
from models_registry.models import Model, ModelVersion, Project
from monitoring.drain import drain_until_empty
from monitoring.drain.fold import Folds
from monitoring.drain.rows import BusinessEventRow
from monitoring.drift.references import set_reference
from monitoring.measures.series import measure_series, measure_window
from monitoring.quality.fitting.start import start_fits
from monitoring.selectors.summaries import Scope
from monitoring.stats.estimate import Cells, Expected, variance_of
from monitoring.stats.profile import profile_of_columns
from monitoring.stats.sample import sample_of
from monitoring.summaries.recount import recount
from monitoring.summaries.segment_keys import declare_key
from tests.monitoring.conftest import Put, micros
from tests.monitoring.test_fitting import events, serve
from tests.monitoring.test_fold import sums

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MATRIX = {"default": {"default": 0, "paid": -1_000}, "paid": {"default": -50.5, "paid": 100}}


def reading(model: Model, name: str, now: datetime, **scope: Any):
    return measure_window(name, Scope(model.project_id, model.pk, **scope), start=now - HOUR, end=now + HOUR)


def event(number: int, name: str = "purchase", **more: Any) -> dict[str, Any]:
    return {"id": f"e{number}", "name": name, "model": "credit-risk", "version": "1", **more}


def requests(count: int) -> list[dict[str, Any]]:
    return [{"id": f"p{n}", "model": "credit-risk", "version": "1", "prediction": "paid"} for n in range(count)]


def test_business_events_count_conversions_and_exact_revenue(credit_risk: Model, put: Put, now: datetime):
    put("prediction", *requests(40))
    cents = [round(Random(3).random() * 1_000, 2) for _ in range(30)]
    put("event", *(event(n, value=value) for n, value in enumerate(cents)))
    put("event", event(1, value=9e9), event(90, "visit"), event(91, "refund", value=-5), {**event(92), "model": ""})
    put("event", {**event(93), "kind": "deploy"})
    drain_until_empty(now=now)
    worth = sum(Fraction(str(value)) for value in cents) - 5
    assert reading(credit_risk, "conversions", now).value == 32, "the same id again is the same event"
    assert reading(credit_risk, "revenue", now).value == float(worth)
    assert reading(credit_risk, "revenue", now).n == 31, "no value is not 0"
    rate = reading(credit_risk, "conversion_rate", now)
    assert (rate.value, rate.n, rate.low < 0.8 < rate.high) == (32 / 40, 40, True)
    assert reading(credit_risk, "value_per_request", now).value == pytest.approx(float(worth) / 40)
    credit_risk.conversion_events = ["purchase", "never came"]
    credit_risk.save()
    assert reading(credit_risk, "conversions", now).value == 30
    credit_risk.conversion_events = ["never came"]
    credit_risk.save()
    assert reading(credit_risk, "conversions", now).value == 0
    assert recount(start=now - DAY, end=now + DAY) == []


def test_more_events_than_requests_are_a_rate_without_interval(credit_risk: Model, put: Put, now: datetime):
    put("event", *(event(n) for n in range(5)))
    drain_until_empty(now=now)
    assert reading(credit_risk, "conversion_rate", now).value is None
    assert reading(credit_risk, "revenue", now).value is None
    put("prediction", *requests(4))
    drain_until_empty(now=now)
    rate = reading(credit_risk, "conversion_rate", now)
    assert (rate.value, rate.low, rate.n) == (1.25, None, 4)


def test_events_have_segments_and_environments(credit_risk: Model, put: Put, now: datetime):
    declare_key(credit_risk, "region", now=now)
    put("event", event(1, value=2, segments={"region": "south"}), event(2, value=3, environment="staging"))
    drain_until_empty(now=now)
    assert reading(credit_risk, "revenue", now, segment="region=south").value == 2
    assert reading(credit_risk, "revenue", now, segment="region=(none)").value == 3
    assert reading(credit_risk, "revenue", now, environment="staging").value == 3
    assert recount(start=now - DAY, end=now + DAY) == []


def test_values_that_no_sum_can_hold_are_left_out(credit_risk: Model, put: Put, now: datetime):
    put("event", event(1, value=1e300), event(2, value=-2e9), event(3, value=1e9), event(4, value=0))
    put("prediction", *requests(2))
    put("outcome", {"id": "o", "prediction_id": "p0", "label": "paid", "value": 1e200})
    drain_until_empty(now=now)
    assert (reading(credit_risk, "revenue", now).value, reading(credit_risk, "revenue", now).n) == (1e9, 2)
    assert reading(credit_risk, "realised_value", now).value is None
    assert reading(credit_risk, "conversions", now).value == 4
    assert recount(start=now - DAY, end=now + DAY) == []


def test_outcomes_tell_what_predictions_were_worth_and_corrections_replace_it(
    credit_risk: Model, put: Put, now: datetime
):
    put("prediction", *requests(4))
    put("outcome", *({"id": f"o{n}", "prediction_id": f"p{n}", "label": "paid", "value": 0.1} for n in range(3)))
    drain_until_empty(now=now)
    assert reading(credit_risk, "realised_value", now).value == 0.3
    put("outcome", {"id": "late", "prediction_id": "p0", "value": -7.25, "ts": micros(now + HOUR)})
    drain_until_empty(now=now)
    found = reading(credit_risk, "realised_value", now)
    assert (found.value, found.n) == (-7.05, 3)
    assert recount(start=now - DAY, end=now + DAY) == []


def test_the_label_of_a_regression_is_no_money(project, put: Put, now: datetime):
    model = Model.objects.create(project=project, slug="demand", kind=Model.Kind.REGRESSION)
    put("prediction", *({"id": f"d{n}", "model": "demand", "prediction": 5.0} for n in range(2)))
    put(
        "outcome",
        {"id": "o0", "prediction_id": "d0", "value": 6},
        {"id": "o1", "prediction_id": "d1", "label": 6, "value": 2},
    )
    drain_until_empty(now=now)
    assert (reading(model, "realised_value", now).value, reading(model, "mae", now).n) == (2, 2)


def test_the_matrix_values_every_labelled_decision(credit_risk: Model, put: Put, now: datetime):
    credit_risk.value_matrix = MATRIX
    credit_risk.full_clean()
    credit_risk.save()
    rng = Random(7)
    pairs = [(rng.choice(["default", "paid"]), rng.choice(["default", "paid", "paid"])) for _ in range(300)]
    put(
        "prediction",
        *(
            {"id": f"p{n}", "model": "credit-risk", "version": "1", "prediction": decided, "ts": micros(now - DAY)}
            for n, (_, decided) in enumerate(pairs)
        ),
    )
    put("outcome", *({"id": f"o{n}", "prediction_id": f"p{n}", "label": true} for n, (true, _) in enumerate(pairs)))
    put(
        "prediction",
        {"id": "odd", "model": "credit-risk", "version": "1", "prediction": "odd", "ts": micros(now - DAY)},
    )
    put("outcome", {"id": "odd", "prediction_id": "odd", "label": "paid"})
    drain_until_empty(now=now)
    scope = Scope(credit_risk.project_id, credit_risk.pk)
    window = {"start": now - DAY, "end": now - DAY + 2 * HOUR}
    found = measure_window("realised_value_matrix", scope, **window)
    worth = sum(MATRIX[true][decided] for true, decided in pairs)
    assert (found.value, found.n) == (worth, 300), "a class that the matrix does not name takes no part"
    assert measure_window("realised_value_per_hour", scope, **window).value == worth / 2
    # A day later every loan defaults: at the rate of the week before the decisions would have earned `worth / 300` each.
    put(
        "prediction",
        *({"id": f"n{n}", "model": "credit-risk", "version": "1", "prediction": "paid"} for n in range(40)),
    )
    put("outcome", *({"id": f"on{n}", "prediction_id": f"n{n}", "label": "default"} for n in range(20)))
    drain_until_empty(now=now)
    risk = measure_window("money_at_risk", scope, start=now, end=now + 2 * HOUR)
    assert risk.value == pytest.approx((worth / 300 * 40 - 40 * -1_000) / 2)
    assert risk.n == 20
    assert measure_window("money_at_risk", scope, **window).value is None, "no week before, no usual"
    assert recount(start=now - 2 * DAY, end=now + DAY) == []


def test_a_month_of_risk_costs_few_queries(credit_risk: Model, now: datetime, django_assert_max_num_queries):
    credit_risk.value_matrix = MATRIX
    credit_risk.save()
    scope = Scope(credit_risk.project_id, credit_risk.pk)
    with django_assert_max_num_queries(6):
        points = measure_series("money_at_risk", scope, start=now - 30 * DAY, end=now, step=8 * HOUR, now=now)
    assert {point.state for point in points} == {"no_data"}


def test_without_a_matrix_there_is_no_data(credit_risk: Model, now: datetime):
    for name in ("realised_value_matrix", "estimated_value", "money_at_risk", "estimated_value_per_hour"):
        assert reading(credit_risk, name, now).value is None


def test_the_estimated_value_is_the_matrix_over_the_expected_cells():
    rng = np.random.default_rng(2)
    p = rng.random(40)
    expected = Expected(np.arange(40), p, rng.integers(0, 50, 40).astype(float), rng.integers(0, 50, 40).astype(float), np.zeros(40, dtype=np.int64), np.zeros(1))  # fmt: skip
    values = (100.0, -50.5, -1_000.0, 0.0)
    cells: Cells = expected.cells
    whole = np.dot(values, (cells.tp, cells.fp, cells.fn, cells.tn))
    drawn = []
    for _ in range(4_000):
        hits = rng.binomial(expected.positive.astype(int), p).sum()
        misses = rng.binomial(expected.negative.astype(int), p).sum()
        drawn.append(np.dot(values, (hits, expected.positive.sum() - hits, misses, expected.negative.sum() - misses)))
    assert np.mean(drawn) == pytest.approx(whole, rel=0.01)
    assert np.std(drawn) == pytest.approx(
        variance_of(expected, values[0] - values[1], values[2] - values[3]) ** 0.5, rel=0.05
    )


@pytest.mark.parametrize(
    ("kind", "matrix", "told"),
    [
        ("binary", [1], "Write what each decision"),
        ("binary", {"default": 1}, "Write what each decision"),
        ("binary", {"default": {"default": 1}}, "has two classes"),
        ("binary", {"default": {"default": 1, "paid": 2}, "paid": {"paid": 1}}, "Row “paid” must name the same classes.*default"),
        ("binary", {"a": {"a": 1, "b": 1}, "b": {"a": 1, "b": 1}}, "positive label “default”"),
        ("binary", {"default": {"default": float("nan"), "paid": 2}, "paid": {"paid": 1, "default": 1}}, "Row “default”: every value"),
        ("binary", {"default": {"default": "1", "paid": 2}, "paid": {"paid": 1, "default": 1}}, "every value is a number"),
        ("binary", {"default": {"default": 1e12, "paid": 2}, "paid": {"paid": 1, "default": 1}}, "every value is a number"),
        ("multiclass", {str(n): dict.fromkeys(map(str, range(51)), 1) for n in range(51)}, "at most 50 classes"),
        ("regression", MATRIX, "Only classifiers"),
        ("llm", MATRIX, "Only classifiers"),
    ],
)  # fmt: skip
def test_a_matrix_that_makes_no_sense_is_refused(credit_risk: Model, kind: str, matrix: Any, told: str):
    credit_risk.kind, credit_risk.value_matrix = kind, matrix
    with pytest.raises(ValidationError, match=told):
        credit_risk.full_clean()


def test_processes_are_gauges(credit_risk: Model, put: Put, now: datetime):
    def sample(number: int, name: str, value: Any) -> dict[str, Any]:
        return {**event(number, name), "kind": "process", "value": value}

    samples = [
        ("process.cpu.utilization", 0.25), ("cpu_percent", 75), ("process.cpu.utilization", -1), ("cpu_percent", None),
        ("process.memory.usage", 2_000_000_000), ("memory_bytes", 1_000_000_000), ("memory_bytes", 1e300), ("disk", 3),
    ]  # fmt: skip
    put("event", *(sample(n, *one) for n, one in enumerate(samples)))
    drain_until_empty(now=now)
    cpu, memory = (reading(credit_risk, name, now) for name in ("process_cpu", "process_memory"))
    assert (cpu.value, cpu.n) == (0.5, 2)
    assert (memory.value, memory.n) == (1_500_000_000, 2)
    assert reading(credit_risk, "conversions", now).value == 0
    assert recount(start=now - DAY, end=now + DAY) == []


ROWS = st.lists(
    st.builds(
        BusinessEventRow,
        id=st.integers(0, 9),
        project_id=st.just(1),
        event_id=st.just("e"),
        ts_us=st.integers(0, 10**9),
        ingested_us=st.just(0),
        payload=st.sampled_from(["{}", '{"environment":"staging"}']),
        version_id=st.sampled_from([None, 1, 2]),
        kind=st.sampled_from(["business", "process", "deploy"]),
        name=st.sampled_from(["", "buy", "cpu_percent", "memory_bytes"]),
        value=st.none() | st.floats(-1e12, 1e12),
        target_id=st.just(""),
    ),
    max_size=8,
)


def folded(rows: Any, *more: Any) -> dict[Any, Any]:
    folds = Folds()
    for part in (rows, *more):
        folds.add_all(part)
    return sums(folds)


@given(ROWS, st.randoms(use_true_random=False), st.integers(0, 8))
def test_any_order_and_split_of_events_is_the_same_and_can_be_taken_back(rows, rng, cut):
    shuffled = rng.sample(rows, len(rows))
    assert folded(shuffled[:cut], shuffled[cut:]) == folded(rows)
    folds = Folds()
    folds.add_all(rows)
    folds.add_all(rows, -1)
    assert sums(folds) == {}
    counted = Counter(row.kind for row in rows if row.version_id)
    assert sum(n for (_, slot), (n, _, _) in folded(rows).items() if slot.metric == "business") == counted["business"]


def test_the_value_is_estimated_before_labels_come_and_so_is_the_risk(project: Project, now: datetime):
    model = Model.objects.create(
        project=project, slug="credit-risk", positive_label="default", label_delay=DAY, value_matrix=MATRIX
    )
    version = ModelVersion.objects.create(model=model, version="1")
    rows, later = events(20_000, seed=1), events(2_000, seed=2)
    sample = sample_of(rows)
    set_reference(version, profile_of_columns(sample.features), origin="rows", now=now, sample=sample)
    start_fits(now=now)
    run_jobs(now=now)
    serve(project, events(300, seed=3), at=now - 2 * DAY)
    serve(project, later, at=now, labelled=False)
    window = {"start": now, "end": now + 2 * HOUR}
    scope = Scope(project.pk, model.pk)
    found = measure_window("estimated_value", scope, **window)
    known = IsotonicRegression(out_of_bounds="clip").fit(
        [row["score"] for row in rows], [row["label"] == "default" for row in rows]
    )
    p = known.predict([row["score"] for row in later])
    by_row = [
        one * MATRIX["default"][row["prediction"]] + (1 - one) * MATRIX["paid"][row["prediction"]]
        for one, row in zip(p, later, strict=True)
    ]
    assert found.value == pytest.approx(sum(by_row), rel=0.01)
    assert (found.n, found.low < found.value < found.high) == (2_000, True)
    assert measure_window("estimated_value_per_hour", scope, **window).value == pytest.approx(found.value / 2)
    usual = measure_window("realised_value_matrix", scope, start=now - 2 * DAY, end=now - DAY)
    risk = measure_window("money_at_risk", scope, **window)
    assert risk.value == pytest.approx((usual.value / usual.n * 2_000 - found.value) / 2)
    assert risk.n == 2_000


def test_events_with_values_and_segments_come_in_by_http(credit_risk: Model, stopped_clock: datetime):
    _, token = create_key(project=credit_risk.project, name="tests", scopes=["ingest"])
    client = Client(headers={"authorization": f"Bearer {token}"})

    def post(body: str) -> Any:
        return client.post("/api/v1/events", data=body, content_type="application/json").json()

    told = post(
        '[{"id": "1", "name": "buy", "model": "credit-risk", "version": "1", "value": 2.5, "segments": {"region": "south"}},'
        ' {"id": "2", "name": "buy", "model": "credit-risk", "version": "1", "value": "much"},'
        ' {"id": "3", "name": "buy", "model": "credit-risk", "version": "1", "segments": {"region": ["south"]}},'
        ' {"id": "4", "name": "memory_bytes", "kind": "process", "model": "credit-risk", "version": "1", "value": 5e8}]'
    )
    assert (told["accepted"], told["rejected"]) == (2, 2)
    assert [(item["code"], item["pointer"]) for item in told["items"]] == [
        ("wrong_type", "/1/value"),
        ("wrong_type", "/2/segments/region"),
    ]
    assert post('[{"id": "5", "name": "buy", "model": "credit-risk", "value": NaN}]').get("accepted", 0) == 0
    drain_until_empty(now=stopped_clock)
    assert reading(credit_risk, "revenue", stopped_clock).value == 2.5
    assert reading(credit_risk, "process_memory", stopped_clock).value == 5e8
