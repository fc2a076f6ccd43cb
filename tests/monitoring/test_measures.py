"""Measures of traffic and LLM calls, series with states, and what they cost in queries."""

from datetime import UTC, datetime, timedelta

import pytest

from models_registry.models import Model, ModelVersion
from monitoring.catalogue import MEASURES, SLIS, measures_for
from monitoring.measures.series import measure_series, measure_window, subjects_of
from monitoring.models.summaries import Tier
from monitoring.selectors.summaries import Scope
from monitoring.stats.layouts import log_bin
from tests.monitoring.series import add, class_code, labelled, series_of, served

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def read(name: str, model: Model, *, hours: float = 1):
    return measure_window(name, Scope(model.project_id, model.pk), start=NOON, end=NOON + hours * HOUR)


def test_requests_count_zero_as_a_value(credit_risk: Model) -> None:
    assert (read("requests", credit_risk).value, read("throughput", credit_risk).value) == (0, 0)
    served(credit_risk, NOON, ok=110, failed=10)
    assert (read("requests", credit_risk).value, read("throughput", credit_risk).value) == (120, 2)


def test_error_rate(credit_risk: Model) -> None:
    assert read("error_rate", credit_risk).value is None
    served(credit_risk, NOON, ok=90, failed=10)
    reading = read("error_rate", credit_risk)
    assert (reading.value, reading.n) == (0.1, 100)
    assert reading.low < 0.1 < reading.high


def test_latency_percentiles_in_ms(credit_risk: Model) -> None:
    series = series_of(credit_risk, "latency")
    for milliseconds in range(1, 101):
        add(series, NOON, {log_bin(milliseconds * 1_000): 1}, total=milliseconds * 1_000)
    for name, exact in (("latency_p50", 50), ("latency_p95", 95), ("latency_p99", 99)):
        reading = read(name, credit_risk)
        assert reading.value == pytest.approx(exact, rel=0.011)
        assert reading.low <= reading.value <= reading.high


def test_label_coverage_and_positive_rate(credit_risk: Model) -> None:
    class_code(credit_risk, "default", 1)
    class_code(credit_risk, "paid", 2)
    add(series_of(credit_risk, "decision"), NOON, {1: 3, 2: 7})
    labelled(credit_risk, NOON, [(1, 1), (2, 1), (2, 2), (1, 2)])
    assert read("label_coverage", credit_risk).value == 0.4
    assert read("positive_rate", credit_risk).value == 0.3
    assert read("precision", credit_risk).value == 0.5


def test_the_positive_label_is_compared_as_canonical_text(credit_risk: Model) -> None:
    credit_risk.positive_label = "1.0"
    credit_risk.save()
    class_code(credit_risk, "1", 5)
    assert subjects_of([credit_risk])[credit_risk.pk].positive_code == 5


def test_truncation_counts_known_finish_reasons_only(support_assistant: Model) -> None:
    add(series_of(support_assistant, "finish"), NOON, {0: 50, 1: 15, 2: 5})
    assert (read("truncation_rate", support_assistant).value, read("truncation_rate", support_assistant).n) == (
        0.25,
        20,
    )


def test_feedback(support_assistant: Model) -> None:
    served(support_assistant, NOON, ok=100)
    add(series_of(support_assistant, "feedback"), NOON, {0: 20, 1: 6, 2: 2, 3: 12}, n=20)
    assert read("feedback_rate", support_assistant).value == 0.2
    assert (read("feedback_negative_rate", support_assistant).value) == 0.25
    assert SLIS["feedback_not_negative"].kinds == {"llm"}


def test_tokens_and_cost(support_assistant: Model) -> None:
    assert read("tokens", support_assistant).value is None
    assert read("cost_usd", support_assistant).value is None
    served(support_assistant, NOON, ok=2)
    for key, total in (("input", 1_000), ("output", 200), ("reasoning", 34)):
        add(series_of(support_assistant, "tokens", key=key), NOON, {9: 2}, total=total)
    add(series_of(support_assistant, "cost"), NOON, {9: 2}, total=12_500_000)
    assert (read("tokens", support_assistant).value, read("tokens", support_assistant).n) == (1_234, 2)
    assert read("cost_usd", support_assistant).value == 0.0125


def series(name: str, model: Model, *, now: datetime, hours: int = 4):
    scope = Scope(model.project_id, model.pk)
    return measure_series(name, scope, start=NOON, end=NOON + hours * HOUR, step=HOUR, now=now)


def test_a_window_is_provisional_until_its_labels_are_due(credit_risk: Model) -> None:
    labelled(credit_risk, NOON, [(1, 1)])
    points = series("accuracy", credit_risk, now=NOON + 3 * HOUR)
    assert [point.state for point in points] == ["ok", "no_data", "provisional", "provisional"]
    assert [point.state for point in series("error_rate", credit_risk, now=NOON + 3 * HOUR)] == ["no_data"] * 4
    assert [point.start for point in points] == [NOON + hour * HOUR for hour in range(4)]


@pytest.mark.parametrize("hours", [1, 48])
def test_a_series_costs_the_same_however_long(credit_risk: Model, hours: int, django_assert_num_queries) -> None:
    for hour in range(hours):
        served(credit_risk, NOON + hour * HOUR, ok=1)
    with django_assert_num_queries(3):
        assert len(series("error_rate", credit_risk, now=NOON, hours=hours)) == hours


def test_the_catalogue_knows_what_fits_a_kind() -> None:
    assert {"accuracy", "f1", "positive_rate"} <= {measure.name for measure in measures_for("binary")}
    assert "accuracy" not in {measure.name for measure in measures_for("llm")}
    assert "truncation_rate" not in {measure.name for measure in measures_for("multiclass")}
    assert all(name == measure.name for name, measure in MEASURES.items())


def test_staleness_grows_over_windows_without_requests(credit_risk: Model) -> None:
    assert read("staleness", credit_risk).value is None
    served(credit_risk, NOON - 3 * HOUR, ok=1)
    served(credit_risk, NOON + 90 * MINUTE, ok=2)
    staled = [(point.value, point.n, point.state) for point in series("staleness", credit_risk, now=NOON + 4 * HOUR)]
    minute = 60.0
    assert staled == [
        (239 * minute, 0, "ok"),
        (29 * minute, 2, "ok"),
        (89 * minute, 0, "ok"),
        (149 * minute, 0, "ok"),
    ]
    scope = Scope(credit_risk.project_id, credit_risk.pk)
    running = measure_window("staleness", scope, start=NOON, end=NOON + 90 * MINUTE)
    assert running.value == 0  # what came in the minute that runs has come


def test_staleness_is_that_of_the_version_environment_and_tier_asked_for(credit_risk: Model) -> None:
    old = ModelVersion.objects.create(model=credit_risk, version="0")
    series_of(credit_risk, "status", version="0")
    add(series_of(credit_risk, "status", version="0"), NOON - 48 * HOUR, {0: 5}, tier=Tier.DAY)
    add(series_of(credit_risk, "status", version="0"), NOON - 48 * HOUR, {0: 5}, tier=Tier.HOUR)
    served(credit_risk, NOON, ok=1)
    windows = {"start": NOON, "end": NOON + HOUR}
    known = {"project_id": credit_risk.project_id, "model_id": credit_risk.pk}
    assert measure_window("staleness", Scope(**known, version_id=old.pk), **windows).value == 48 * 3_600
    assert measure_window("staleness", Scope(**known, environment="production"), **windows).value == 59 * 60
    assert measure_window("staleness", Scope(**known, environment="staging"), **windows).value is None


@pytest.mark.parametrize("hours", [1, 48])
def test_the_newest_request_costs_one_query_more(credit_risk: Model, hours: int, django_assert_num_queries) -> None:
    served(credit_risk, NOON, ok=1)
    with django_assert_num_queries(4):
        assert len(series("staleness", credit_risk, now=NOON, hours=hours)) == hours
