"""The SDK of OpenTelemetry itself, its exporters and all, sending to a running panel: metrics of every shape, and logs."""

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import CallbackOptions, Meter, Observation
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import (
    Counter,
    Histogram,
    MeterProvider,
    ObservableCounter,
    ObservableGauge,
    ObservableUpDownCounter,
    UpDownCounter,
)
from opentelemetry.sdk.metrics.export import AggregationTemporality, PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from requests import Response, Session

from lib.clock import real_now
from models_registry.keys import create_key, forget_keys
from models_registry.models import Model
from monitoring.drain import drain_until_empty
from monitoring.ingest import backpressure
from monitoring.measures.series import measure_window
from monitoring.models import LogRecord, Metric, Span
from monitoring.selectors.ledger import read_ledger
from monitoring.selectors.summaries import Scope
from monitoring.selectors.wire import payload_of

pytestmark = pytest.mark.django_db(transaction=True)
RESOURCE = Resource({"service.name": "shop", "service.version": "7"})
KINDS = (Counter, UpDownCounter, Histogram, ObservableCounter, ObservableUpDownCounter, ObservableGauge)
NEVER_MS = 3_600_000  # it exports when it is told to
TIMES = (0.05, 0.2, 0.2, 0.4, 3.0)
COMPRESSIONS = [Compression.NoCompression, Compression.Gzip, Compression.Deflate]


@pytest.fixture
def headers(project) -> Iterator[dict[str, str]]:
    forget_keys()
    yield {"Authorization": f"Bearer {create_key(project=project, name='sdk', scopes=['ingest'])[1]}"}
    forget_keys()


@pytest.fixture
def measure(live_server, project, headers) -> Callable[..., MeterProvider]:
    """A provider of meters whose exporter speaks in this temporality."""

    def make(temporality: AggregationTemporality, compression: Compression) -> MeterProvider:
        exporter = OTLPMetricExporter(
            f"{live_server.url}/v1/metrics",
            headers=headers,
            compression=compression,
            preferred_temporality=dict.fromkeys(KINDS, temporality),
        )
        fine = View(instrument_name="fine", aggregation=ExponentialBucketHistogramAggregation())
        reader = PeriodicExportingMetricReader(exporter, export_interval_millis=NEVER_MS)
        return MeterProvider([reader], resource=RESOURCE, views=[fine])

    return make


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("temporality", [AggregationTemporality.CUMULATIVE, AggregationTemporality.DELTA])
def test_metrics_of_every_shape_are_counted_once(measure, project, temporality, compression):
    provider = measure(temporality, compression)
    begun = real_now()
    work(provider.get_meter("tests"), provider.force_flush)
    provider.shutdown()  # which sends what is cumulative once more
    drain_until_empty(now=real_now())
    ledger = read_ledger(project_id=project.pk)["kinds"]["metric"]
    assert (ledger["rejected"], ledger["pending"], ledger["dead_lettered"]) == (0, 0, 0)
    assert set(Metric.objects.values_list("name", "kind", "unit")) == {
        ("coarse", "histogram", "s"),
        ("depth", "gauge", "{job}"),
        ("fine", "histogram", "s"),
        ("heat", "gauge", "Cel"),
        ("seen", "counter", "1"),
        ("sold", "counter", "{order}"),
    }
    scope = Scope(project.pk, Model.objects.get(slug="shop").pk)
    start = begun.replace(second=0, microsecond=0)

    def read(name: str, statistic: str) -> float | None:
        end = start + timedelta(minutes=2)
        return measure_window(f"metric:{name}:{statistic}", scope, start=start, end=end).value

    assert read("sold", "increase") == 3 + 4 + 10
    assert read("seen", "increase") == 12
    assert read("depth", "max") == pytest.approx(5, rel=0.01)
    assert read("heat", "max") == pytest.approx(21.5, rel=0.01)
    for name in ("coarse", "fine"):
        assert read(name, "increase") == 2 * len(TIMES)
        assert read(name, "mean") == pytest.approx(sum(TIMES) / len(TIMES), rel=1e-9)
    assert 0.1 < (read("coarse", "p50") or 0) <= 0.25  # between the bounds that it was given
    assert read("fine", "p50") == pytest.approx(0.2, rel=0.05)  # its own buckets are that fine
    assert read("fine", "p99") == pytest.approx(3.0, rel=0.05)


def work(meter: Meter, flush: Callable[[], bool]) -> None:
    """Something of every kind of instrument, told in three batches, the last of which has nothing new."""
    seen = iter((5, 12, 12, 12))

    def total(_options: CallbackOptions) -> list[Observation]:
        return [Observation(next(seen, 12))]

    sold = meter.create_counter("sold", "{order}")
    depth = meter.create_up_down_counter("depth", "{job}")
    heat = meter.create_gauge("heat", "Cel")
    coarse = meter.create_histogram("coarse", "s", explicit_bucket_boundaries_advisory=[0.1, 0.25, 0.5, 1.0])
    fine = meter.create_histogram("fine", "s")
    meter.create_observable_counter("seen", [total], "1")
    for add in (3, 4):
        sold.add(add, {"city": "Lisboa"})
        for time in TIMES:
            coarse.record(time)
            fine.record(time)
        depth.add(5 if add == 3 else -4)
        heat.set(21.5)
        assert flush()
    sold.add(10, {"city": "Porto"})
    assert flush()


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_logs_of_the_standard_library_are_lines_of_their_trace(live_server, project, headers, compression):
    loggers, tracers = LoggerProvider(RESOURCE), TracerProvider(resource=RESOURCE)
    url = live_server.url
    loggers.add_log_record_processor(
        BatchLogRecordProcessor(OTLPLogExporter(f"{url}/v1/logs", headers=headers, compression=compression))
    )
    tracers.add_span_processor(
        BatchSpanProcessor(OTLPSpanExporter(f"{url}/v1/traces", headers=headers, compression=compression))
    )
    log = logging.getLogger("shop.orders")
    with pytest.warns(DeprecationWarning, match="opentelemetry-instrumentation-logging"):
        handler = LoggingHandler(logger_provider=loggers)  # the one that people have
    log.addHandler(handler)
    try:
        with tracers.get_tracer("tests").start_as_current_span("order"):
            log.warning("order %s is late", 18, extra={"request_id": "r-1", "order": 18})
            try:
                raise KeyError("nobody")
            except KeyError:
                log.exception("lost")
    finally:
        log.removeHandler(handler)
    loggers.shutdown()
    tracers.shutdown()
    drain_until_empty(now=real_now())
    late, lost = LogRecord.objects.order_by("ts_us", "id")
    span = Span.objects.get()
    assert (late.level, late.message, late.logger, late.request_id) == (
        "warning",
        "order 18 is late",
        "shop.orders",
        "r-1",
    )
    assert payload_of(late)["extra"]["order"] == 18
    assert (lost.level, lost.message) == ("error", "lost")
    assert payload_of(lost)["exception"]["type"] == "KeyError"
    assert {late.trace_id, lost.trace_id, span.trace_id} == {span.trace_id}
    assert {payload_of(late)["span_id"], payload_of(lost)["span_id"]} == {span.event_id}


def test_an_exporter_brings_what_found_no_room(live_server, project, headers, settings, monkeypatch):
    """503 with Retry-After is what it waits for; nothing is lost, and nothing counts twice."""
    monkeypatch.setattr(backpressure, "RETRY_AFTER", 1)  # it really waits
    room = settings.INGEST
    settings.INGEST = {**room, "inbox_max_items": 0}
    heard: list[tuple[int, str | None]] = []

    def make_room(answer: Response, **_given: object) -> None:
        heard.append((answer.status_code, answer.headers.get("Retry-After")))
        settings.INGEST = room

    session = Session()
    session.hooks["response"].append(make_room)
    exporter = OTLPSpanExporter(f"{live_server.url}/v1/traces", headers=headers, session=session)
    tracers = TracerProvider(resource=RESOURCE)
    tracers.add_span_processor(BatchSpanProcessor(exporter))
    with tracers.get_tracer("tests").start_as_current_span("order"):
        pass
    assert tracers.force_flush()
    assert heard == [(503, "1"), (200, None)]
    drain_until_empty(now=real_now())
    counts = read_ledger(project_id=project.pk)["kinds"]["span"]
    assert (counts["received"], counts["stored"], counts["duplicate"]) == (1, 1, 0)
