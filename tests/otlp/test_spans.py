"""Spans from an exporter's bytes to the table and back, and what their sender hears."""

import gzip
import json
import zlib
from base64 import b64encode

import pytest
from google.protobuf.json_format import MessageToJson
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from lib import clock
from models_registry.keys import create_key
from monitoring.drain import drain_until_empty
from monitoring.models import InboxBody, Span
from monitoring.selectors.ledger import read_ledger
from monitoring.selectors.wire import event_to_wire, payload_of
from tests.otlp.conftest import PROTOBUF, SPAN, TRACE, basic, request


def drained() -> list[Span]:
    drain_until_empty(now=clock.now())
    return list(Span.objects.order_by("event_id"))


def partial(response) -> tuple[int, str]:
    found = ExportTraceServiceResponse.FromString(response.content).partial_success
    return found.rejected_spans, found.error_message


ATTRIBUTES = {
    "text": "não",
    "n": 2**53 + 1,
    "x": 0.5,
    "yes": True,
    "list": ["a", 1],
    "nested": {"k": {"l": 1}},
    "raw": b"\x00\xff",
}
READ_BACK = {**ATTRIBUTES, "raw": b64encode(b"\x00\xff").decode()}


def test_a_span_arrives_as_it_was_sent(export):
    made = request(
        {"name": "GET /", "kind": 3, "parent_span_id": "00f067aa0ba902b7", "attributes": ATTRIBUTES},
        resource={"service.version": "7"},
    )
    answer = export(made.SerializeToString())
    assert (answer.status_code, answer["Content-Type"], answer.content) == (200, PROTOBUF, b"")
    (span,) = drained()
    assert (span.trace_id, span.event_id, span.parent_span_id) == (TRACE, SPAN, "00f067aa0ba902b7")
    assert (span.name, span.kind, span.service, span.scope, span.duration_us) == (
        "GET /",
        "client",
        "shop",
        "tests",
        1500,
    )
    payload = payload_of(span)
    assert payload["attributes"] == READ_BACK
    assert payload["resource"] == {"service.name": "shop", "service.version": "7"}
    wire = event_to_wire(span)
    assert (wire["span_id"], wire["duration_ms"], wire["status"], wire["call_id"]) == (SPAN, 1.5, "unset", None)


def _otlp_json(made) -> bytes:
    """The protocol's own JSON: hexadecimal ids, numbers for enumerations."""
    told = json.loads(MessageToJson(made, use_integers_for_enums=True))
    for span in told["resourceSpans"][0]["scopeSpans"][0]["spans"]:
        span["traceId"], span["spanId"] = TRACE, SPAN
    return json.dumps(told).encode()


@pytest.mark.parametrize(
    "encode",
    [
        _otlp_json,
        lambda made: MessageToJson(made).encode(),  # base64 ids, names of enumerations
        lambda made: MessageToJson(made, preserving_proto_field_name=True).encode(),
    ],
    ids=["otlp", "base64", "snake_case"],
)
def test_json_says_the_same_as_protobuf(export, encode):
    start = 1_700_000_000_000_000_001
    made = request({"name": "chat", "kind": 2, "attributes": ATTRIBUTES, "start_ns": start, "trace_state": "a=b"})
    made.resource_spans[0].scope_spans[0].spans[0].status.code = 2
    event = made.resource_spans[0].scope_spans[0].spans[0].events.add()
    event.name, event.time_unix_nano = "exception", start
    answer = export(encode(made), content_type="application/json")
    assert (answer.status_code, answer["Content-Type"], answer.json()) == (200, "application/json", {})
    first = InboxBody.objects.get()
    export(made.SerializeToString())
    second = InboxBody.objects.latest("id")
    assert bytes(first.items) == bytes(second.items)
    (span,) = drained()
    assert (span.status, span.kind, span.ts_us) == (2, "server", start // 1000)


@pytest.mark.parametrize(
    ("encoding", "compress"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        (
            "deflate",
            lambda body: zlib.compress(body, wbits=-zlib.MAX_WBITS),
        ),  # without the header, as some clients send
        ("identity", bytes),
    ],
)
def test_bodies_may_be_compressed(export, encoding, compress):
    assert export(compress(request({}).SerializeToString()), Content_Encoding=encoding).status_code == 200
    assert len(drained()) == 1


def test_every_way_to_bring_a_key_works(export, token):
    body = request({}).SerializeToString()
    for auth in (
        f"Bearer {token}",
        f"bearer {token}",
        basic("pk", token),
        basic(token, ""),
        token,
        f"Bearer%20{token}",
        basic("pk", token).replace(" ", "%20").replace("=", "%3D"),
        basic("pk-lf", token).rstrip("="),
        basic("pk-l", token).rstrip("="),
    ):
        assert export(body, auth=auth).status_code == 200, auth
    assert export(body, auth="", X_Api_Key=token).status_code == 200
    assert export(body, path="/api/public/otel/v1/traces", auth=basic("pk-lf-1", token)).status_code == 200


@pytest.mark.parametrize("auth", ["", "Bearer no", "Basic !!", "Basic " + b64encode(b"a:b").decode(), "at_1_2"])
def test_without_a_key_nothing_is_kept(export, auth):
    answer = export(request({}).SerializeToString(), auth=auth)
    assert (answer.status_code, answer["Content-Type"]) == (401, PROTOBUF)
    assert b"not_authenticated" in answer.content
    assert not InboxBody.objects.exists()


def test_a_key_that_may_only_read_is_refused(export, project):
    _, reader = create_key(project=project, name="r", scopes=["read"])
    assert export(request({}).SerializeToString(), auth=f"Bearer {reader}").status_code == 403


def test_a_bad_span_costs_only_itself_and_is_named(export, project):
    made = request({}, {"trace_id": "", "name": "no trace"}, {"span_id": "0" * 16}, {"span_id": "1" * 16})
    answer = export(made.SerializeToString())
    assert answer.status_code == 200
    rejected, told = partial(answer)
    assert rejected == 2
    assert told.startswith("invalid_span_id: ")
    assert [span.event_id for span in drained()] == ["1" * 16, SPAN]
    counts = read_ledger(project_id=project.pk)["kinds"]["span"]
    assert (counts["received"], counts["rejected"], counts["stored"]) == (4, 2, 2)


def test_the_same_span_is_stored_once_however_often_it_is_sent(export, project):
    body = request({"name": "first"}, {"span_id": "2" * 16}).SerializeToString()
    for _ in range(2):
        export(body)
    drained()
    export(body)
    export(request({"span_id": "2" * 16}, {"span_id": "3" * 16}, {"span_id": "3" * 16}).SerializeToString())
    assert [span.event_id for span in drained()] == ["2" * 16, "3" * 16, SPAN]
    counts = read_ledger(project_id=project.pk)["kinds"]["span"]
    assert (counts["accepted"], counts["stored"], counts["duplicate"]) == (9, 3, 6)


def test_what_is_odd_is_kept_and_flagged(export):
    now = 1_700_000_000_000_000_000
    answer = export(
        request(
            {"start_ns": now, "end_ns": now - 5_000_000},
            {"span_id": "1" * 16, "start_ns": now, "end_ns": 0},
            {"span_id": "2" * 16, "start_ns": now, "attributes": {"big": "x" * 1_000_000}},
            {
                "span_id": "3" * 16,
                "start_ns": now,
                "name": "n" * 500,
                "attributes": {"nul": "a\0b", "nan": float("nan")},
            },
            {"span_id": "4" * 16, "start_ns": now, "attributes": {"vector": [0.5] * 1536}},
        ).SerializeToString()
    )
    assert (answer.status_code, answer.content) == (200, b"")
    untold, cut, odd, vector, negative = drained()
    assert negative.duration_us == -5_000
    assert payload_of(untold)["extra"]["_untold"] == ["end"]
    assert payload_of(cut)["extra"]["_truncated"] == {"/attributes/big": 1_000_000}
    assert payload_of(odd)["attributes"] == {"nul": "a\ufffdb", "nan": "nan"}
    assert payload_of(odd)["extra"]["_truncated"] == {"/name": 500}
    assert payload_of(vector)["attributes"]["vector"]["vector"] == 1536


def test_a_start_outside_the_window_is_refused_by_name(export, project):
    _, plain = create_key(project=project, name="plain", scopes=["ingest"])
    answer = export(request({"start_ns": 1_000_000_000}).SerializeToString(), auth=plain)
    assert partial(answer)[1].startswith("timestamp_out_of_range: ")


def test_personal_data_is_redacted_before_the_inbox(export):
    made = request(
        {
            "name": "mail ana@example.com",
            "attributes": {
                "prompt": "write to ana@example.com",
                "user.id": "ana@example.com",
                "gen_ai.response.id": "r@x.com",
                "deep": [{"k": "bob@example.com"}],
                "n": 1,
            },
        },
        resource={"owner": "ana@example.com"},
    )
    assert export(made.SerializeToString()).status_code == 200
    assert b"ana@" not in bytes(InboxBody.objects.get().items)
    (span,) = drained()
    payload = payload_of(span)
    assert (span.name, payload["attributes"]["prompt"]) == ("mail [email]", "write to [email]")
    assert payload["attributes"]["user.id"].startswith("[email]:")
    assert payload["attributes"]["gen_ai.response.id"] == "r@x.com"
    assert payload["attributes"]["deep"] == [{"k": "[email]"}]
    assert payload["resource"]["owner"] == "[email]"


@pytest.mark.parametrize("content_type", [PROTOBUF, "application/json"])
def test_a_body_that_is_cut_off_is_refused_by_name(export, content_type):
    made = request({"name": "chat", "attributes": {"a": "b" * 200}})
    body = made.SerializeToString() if content_type == PROTOBUF else MessageToJson(made).encode()
    for cut in (1, len(body) // 2, len(body) - 1):
        answer = export(body[:cut], content_type=content_type)
        assert answer.status_code == 400, cut
        assert answer["Content-Type"] == content_type
        assert b"bad_protobuf" in answer.content
    assert not InboxBody.objects.exists()


def test_text_that_is_not_utf8_is_repaired_and_said(export):
    body = request({"name": "chat", "attributes": {"prompt": "caXXe", "other": "b"}}).SerializeToString()
    answer = export(body.replace(b"caXXe", b"ca\xc3\xffe"))
    assert partial(answer) == (
        0,
        "Text that is not UTF-8 was replaced by U+FFFD; set the exporter's encoding to UTF-8.",
    )
    (span,) = drained()
    assert payload_of(span)["attributes"] == {"prompt": "ca\ufffd\ufffde", "other": "b"}
    body = MessageToJson(request({"span_id": "1" * 16, "attributes": {"p": "caXXe"}})).encode()
    answer = export(body.replace(b"caXXe", b"ca\xc3\xffe"), content_type="application/json").json()
    assert answer["partialSuccess"]["rejectedSpans"] == "0"
    assert payload_of(drained()[0])["attributes"] == {"p": "ca\ufffd\ufffde"}


def test_a_record_of_the_wrong_type_in_json_costs_only_itself(export):
    told = json.loads(_otlp_json(request({})))
    spans = told["resourceSpans"][0]["scopeSpans"][0]["spans"]
    spans += [{**spans[0], "spanId": "1" * 16, "attributes": [{"key": "n", "value": {"intValue": "x"}}]}, 5]
    answer = export(json.dumps(told).encode(), content_type="application/json").json()
    assert answer["partialSuccess"]["rejectedSpans"] == "2"
    assert answer["partialSuccess"]["errorMessage"].startswith("unreadable_record: ")
    assert len(drained()) == 1


def test_a_bomb_and_a_foreign_content_type_are_refused_by_name(export, settings):
    settings.INGEST = {**settings.INGEST, "otlp_max_bytes": 100_000}
    assert export(gzip.compress(bytes(10_000_000)), Content_Encoding="gzip").status_code == 413
    assert export(b"a: b", content_type="text/yaml").status_code == 415
    assert export(b"", Content_Encoding="br").status_code == 415


def test_a_large_body_becomes_several_in_the_inbox(export):
    many = [{"span_id": f"{number + 1:016x}"} for number in range(7_001)]
    assert export(request(*many).SerializeToString()).content == b""
    assert [body.accepted for body in InboxBody.objects.order_by("id")] == [3501, 3500]
    assert len(drained()) == 7_001


def test_trouble_of_the_panel_is_told_as_503_with_a_time(export, monkeypatch):
    def fail(*_given: object, **_named: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("monitoring.ingest.otlp.views.accept", fail)
    answer = export(request({}).SerializeToString())
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")


def test_spans_are_read_by_trace(export, token, client):
    export(request({"name": "a"}, {"name": "b", "span_id": "1" * 16}).SerializeToString())
    drained()
    url = f"/api/v1/spans?trace_id={TRACE.upper()}&fields=name,span_id"
    found = client.get(url, headers={"Authorization": f"Bearer {token}"}).json()
    assert {item["name"] for item in found["items"]} == {"a", "b"}
