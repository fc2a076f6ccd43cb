"""What an exporter hears, in the encoding that it speaks: success, partial success, or a status.

Exporters drop a batch on 400, 401, 403, 413 and 500, and send it again on 429, 502 and 503 after Retry-After. So bad records are
answered with 200 and told in `partial_success`, and trouble of the panel's own with 503.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from structlog.contextvars import get_contextvars

from monitoring.ingest.door import Answer

PROTOBUF, JSON = "application/x-protobuf", "application/json"
REASONS = {
    200: "200 OK",
    400: "400 Bad Request",
    401: "401 Unauthorized",
    403: "403 Forbidden",
    413: "413 Content Too Large",
    415: "415 Unsupported Media Type",
    429: "429 Too Many Requests",
    503: "503 Service Unavailable",
}
# google.rpc.Code of each HTTP status (googleapis, google/rpc/code.proto).
CODES = {400: 3, 401: 16, 403: 7, 413: 8, 415: 3, 429: 8, 503: 14}
FIELDS = {"span": "rejectedSpans", "log": "rejectedLogRecords", "metric": "rejectedDataPoints"}
COUNTED = {"span": "rejected_spans", "log": "rejected_log_records", "metric": "rejected_data_points"}
REQUEST_INFO = "type.googleapis.com/google.rpc.RequestInfo"  # googleapis, google/rpc/error_details.proto
RESPONSES: dict[str, Callable[[], Any]] = {
    "span": ExportTraceServiceResponse,
    "log": ExportLogsServiceResponse,
    "metric": ExportMetricsServiceResponse,
}
_encode = msgspec.json.Encoder().encode


def success(kind: str, media: str, *, rejected: int, told: str) -> Answer:
    """200; with `partial_success` where something was refused or must be told."""
    if media == PROTOBUF:
        return Answer(REASONS[200], [("Content-Type", PROTOBUF)], _protobuf(kind, rejected, told))
    partial = {"partialSuccess": {FIELDS[kind]: str(rejected), "errorMessage": told}} if rejected or told else {}
    return Answer(REASONS[200], [("Content-Type", JSON)], _encode(partial))


def failure(status: int, media: str, detail: str, *, retry_after: int | None = None) -> Answer:
    """A google.rpc.Status, as the protocol wants it; its `details` name the request, as problems of the API do."""
    headers = [("Content-Type", media)]
    if retry_after is not None:
        headers.append(("Retry-After", str(retry_after)))
    if status == 401:
        headers.append(("WWW-Authenticate", 'Bearer realm="Atalaia"'))
    code, request_id = CODES[status], str(get_contextvars().get("request_id", ""))
    if media == PROTOBUF:
        any_of = _field(1, REQUEST_INFO.encode()) + _field(2, _field(1, request_id.encode()))
        body = bytes([0x08, code]) + _field(2, detail.encode()[:16_000]) + _field(3, any_of)
    else:
        details = [{"@type": REQUEST_INFO, "requestId": request_id}]
        body = _encode({"code": code, "message": detail, "details": details})
    return Answer(REASONS[status], headers, body)


def _protobuf(kind: str, rejected: int, told: str) -> bytes:
    if not rejected and not told:
        return b""  # every field of the answer at its default
    answer = RESPONSES[kind]()
    setattr(answer.partial_success, COUNTED[kind], rejected)
    answer.partial_success.error_message = told
    encoded: bytes = answer.SerializeToString()
    return encoded


def _field(number: int, value: bytes) -> bytes:
    """A field of bytes, text or a message, of less than 16 KiB: its tag, its length as a varint of at most 14 bits, itself."""
    size = len(value)
    length = [size] if size < 0x80 else [size & 0x7F | 0x80, size >> 7]
    return bytes([number << 3 | 2, *length]) + value
