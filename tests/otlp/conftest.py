"""An exporter with a key, and bodies as exporters make them."""

import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from django.test import Client
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from models_registry.keys import create_key, forget_keys
from models_registry.models import Project
from monitoring.ingest import backpressure

Export = Callable[..., Any]
PROTOBUF = "application/x-protobuf"
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    forget_keys()
    backpressure.forget()
    yield
    forget_keys()
    backpressure.forget()


@pytest.fixture
def token(project: Project) -> str:
    return create_key(project=project, name="exporter", scopes=["ingest", "read", "backfill"])[1]


@pytest.fixture
def export(token: str) -> Export:
    """Post bytes to a path of OTLP; returns the response."""

    def send(
        body: bytes, *, path: str = "/v1/traces", content_type: str = PROTOBUF, auth: str | None = None, **headers: str
    ) -> Any:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if auth != "":
            sent["Authorization"] = auth or f"Bearer {token}"
        return Client(raise_request_exception=True).post(path, data=body, content_type=content_type, headers=sent)

    return send


def basic(user: str, password: str) -> str:
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


SCALARS = {bool: "bool_value", int: "int_value", float: "double_value", bytes: "bytes_value", str: "string_value"}


def any_value(value: Any) -> AnyValue:
    if type(value) in SCALARS:
        return AnyValue(**{SCALARS[type(value)]: value})
    found = AnyValue()
    if isinstance(value, dict):
        found.kvlist_value.values.extend(pairs(value))
    else:
        found.array_value.values.extend(map(any_value, value))
    return found


def pairs(attributes: Mapping[str, Any]) -> list[KeyValue]:
    return [KeyValue(key=key, value=any_value(value)) for key, value in attributes.items()]


def request(*spans: Mapping[str, Any], resource: Mapping[str, Any] | None = None, scope: str = "tests") -> Any:
    """An ExportTraceServiceRequest of spans told by the names of the protocol."""
    found = ExportTraceServiceRequest()
    told = found.resource_spans.add()
    told.resource.attributes.extend(pairs({"service.name": "shop", **(resource or {})}))
    one = told.scope_spans.add()
    one.scope.name = scope
    for given in spans:
        span(one.spans.add(), **given)
    return found


def span(
    into: Any,
    *,
    trace_id: str = TRACE,
    span_id: str = SPAN,
    parent_span_id: str = "",
    start_ns: int | None = None,
    end_ns: int | None = None,
    attributes: Mapping[str, Any] | None = None,
    **fields: Any,
) -> None:
    start = time.time_ns() - 60_000_000_000 if start_ns is None else start_ns
    into.trace_id, into.span_id = bytes.fromhex(trace_id), bytes.fromhex(span_id)
    into.parent_span_id = bytes.fromhex(parent_span_id)
    into.start_time_unix_nano = start
    into.end_time_unix_nano = start + 1_500_000 if end_ns is None else end_ns
    into.attributes.extend(pairs(attributes or {}))
    for name, value in fields.items():
        setattr(into, name, value)
