"""Bodies in protobuf (opentelemetry-proto, parsed by upb) to plain values: one walk, a few fields a span."""

from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from math import isfinite
from typing import Any

from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from monitoring.ingest.otlp.mend import BrokenError, mend_texts
from monitoring.ingest.otlp.records import (
    Attributes,
    Decoded,
    Group,
    Happening,
    Link,
    LogRecord,
    PointRecord,
    SpanRecord,
    UndecodableError,
)
from monitoring.stats.points import Explicit, Exponential

MENDED = "Text that is not UTF-8 was replaced by U+FFFD; set the exporter's encoding to UTF-8."
MALFORMED = (
    "The body is no protobuf of this signal, or was cut off; send application/x-protobuf as the exporter made it."
)
NO_RECORDED_VALUE = 1  # the flag of a point that says only that there is none


def read_traces(data: bytes) -> Decoded:
    """The spans of an ExportTraceServiceRequest."""
    request, mended = _parse(ExportTraceServiceRequest(), data)
    groups = [
        Group(_attributes(told.resource.attributes), one.scope.name, one.scope.version, list(map(_span, one.spans)))
        for told in request.resource_spans
        for one in told.scope_spans
    ]
    return Decoded(groups, mended)


def read_logs(data: bytes) -> Decoded:
    """The records of an ExportLogsServiceRequest."""
    request, mended = _parse(ExportLogsServiceRequest(), data)
    groups = [
        Group(
            _attributes(told.resource.attributes), one.scope.name, one.scope.version, list(map(_log, one.log_records))
        )
        for told in request.resource_logs
        for one in told.scope_logs
    ]
    return Decoded(groups, mended)


def read_metrics(data: bytes) -> Decoded:
    """The data points of an ExportMetricsServiceRequest."""
    request, mended = _parse(ExportMetricsServiceRequest(), data)
    groups = [
        Group(
            _attributes(told.resource.attributes),
            one.scope.name,
            one.scope.version,
            [point for metric in one.metrics for point in _points(metric)],
        )
        for told in request.resource_metrics
        for one in told.scope_metrics
    ]
    return Decoded(groups, mended)


def _parse(request: Any, data: bytes) -> tuple[Any, str]:
    """upb refuses a whole body for one text that is not UTF-8: such texts are repaired, and that is said."""
    try:
        request.ParseFromString(data)
    except DecodeError:
        try:
            request.ParseFromString(mend_texts(data, request.DESCRIPTOR))
        except (BrokenError, DecodeError) as error:
            raise UndecodableError(MALFORMED) from error
        return request, MENDED
    return request, ""


def _span(span: Any) -> SpanRecord:
    status = span.status
    return SpanRecord(
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        span.name,
        span.kind,
        span.start_time_unix_nano,
        span.end_time_unix_nano,
        status.code,
        status.message,
        _attributes(span.attributes),
        [Happening(event.name, event.time_unix_nano, _attributes(event.attributes)) for event in span.events],
        [Link(link.trace_id.hex(), link.span_id.hex(), _attributes(link.attributes)) for link in span.links],
        span.trace_state,
        span.dropped_attributes_count + span.dropped_events_count + span.dropped_links_count,
    )


def _log(record: Any) -> LogRecord:
    return LogRecord(
        record.trace_id.hex(),
        record.span_id.hex(),
        record.time_unix_nano,
        record.observed_time_unix_nano,
        record.severity_number,
        record.severity_text,
        _value(record.body),
        _attributes(record.attributes),
        record.event_name,
    )


def _points(metric: Any) -> Iterator[PointRecord]:
    kind = metric.WhichOneof("data")
    if kind is None:
        return
    data = getattr(metric, kind)
    temporality, monotonic = getattr(data, "aggregation_temporality", 0), getattr(data, "is_monotonic", False)
    for point in data.data_points:
        record = PointRecord(
            metric.name,
            metric.unit,
            metric.description,
            kind,
            monotonic,
            temporality,
            _attributes(point.attributes),
            point.start_time_unix_nano,
            point.time_unix_nano,
        )
        yield record if point.flags & NO_RECORDED_VALUE else record._replace(**_POINTS[kind](point))


def _number(point: Any) -> dict[str, Any]:
    kind = point.WhichOneof("value")
    return {"value": getattr(point, kind) if kind else None}


def _explicit(point: Any) -> dict[str, Any]:
    buckets = Explicit(list(point.explicit_bounds), list(point.bucket_counts)) if point.bucket_counts else None
    return {"n": point.count, "sum": point.sum if point.HasField("sum") else None, "explicit": buckets}


def _exponential(point: Any) -> dict[str, Any]:
    above, below = point.positive, point.negative
    buckets = Exponential(
        point.scale,
        point.zero_count,
        above.offset,
        list(above.bucket_counts),
        below.offset,
        list(below.bucket_counts),
    )
    return {"n": point.count, "sum": point.sum if point.HasField("sum") else None, "exponential": buckets}


_POINTS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "gauge": _number,
    "sum": _number,
    "histogram": _explicit,
    "exponential_histogram": _exponential,
    "summary": lambda point: {"n": point.count, "sum": point.sum},
}


def _attributes(pairs: Iterable[Any]) -> Attributes:
    """Most values are texts and numbers, which are tried first: those that are not told are empty, and nothing."""
    found: Attributes = {}
    for pair in pairs:
        value = pair.value
        found[pair.key] = value.string_value or value.int_value or _value(value)
    return found


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    read = _READ.get(kind)
    return read(value) if read else getattr(value, kind)


def _double(value: Any) -> float | str:
    """JSON has no number for what is not finite."""
    number: float = value.double_value
    return number if isfinite(number) else str(number)


_READ: dict[str, Callable[[Message], Any]] = {
    "string_value": lambda value: value.string_value,
    "double_value": _double,
    "array_value": lambda value: [_value(one) for one in value.array_value.values],
    "kvlist_value": lambda value: _attributes(value.kvlist_value.values),
    "bytes_value": lambda value: b64encode(value.bytes_value).decode(),
}
