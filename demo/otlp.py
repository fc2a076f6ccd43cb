"""Spans of the story as an exporter of OpenTelemetry writes them: OTLP in JSON, by process, times in nanoseconds."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from demo.assistant import MODEL

SCOPE = "support.assistant"
KINDS = {"INTERNAL": 1, "SERVER": 2}
NANOSECONDS = 1_000_000
FAILED = 2


def export(spans: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """An ExportTraceServiceRequest."""
    by_version: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for span in spans:
        by_version[span["version"]].append(_span(span))
    return {"resourceSpans": [_process(version, told) for version, told in by_version.items()]}


def _process(version: str, spans: list[dict[str, Any]]) -> dict[str, Any]:
    resource = {"service.name": MODEL, "service.version": version}
    scope = {"scope": {"name": SCOPE}, "spans": spans}
    return {"resource": {"attributes": _attributes(resource)}, "scopeSpans": [scope]}


def _span(span: Mapping[str, Any]) -> dict[str, Any]:
    told = {
        "traceId": span["trace_id"],
        "spanId": span["id"],
        "parentSpanId": span.get("parent_span_id", ""),
        "name": span["name"],
        "kind": KINDS[span["kind"]],
        "startTimeUnixNano": str(span["ts"] * NANOSECONDS),
        "endTimeUnixNano": str(span["end_ts"] * NANOSECONDS),
        "attributes": _attributes(span["attributes"]),
    }
    return told | {"status": {"code": FAILED, "message": span["error"]}} if span["error"] else told


def _attributes(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": name, "value": _value(value)} for name, value in values.items()]


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    return {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}
