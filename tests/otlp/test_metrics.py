"""Metrics by OTLP become series: counted once, whatever their temporality, and read like every measure."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)

from lib import clock
from models_registry.models import Model
from monitoring.drain import drain_until_empty
from monitoring.measures.series import measure_window
from monitoring.models import Metric, MetricStream
from monitoring.selectors.ledger import read_ledger
from monitoring.selectors.summaries import Scope
from monitoring.summaries.recount import recount
from tests.monitoring.conftest import micros, put_body
from tests.otlp.conftest import pairs

DELTA, CUMULATIVE = 1, 2
SECOND = 1_000_000_000


@pytest.fixture
def start() -> datetime:
    """An hour ago, at the beginning of a minute."""
    return clock.now().replace(second=0, microsecond=0) - timedelta(hours=1)


def nanos(moment: datetime) -> int:
    return int(moment.timestamp()) * SECOND


def body(kind: str, *points: dict[str, Any], name: str = "m", temporality: int = CUMULATIVE, **more: Any) -> bytes:
    """A request with one metric; `attributes` of a point are plain, `resource` and `monotonic` may be told."""
    request = ExportMetricsServiceRequest()
    told = request.resource_metrics.add()
    told.resource.attributes.extend(pairs({"service.name": "shop", **more.get("resource", {})}))
    metric = told.scope_metrics.add().metrics.add(name=name, unit=more.get("unit", "1"))
    data = getattr(metric, kind)
    if kind not in ("gauge", "summary"):
        data.aggregation_temporality = temporality
    if kind == "sum":
        data.is_monotonic = more.get("monotonic", True)
    for given in points:
        point = data.data_points.add()
        for field, value in given.items():
            if field == "attributes":
                point.attributes.extend(pairs(value))
            elif field in ("positive", "negative"):
                getattr(point, field).offset, counts = value
                getattr(point, field).bucket_counts.extend(counts)
            elif isinstance(value, list):
                getattr(point, field).extend(value)
            else:
                setattr(point, field, value)
    return request.SerializeToString()


@pytest.fixture
def tell(export, start):
    """Post a metric and drain it; returns what the exporter was told."""

    def _tell(kind: str, *points: dict[str, Any], **more: Any) -> Any:
        stamped = [{"time_unix_nano": nanos(start), **point} for point in points]
        answer = export(body(kind, *stamped, **more), path="/v1/metrics")
        assert answer.status_code == 200, answer.content
        drain_until_empty(now=clock.now())
        return ExportMetricsServiceResponse.FromString(answer.content).partial_success

    return _tell


@pytest.fixture
def read(project, start):
    """A statistic of the hour."""

    def _read(statistic: str, name: str = "m", minutes: int = 60) -> float | None:
        model = Model.objects.get(slug="shop")
        end = start + timedelta(minutes=minutes)
        return measure_window(f"metric:{name}:{statistic}", Scope(project.pk, model.pk), start=start, end=end).value

    return _read


pytestmark = pytest.mark.django_db


def test_a_cumulative_sum_adds_what_was_counted_since_the_point_before(tell, read, start):
    began = nanos(start - timedelta(minutes=5))
    for minute, value in enumerate((10, 15, 15, 40)):
        time = nanos(start + timedelta(minutes=minute))
        tell("sum", {"start_time_unix_nano": began, "time_unix_nano": time, "as_int": value})
    assert read("increase") == 40
    assert read("rate", minutes=4) == pytest.approx(40 / 240)
    assert read("increase", minutes=1) == 10


def test_a_process_that_begins_anew_counts_from_nothing(tell, read, start):
    points = [(-5, 0, 10), (-5, 1, 15), (2, 3, 4), (2, 4, 6)]
    for began, minute, value in points:
        times = {
            "start_time_unix_nano": nanos(start + timedelta(minutes=began)),
            "time_unix_nano": nanos(start + timedelta(minutes=minute)),
        }
        tell("sum", {**times, "as_double": value})
    assert read("increase") == 21


def test_a_sum_that_falls_without_a_new_start_was_reset(tell, read, start):
    for minute, value in enumerate((100, 110, 3, 5)):
        tell("sum", {"time_unix_nano": nanos(start + timedelta(minutes=minute)), "as_int": value})
    assert read("increase") == 10 + 3 + 2


def test_what_was_counted_long_before_it_was_first_told_is_no_increase(tell, read, start):
    began = nanos(start - timedelta(days=9))
    assert tell("sum", {"start_time_unix_nano": began, "as_int": 1_000_000}).rejected_data_points == 0
    later = nanos(start + timedelta(minutes=1))
    tell("sum", {"start_time_unix_nano": began, "time_unix_nano": later, "as_int": 1_000_007})
    assert read("increase") == 7


def test_deltas_add_up(tell, read, start):
    for minute, value in enumerate((2, 3, 5)):
        time = nanos(start + timedelta(minutes=minute))
        tell("sum", {"time_unix_nano": time, "as_int": value}, temporality=DELTA)
    assert read("increase") == 10


@pytest.mark.parametrize("temporality", [DELTA, CUMULATIVE])
def test_a_batch_that_is_sent_again_counts_once(tell, read, start, project, temporality):
    points = [
        {
            "start_time_unix_nano": nanos(start - timedelta(minutes=1)),
            "time_unix_nano": nanos(start + timedelta(minutes=minute)),
            "as_int": 3,
        }
        for minute in range(2)
    ]
    for _ in range(3):
        tell("sum", *points, temporality=temporality)
    assert read("increase") == (6 if temporality == DELTA else 3)
    counts = read_ledger(project_id=project.pk)["kinds"]["metric"]
    assert (counts["received"], counts["stored"], counts["duplicate"], counts["pending"]) == (6, 2, 4, 0)


def test_two_processes_that_say_the_same_of_themselves_are_told_apart_by_their_start(tell, read, start):
    for minute, (one, other) in enumerate(((10, 500), (20, 600))):
        time = nanos(start + timedelta(minutes=minute))
        tell(
            "sum",
            {"start_time_unix_nano": nanos(start) - 60 * SECOND, "time_unix_nano": time, "as_int": one},
            {"start_time_unix_nano": nanos(start) - 61 * SECOND, "time_unix_nano": time, "as_int": other},
        )
    assert read("increase") == 620


def test_a_gauge_has_mean_and_extremes(tell, read, start):
    for second, value in enumerate((-4.0, 2.5, 8.0, 0.0)):
        tell("gauge", {"time_unix_nano": nanos(start + timedelta(seconds=second)), "as_double": value})
    assert read("mean") == 6.5 / 4
    assert read("min") == pytest.approx(-4, rel=0.01)
    assert read("max") == pytest.approx(8, rel=0.01)
    assert read("p50") == 0
    assert MetricStream.objects.get().last == 0.0


@pytest.mark.parametrize("temporality", [DELTA, CUMULATIVE])
def test_an_up_down_counter_is_read_where_it_stands(tell, read, start, temporality):
    told = (3, 2, -4) if temporality == DELTA else (3, 5, 1)
    for minute, value in enumerate(told):
        time = nanos(start + timedelta(minutes=minute))
        tell("sum", {"time_unix_nano": time, "as_int": value}, monotonic=False, temporality=temporality)
    assert read("mean") == 3
    assert MetricStream.objects.get().last == 1


def test_an_explicit_histogram_has_quantiles_as_prometheus_reads_them(tell, read, start):
    bounds = [0.1, 0.2, 0.4]
    began = nanos(start - timedelta(minutes=1))
    for minute, (counts, total) in enumerate((([10, 0, 0, 0], 0.5), ([10, 60, 20, 10], 21.0))):
        time = nanos(start + timedelta(minutes=minute))
        point = {"start_time_unix_nano": began, "time_unix_nano": time, "count": sum(counts), "sum": total}
        tell("histogram", {**point, "explicit_bounds": bounds, "bucket_counts": counts})
    assert read("increase") == 100
    assert read("mean") == 0.21
    assert read("p50") == pytest.approx(0.1 + 0.1 * 40 / 60, rel=0.02)  # histogram_quantile(0.5)
    assert read("p95") == pytest.approx(0.4, rel=0.01)  # it never tells more than the last bound


def test_an_exponential_histogram_keeps_its_quantiles_when_its_scale_changes(tell, read, start):
    fine = {"scale": 1, "positive": (2, [4, 4]), "count": 8, "sum": 20.0}  # (2, 2.83], (2.83, 4]
    coarse = {"scale": 0, "positive": (1, [8, 2]), "zero_count": 3, "count": 13, "sum": 31.0}  # (2, 4], (4, 8]
    for minute, given in enumerate((fine, coarse)):
        times = {"start_time_unix_nano": nanos(start), "time_unix_nano": nanos(start + timedelta(minutes=minute + 1))}
        tell("exponential_histogram", {**times, **given})
    assert read("increase") == 13
    assert read("mean") == 31 / 13
    assert read("min") == 0
    assert read("max") == pytest.approx(8, rel=0.01)
    assert 2 < read("p50") < 4


def test_a_summary_keeps_what_adds_up(tell, read, start):
    for minute, (count, total) in enumerate(((5, 1.0), (9, 3.0))):
        tell("summary", {"time_unix_nano": nanos(start + timedelta(minutes=minute)), "count": count, "sum": total})
    assert (read("increase"), read("mean"), read("p50")) == (4, 0.5, None)


def test_points_out_of_turn_and_split_at_will_come_to_the_same(tell, read, start):
    times = [nanos(start + timedelta(minutes=minute)) for minute in range(4)]
    points = [{"time_unix_nano": time, "as_int": 1} for time in times]
    for place in (2, 0, 3, 1, 0):
        tell("sum", points[place], temporality=DELTA)
    assert read("increase") == 4


def test_attributes_unit_and_description_are_kept(tell, read, start):
    tell("gauge", {"as_double": 1, "attributes": {"route": "/", "code": 200}}, unit="s", name="http.time")
    found = Metric.objects.get()
    assert (found.name, found.unit, found.kind, found.attributes) == (
        "http.time",
        "s",
        "gauge",
        {"route": "/", "code": "200"},
    )
    assert found.model.slug == "shop"
    assert not found.model.reviewed


@pytest.mark.parametrize(
    ("kind", "point", "code"),
    [
        ("gauge", {"as_double": float("nan")}, "not_a_number"),
        ("gauge", {"as_int": 1, "time_unix_nano": 2**62}, "timestamp_out_of_range"),
        ("sum", {"as_int": -1}, "invalid_metric"),
        ("histogram", {"count": 2, "explicit_bounds": [1.0], "bucket_counts": [2]}, "invalid_metric"),
        ("histogram", {"count": 3, "explicit_bounds": [1.0], "bucket_counts": [1, 1]}, "invalid_metric"),
        ("histogram", {"count": 2, "explicit_bounds": [2.0, 1.0], "bucket_counts": [1, 1, 0]}, "invalid_metric"),
        ("gauge", {"as_int": 1, "attributes": {f"a{n}": "x" for n in range(33)}}, "invalid_metric"),
        ("exponential_histogram", {"scale": 90}, "invalid_metric"),
    ],
)
def test_a_bad_point_costs_only_itself(tell, kind, point, code):
    told = tell(kind, {"attributes": {"good": "yes"}, **({"as_int": 1} if kind in ("gauge", "sum") else {})}, point)
    assert told.rejected_data_points == 1
    assert told.error_message.startswith(code)
    assert Metric.objects.count() == 1


def test_an_unspecified_temporality_is_refused(tell):
    assert tell("sum", {"as_int": 1}, temporality=0).error_message.startswith("invalid_metric: Say whether")


def test_names_beyond_the_limit_are_refused_and_their_sender_is_told(tell, settings):
    settings.INGEST = {**settings.INGEST, "max_metrics": 2}
    for name in ("a", "b"):
        assert tell("gauge", {"as_int": 1}, name=name).rejected_data_points == 0
    told = tell("gauge", {"as_int": 1}, {"as_int": 2}, name="c")
    assert told.rejected_data_points == 2
    assert told.error_message.startswith("too_many_metrics")
    assert tell("gauge", {"as_int": 1}, name="a").rejected_data_points == 0


def test_attributes_beyond_the_limit_are_counted_together_and_that_is_told(tell, read, start, monkeypatch):
    monkeypatch.setattr("monitoring.drain.metrics.MOST_ATTRIBUTES", 3)
    points = [{"as_int": 1, "attributes": {"user": str(number)}} for number in range(10)]
    assert tell("sum", *points, temporality=DELTA).error_message == ""
    later = [{**point, "time_unix_nano": nanos(start) + SECOND} for point in points]
    assert "otel.metric.overflow" in tell("sum", *later, temporality=DELTA).error_message
    assert read("increase") == 20
    assert Metric.objects.count() == 4
    assert Metric.objects.filter(attributes={"otel.metric.overflow": "true"}).exists()


def test_json_says_the_same(export, read, start):
    point = {
        "timeUnixNano": str(nanos(start)),
        "count": "4",
        "sum": 2.0,
        "bucketCounts": ["1", "3"],
        "explicitBounds": [1],
    }
    gauge = {"timeUnixNano": str(nanos(start)), "asInt": "7", "flags": 0}
    data = {"dataPoints": [point], "aggregationTemporality": "AGGREGATION_TEMPORALITY_DELTA"}
    metrics = [{"name": "m", "histogram": data}, {"name": "g", "gauge": {"dataPoints": [gauge]}}]
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}
    told = {"resourceMetrics": [{"resource": resource, "scopeMetrics": [{"metrics": metrics}]}]}
    answer = export(json.dumps(told).encode(), path="/v1/metrics", content_type="application/json")
    assert answer.json() == {}
    drain_until_empty(now=clock.now())
    assert (read("mean"), read("increase")) == (0.5, 4)
    assert read("mean", "g") == 7


def test_metrics_of_a_process_are_measures_of_it_and_events_are_counted_again_without_them(tell, project, start):
    tell("gauge", {"as_double": 0.25}, name="process.cpu.utilization")
    model = Model.objects.get(slug="shop")
    scope = Scope(project.pk, model.pk)
    end = start + timedelta(hours=1)
    assert measure_window("process_cpu", scope, start=start, end=end).value == 0.25
    assert recount(start=start, end=datetime.now(UTC)) == []


def test_series_of_a_metric_are_read_by_the_address_of_measures(tell, client, token, start):
    for minute in range(2):
        time = nanos(start + timedelta(minutes=minute))
        tell("sum", {"time_unix_nano": time, "as_int": 6}, temporality=DELTA, name="vllm:tokens")
    url = "/api/v1/series"
    asked = {"measure": "metric:vllm:tokens:increase", "model": "shop", "step": "60", "from": start.isoformat()}
    asked["to"] = (start + timedelta(minutes=3)).isoformat()
    points = client.get(url, asked, headers={"Authorization": f"Bearer {token}"}).json()["points"]
    assert [point["value"] for point in points] == [6, 6, None]


def test_metrics_of_an_application_are_listed_and_taken_apart_by_attribute(tell, client, token, start):
    for route, value in (("/", 3), ("/pay", 4)):
        tell("sum", {"as_int": value, "attributes": {"route": route}}, temporality=DELTA, name="hits")
    headers = {"Authorization": f"Bearer {token}"}
    [found] = client.get("/api/v1/metrics", {"model": "shop"}, headers=headers).json()
    assert (found["name"], found["kind"], found["attributes"]) == ("hits", "counter", {"route": ["/", "/pay"]})
    assert found["measures"] == ["metric:hits:rate", "metric:hits:increase"]
    asked = {"measure": "metric:hits:increase", "model": "shop", "from": start.isoformat(), "step": "1h", "by": "route"}
    points = client.get("/api/v1/series", asked, headers=headers).json()["points"]
    assert [(point["by"], point["value"]) for point in points if point["value"]] == [("/", 3), ("/pay", 4)]
    refused = client.get("/api/v1/series", {**asked, "by": "color"}, headers=headers)
    assert "version, environment, route" in str(refused.json())


def test_a_model_that_metrics_named_first_is_what_its_first_predictions_say(tell, project):
    tell("gauge", {"as_int": 1})
    assert Model.objects.get(slug="shop").kind == Model.Kind.SERVICE
    now = clock.now()
    told = [{"id": str(value), "ts": micros(now), "model": "shop", "prediction": value} for value in (3.5, 2.25)]
    put_body(project, "prediction", told, received=now)
    drain_until_empty(now=clock.now())
    assert Model.objects.get(slug="shop").kind == Model.Kind.REGRESSION
