"""Bodies that no exporter of the SDK makes, and others do: a bad part costs itself and is named, and nothing breaks later."""

import json
import time

import pytest
from django.test import Client

from lib import clock
from monitoring.drain import drain_until_empty
from monitoring.models import DeadLetter, LogRecord, Metric, Span
from monitoring.selectors.ledger import read_ledger
from monitoring.selectors.wire import event_to_wire
from tests.otlp.conftest import SPAN, TRACE

JSON = "application/json"
NUL, MAIL = "a\x00b", "ana@example.com"


def span(number: int = 1, **fields) -> dict:
    return {"traceId": TRACE, "spanId": f"{number:016x}", "startTimeUnixNano": str(time.time_ns()), **fields}


def resource(*spans, **fields) -> dict:
    return {"scopeSpans": [{"spans": list(spans)}], **fields}


def send(export, *resources, body: bytes = b"") -> tuple[int, str]:
    """How many were refused, and what was told of it."""
    body = body or json.dumps({"resourceSpans": resources}).encode()
    answer = export(body, content_type=JSON)
    assert answer.status_code == 200, answer.content
    told = answer.json().get("partialSuccess", {})
    return int(told.get("rejectedSpans", 0)), told.get("errorMessage", "")


@pytest.mark.parametrize(
    ("bad", "refused", "why"),
    [
        (None, 1, "no object"),
        ({"resource": "shop", "scopeSpans": [{"spans": [{}, {}]}]}, 2, "no object"),
        ({"resource": {"attributes": [3]}, "scopeSpans": [{"spans": [{}]}]}, 1, "an attribute is not like"),
        ({"scopeSpans": [None]}, 1, "no object"),
        ({"scopeSpans": [{"spans": {}}]}, 1, "`spans` is no list"),
        ({"scopeSpans": {}}, 1, "`scopeSpans` is no list"),
    ],
)
def test_a_resource_that_cannot_be_read_costs_only_itself(export, project, bad, refused, why):
    count, told = send(export, resource(span(1)), bad, resource(span(2)))
    assert (count, told.startswith("unreadable_record: ")) == (refused, True)
    assert why in told
    drain_until_empty(now=clock.now())
    assert Span.objects.count() == 2
    counts = read_ledger(project_id=project.pk)["kinds"]["span"]
    assert (counts["received"], counts["rejected"], counts["stored"]) == (2 + refused, refused, 2)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"startTimeUnixNano": "yesterday"}, "`startTimeUnixNano` is no whole number"),
        ({"attributes": "none"}, "`attributes` is no list"),
        ({"attributes": [{"key": "a", "value": "text"}]}, "an attribute is not like"),
        ({"attributes": [{"key": "a", "value": {"intValue": "x"}}]}, "an attribute is not like"),
        ({"attributes": [{"value": {"stringValue": "x"}}]}, "an attribute is not like"),
        ({"events": [5]}, "is no object"),
        ({"kind": "9" * 5_000}, "has the wrong type"),
    ],
)
def test_the_field_that_cannot_be_read_is_named(export, fields, why):
    count, told = send(export, resource(span(1), span(2, **fields)))
    assert count == 1
    assert why in told


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400"])
def test_numbers_that_json_does_not_have_cost_nothing(export, number):
    """`json.dumps` of Python writes them."""
    made = json.dumps({"resourceSpans": [resource(span(1, attributes=[{"key": "n", "value": {"doubleValue": 0.25}}]))]})
    count, told = send(export, body=made.replace("0.25", number).encode())
    assert (count, told.startswith("JSON has no NaN")) == (0, True)
    drain_until_empty(now=clock.now())
    assert event_to_wire(Span.objects.get())["attributes"] == {"n": str(float(number))}


def test_an_infinite_time_is_no_fault_of_ours(export):
    body = json.dumps({"resourceSpans": [resource(span(1, startTimeUnixNano=0.25))]}).replace("0.25", "Infinity")
    count, told = send(export, body=body.encode())
    assert count == 1
    assert "`startTimeUnixNano` is no whole number" in told


def test_a_byte_order_mark_is_no_harm(export):
    body = b"\xef\xbb\xbf" + json.dumps({"resourceSpans": [resource(span(1))]}).encode()
    assert send(export, body=body)[0] == 0


@pytest.mark.parametrize("depth", [50, 200, 400, 3_000])
def test_an_attribute_may_be_nested_however_deeply(export, depth):
    """It is kept, or refused by name; what is too deep for any reader costs its body, and not the panel."""
    value = '{"arrayValue": {"values": [' * depth + '{"stringValue": "x"}' + "]}}" * depth
    attribute = '[{"key": "deep", "value": ' + value + "}]"
    body = json.dumps({"resourceSpans": [resource(span(1, attributes=[]))]}).replace("[]", attribute)
    answer = export(body.encode(), content_type=JSON)
    assert answer.status_code in (200, 400)
    drain_until_empty(now=clock.now())
    assert not DeadLetter.objects.exists()


def log(export, scope: str = "shop", resources=(), **fields):
    record = {"timeUnixNano": str(time.time_ns()), "severityNumber": 9, "body": {"stringValue": "hi"}, **fields}
    told = {
        "resource": {"attributes": list(resources)},
        "scopeLogs": [{"scope": {"name": scope}, "logRecords": [record]}],
    }
    answer = export(json.dumps({"resourceLogs": [told]}).encode(), path="/v1/logs", content_type=JSON)
    assert (answer.status_code, answer.json()) == (200, {})
    drain_until_empty(now=clock.now())
    assert not DeadLetter.objects.exists()
    return event_to_wire(LogRecord.objects.get())


def test_ids_of_log_records_that_are_none_are_kept_as_text(export):
    assert log(export, traceId=NUL, spanId=SPAN)["trace_id"] == "a\ufffdb"


def test_endless_ids_of_log_records_are_cut_and_said(export):
    told = log(export, traceId="x" * 5_000, attributes=[{"key": "_truncated", "value": {"stringValue": "mine"}}])
    assert len(told["trace_id"]) == 200
    assert told["extra"]["_truncated"] == {"/trace_id": 5_000}


def test_names_and_levels_of_log_records_are_legal_and_redacted(export):
    told = log(export, scope=f"{NUL} {MAIL}", severityNumber=0, severityText=NUL)
    assert (told["logger"], told["level"]) == ("a\ufffdb [email]", "a\ufffdb")


def test_a_log_record_names_its_session(export, token):
    log(export, attributes=[{"key": "session.id", "value": {"stringValue": "s-1"}}])
    found = Client().get("/api/v1/logs?session_id=s-1", headers={"Authorization": f"Bearer {token}"}).json()
    assert [item["message"] for item in found["items"]] == ["hi"]


def test_units_of_metrics_are_legal(export):
    point = {"asInt": "3", "timeUnixNano": str(time.time_ns())}
    metric = {"name": "queue", "unit": NUL, "gauge": {"dataPoints": [point]}}
    body = json.dumps({"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]}).encode()
    assert export(body, path="/v1/metrics", content_type=JSON).status_code == 200
    drain_until_empty(now=clock.now())
    assert not DeadLetter.objects.exists()
    assert Metric.objects.get().unit == "a\ufffdb"


@pytest.mark.parametrize("signal", ["traces", "logs", "metrics"])
def test_every_signal_has_the_alias(export, signal):
    assert export(b"", path=f"/api/public/otel/v1/{signal}").status_code == 200


@pytest.mark.parametrize("path", ["/v1/traces", "/v1/logs", "/v1/metrics", "/api/public/otel/v1/traces"])
def test_what_is_no_post_is_told_so(db, path):
    for method in ("get", "put", "delete"):
        answer = getattr(Client(enforce_csrf_checks=True), method)(path)
        assert (answer.status_code, answer["Allow"], answer.json()["code"]) == (405, "POST", "method_not_allowed")


def test_a_signal_that_is_not_taken_is_told_so(db):
    answer = Client(enforce_csrf_checks=True).post("/v1/profiles", data=b"", content_type=JSON)
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert "/v1/metrics" in answer.json()["detail"]
