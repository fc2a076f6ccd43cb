"""Half a surrogate pair, which JSON can write and UTF-8 cannot: replaced where it stands, said, and never a failure."""

import json
import time
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from lib import clock
from monitoring.drain import drain_until_empty
from monitoring.models import LLMCall, LogRecord, Metric, Span
from monitoring.selectors.wire import payload_of
from tests.otlp.conftest import SPAN, TRACE, request

SAID = "Text that is not UTF-8, or half a surrogate pair, was replaced by U+FFFD; send JSON in UTF-8 and whole pairs."
HALF = "a\ud800b"
WHOLE = "\U0001f600 \\ud800"  # a whole pair, and a text that only looks like half of one
MENDED = "a\ufffdb"


def body(signal: str, scope: str, records: str, record: dict[str, Any]) -> bytes:
    resource = {"attributes": pairs({"service.name": "shop"})}
    return json.dumps({f"resource{signal}": [{"resource": resource, f"scope{scope}": [{records: [record]}]}]}).encode()


def pairs(attributes: dict[str, str]) -> list[dict[str, Any]]:
    return [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()]


def test_of_a_span(export):
    span = {"traceId": TRACE, "spanId": SPAN, "name": HALF, "startTimeUnixNano": str(time.time_ns())}
    told = body("Spans", "Spans", "spans", span | {"attributes": pairs({HALF: HALF, "whole": WHOLE})})
    answer = export(told, content_type="application/json")
    assert (answer.status_code, answer.json()) == (
        200,
        {"partialSuccess": {"rejectedSpans": "0", "errorMessage": SAID}},
    )
    drain_until_empty(now=clock.now())
    found = Span.objects.get()
    assert found.name == MENDED
    assert payload_of(found)["attributes"] == {MENDED: MENDED, "whole": WHOLE}


def test_of_a_log_record(export):
    record = {"timeUnixNano": str(time.time_ns()), "body": {"stringValue": HALF}}
    answer = export(body("Logs", "Logs", "logRecords", record), path="/v1/logs", content_type="application/json").json()
    assert answer == {"partialSuccess": {"rejectedLogRecords": "0", "errorMessage": SAID}}
    drain_until_empty(now=clock.now())
    assert LogRecord.objects.get().message == MENDED


def test_of_a_data_point(export):
    point = {"timeUnixNano": str(time.time_ns()), "asInt": "3", "attributes": pairs({"queue": HALF})}
    told = body("Metrics", "Metrics", "metrics", {"name": "length", "gauge": {"dataPoints": [point]}})
    answer = export(told, path="/v1/metrics", content_type="application/json").json()
    assert answer == {"partialSuccess": {"rejectedDataPoints": "0", "errorMessage": SAID}}
    drain_until_empty(now=clock.now())
    assert Metric.objects.get().attributes == {"queue": MENDED}


@pytest.mark.parametrize("id_", [HALF, "\udfff" * 32])
def test_of_an_id(export, id_):
    span = {"traceId": id_, "spanId": SPAN, "startTimeUnixNano": str(time.time_ns())}
    answer = export(body("Spans", "Spans", "spans", span), content_type="application/json").json()
    assert answer["partialSuccess"]["errorMessage"].startswith("invalid_span_id: ")


def test_of_a_score(export):
    told = json.dumps({"id": "s-1", "traceId": TRACE, "name": "tone", "value": 1, "comment": HALF}).encode()
    answer = export(told, path="/api/public/scores", content_type="application/json")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/json")
    assert answer.json()["message"].startswith("malformed: ")


def test_of_protobuf_where_it_is_no_text(export):
    told = request({"attributes": {"prompt": "aXXXb"}}).SerializeToString()
    assert export(told.replace(b"XXX", HALF[1].encode("utf-8", "surrogatepass"))).status_code == 200
    drain_until_empty(now=clock.now())
    assert payload_of(Span.objects.get())["attributes"] == {"prompt": "a\ufffd\ufffd\ufffdb"}


def test_in_the_json_of_an_attribute_it_is_read_and_shown(export, token, project, as_ana):
    """An attribute that is JSON escapes it in ASCII: the bytes are in order, and every reader has to be."""
    messages = json.dumps([{"role": "user", "parts": [{"type": "text", "content": HALF}]}])
    attributes = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "gen_ai.input.messages": messages}
    assert export(request({"attributes": attributes}).SerializeToString()).content == b""
    drain_until_empty(now=clock.now())
    assert payload_of(LLMCall.objects.get())["prompt"] == [{"role": "user", "content": MENDED}]
    assert payload_of(Span.objects.get())["attributes"] == attributes
    for kind in ("llm-calls", "spans"):
        answer = Client().get(f"/api/v1/{kind}?trace_id={TRACE}", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200
    page = as_ana.get(reverse("panel:request", args=[project.slug, TRACE]))
    assert page.status_code == 200
    assert MENDED in page.content.decode()
