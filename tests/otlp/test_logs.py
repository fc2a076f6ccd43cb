"""Log records of OpenTelemetry become ordinary log lines, and a batch that is sent again counts once."""

import json
import time

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse

from lib import clock
from lib.clock import real_now
from monitoring.drain import drain_until_empty
from monitoring.models import Feedback, LogRecord
from monitoring.selectors.ledger import read_ledger
from monitoring.selectors.wire import payload_of
from tests.otlp.conftest import SPAN, TRACE, any_value, pairs


def lines(*records) -> bytes:
    made = ExportLogsServiceRequest()
    told = made.resource_logs.add()
    told.resource.attributes.extend(pairs({"service.name": "shop"}))
    one = told.scope_logs.add()
    one.scope.name = "shop.orders"
    for given in records:
        record = one.log_records.add()
        fields = {"time_unix_nano": time.time_ns(), "severity_number": 9, **given}
        record.body.CopyFrom(any_value(fields.pop("body", "hello")))
        record.attributes.extend(pairs(fields.pop("attributes", {})))
        for name, value in fields.items():
            setattr(record, name, value)
    return made.SerializeToString()


def drained() -> list[LogRecord]:
    drain_until_empty(now=clock.now())
    return list(LogRecord.objects.order_by("id"))


def test_a_record_becomes_a_line(export):
    attributes = {
        "request_id": "r-1",
        "user.id": "u-1",
        "order": 7,
        "exception.type": "KeyError",
        "exception.message": "k",
    }
    body = lines(
        {
            "severity_number": 17,
            "severity_text": "ERROR",
            "body": "lost an order",
            "attributes": attributes,
            "trace_id": bytes.fromhex(TRACE),
            "span_id": bytes.fromhex(SPAN),
        }
    )
    answer = export(body, path="/v1/logs")
    assert (answer.status_code, answer.content) == (200, b"")
    (line,) = drained()
    assert (line.level, line.logger, line.message) == ("error", "shop.orders", "lost an order")
    assert (line.request_id, line.user_id, line.trace_id) == ("r-1", "u-1", TRACE)
    payload = payload_of(line)
    assert payload["span_id"] == SPAN
    assert payload["exception"] == {"type": "KeyError", "message": "k"}
    assert payload["extra"]["order"] == 7
    assert payload["extra"]["resource"] == {"service.name": "shop"}


def test_a_structured_body_is_kept_whole(export):
    export(lines({"body": {"role": "user", "content": "hi"}, "event_name": "gen_ai.user.message"}), path="/v1/logs")
    (line,) = drained()
    assert line.message == "gen_ai.user.message"
    assert payload_of(line)["extra"]["body"] == {"role": "user", "content": "hi"}


def test_a_batch_that_is_sent_again_counts_once(export, project):
    body = lines({"body": "a"}, {"body": "b"})
    for _ in range(3):
        export(body, path="/v1/logs")
    assert [line.message for line in drained()] == ["a", "b"]
    counts = read_ledger(project_id=project.pk)["kinds"]["log"]
    assert (counts["accepted"], counts["stored"], counts["duplicate"]) == (6, 2, 4)


def test_a_record_out_of_time_is_refused_by_name(export):
    answer = export(lines({}, {"time_unix_nano": 2**63}), path="/v1/logs")
    found = ExportLogsServiceResponse.FromString(answer.content).partial_success
    assert found.rejected_log_records == 1
    assert found.error_message.startswith("timestamp_out_of_range: ")


def test_personal_data_is_redacted(export):
    export(lines({"body": "mail ana@example.com", "attributes": {"to": "ana@example.com"}}), path="/v1/logs")
    (line,) = drained()
    assert line.message == "mail [email]"
    assert payload_of(line)["extra"]["to"] == "[email]"


@pytest.mark.parametrize("many", [True, False])
def test_scores_become_feedback(export, many):
    score = {
        "id": "s-1",
        "traceId": TRACE,
        "observationId": SPAN,
        "name": "helpful",
        "value": 1,
        "dataType": "BOOLEAN",
        "comment": "thanks",
    }
    sent = [score, {"traceId": TRACE, "name": "nothing"}] if many else score
    answer = export(json.dumps(sent).encode(), path="/api/public/scores", content_type="application/json")
    if many:
        assert answer.status_code == 207
        assert answer.json()["successes"] == [{"id": "s-1", "status": 201}]
        assert answer.json()["errors"][0]["status"] == 400
        assert (answer.json()["accepted"], answer.json()["rejected"]) == (1, 1)
    else:
        assert (answer.status_code, answer.json()) == (200, {"id": "s-1"})
    drained()
    said = Feedback.objects.get()
    assert (said.kind, said.value, said.comment, said.user_id) == ("thumb", "up", "thanks", "score:helpful")
    assert payload_of(said)["target_id"] == f"{TRACE}:{SPAN}"


def test_an_array_of_scores_that_are_all_taken_is_no_error_to_anybody(export):
    """The SDK logs an error wherever there are counts."""
    sent = [{"id": f"s-{n}", "traceId": TRACE, "name": "n", "value": n} for n in range(2)]
    answer = export(json.dumps(sent).encode(), path="/api/public/scores", content_type="application/json")
    assert (answer.status_code, answer.json()["message"], "accepted" in answer.json()) == (202, "Accepted", False)


def test_scores_in_a_batch_of_events_become_feedback_once(export):
    """As langfuse 3.15.0 sends them."""
    body = {"traceId": TRACE, "observationId": SPAN, "name": "helpful", "value": 0.5, "dataType": "NUMERIC"}
    events = [
        {"id": "e-1", "type": "score-create", "timestamp": real_now().isoformat(), "body": {"id": "s-1", **body}},
        {"id": "e-2", "type": "score-create", "timestamp": real_now().isoformat(), "body": body},
        {"id": "e-3", "type": "trace-create", "body": {"id": TRACE}},
        {"id": "e-4", "type": "score-create", "body": {"name": "about nothing", "value": 1}},
        {"id": "e-5", "type": "score-create", "body": 5},
    ]
    for _ in range(2):
        sent = json.dumps({"batch": events, "metadata": {"sdk_name": "python"}}).encode()
        answer = export(sent, path="/api/public/ingestion", content_type="application/json")
        assert answer.status_code == 207
        assert [one["id"] for one in answer.json()["successes"]] == ["e-1", "e-2"]
        assert [one["id"] for one in answer.json()["errors"]] == ["e-3", "e-4", "e-5"]
    assert "OpenTelemetry" in answer.json()["errors"][0]["message"]
    drained()
    assert {said.event_id: said.value for said in Feedback.objects.all()} == {"s-1": "0.5", "e-2": "0.5"}
    assert payload_of(Feedback.objects.first())["target_id"] == f"{TRACE}:{SPAN}"


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"batch": 5}', b'{"batch": [5]}', b"{"])
def test_a_batch_that_is_none_is_refused(export, body):
    answer = export(body, path="/api/public/ingestion", content_type="application/json")
    assert (answer.status_code, "malformed" in answer.json()["message"]) == (400, True)
    assert export(body, path="/api/public/ingestion").status_code == 415


def test_scores_that_are_none_are_refused(export):
    for body in (b"[]", b"5", b"{", b'["a"]', b"{}"):
        assert export(body, path="/api/public/scores", content_type="application/json").status_code == 400
