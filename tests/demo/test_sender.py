"""The sender waits out what passes and says clearly what does not."""

import gzip
import json

import pytest

from demo.sender import HttpSender, NotAccepted, pack
from monitoring.ingest.otlp.json_body import read_traces
from tests.receiver import Receiver, receiver, reply

ITEMS = [{"id": "a", "model": "m"}, {"id": "b", "model": "m"}]


def _answers(state: Receiver, *answers: tuple[int, dict, dict]) -> None:
    left = list(answers)

    def answer(handler):
        status, body, headers = left.pop(0)
        reply(handler, status, json.dumps(body).encode(), **headers)

    state.answer = answer


def _accepted(count: int) -> tuple[int, dict, dict]:
    return 202, {"received": count, "accepted": count, "rejected": 0, "items": []}, {}


def test_a_batch_travels_as_compressed_lines_with_the_key():
    with receiver() as state:
        _answers(state, _accepted(2))
        HttpSender(f"http://127.0.0.1:{state.port}", "secret").send(pack("prediction", ITEMS))
        sent = state.received[0]
    assert (sent.method, sent.path) == ("POST", "/api/v1/predictions")
    assert sent.headers["authorization"] == "Bearer secret"
    assert [json.loads(line) for line in gzip.decompress(sent.body).splitlines()] == ITEMS


def test_spans_travel_as_an_exporter_sends_them():
    span = {"id": "b7ad6b7169203331", "trace_id": "0af7651916cd43dd8448eb211c80319c", "version": "1.9.0", "name": "s"}
    span |= {"kind": "SERVER", "ts": 1_773_100_800_000, "end_ts": 1_773_100_800_250, "error": "too late"}
    with receiver() as state:
        _answers(state, (200, {}, {}))
        HttpSender(f"http://127.0.0.1:{state.port}", "secret").send(
            pack("span", [span | {"attributes": {"n": 6, "ok": True}}])
        )
        sent = state.received[0]
    assert (sent.method, sent.path, sent.headers["content-type"]) == ("POST", "/v1/traces", "application/json")
    (process,) = read_traces(gzip.decompress(sent.body)).groups
    assert process.resource == {"service.name": "support-assistant", "service.version": "1.9.0"}
    (record,) = process.records
    assert (record.trace_id, record.span_id, record.parent_span_id) == (span["trace_id"], span["id"], "")
    assert (record.start_ns, record.end_ns) == (1_773_100_800_000_000_000, 1_773_100_800_250_000_000)
    assert (record.kind, record.status, record.status_message) == (2, 2, "too late")
    assert record.attributes == {"n": 6, "ok": True}


def test_spans_of_which_some_were_refused_are_told_in_the_panels_words():
    partial = {"partialSuccess": {"rejectedSpans": "1", "errorMessage": "timestamp_out_of_range: x"}}
    with receiver() as state:
        _answers(state, (200, partial, {}))
        with pytest.raises(NotAccepted, match="timestamp_out_of_range"):
            HttpSender(f"http://127.0.0.1:{state.port}", "k").send(pack("span", []))


def test_backpressure_is_waited_out_as_long_as_the_panel_asks():
    pauses = []
    with receiver() as state:
        _answers(state, (503, {}, {"Retry_After": "7"}), _accepted(2))
        HttpSender(f"http://127.0.0.1:{state.port}", "k", pause=pauses.append).send(pack("log", ITEMS))
        assert len(state.received) == 2
    assert pauses == [7.0]


def test_a_panel_that_is_away_is_tried_again_until_patience_ends():
    pauses = []
    sender = HttpSender("http://127.0.0.1:9", "k", patience=0.0, pause=pauses.append)
    with pytest.raises(NotAccepted, match="not reachable"):
        sender.send(pack("log", ITEMS))


def test_a_rejected_item_is_told_in_the_panels_words():
    rejected = {"index": 1, "status": "rejected", "code": "timestamp_out_of_range", "pointer": "/1/ts", "detail": "x"}
    with receiver() as state:
        _answers(state, (202, {"received": 2, "accepted": 1, "rejected": 1, "items": [rejected]}, {}))
        with pytest.raises(NotAccepted, match="timestamp_out_of_range"):
            HttpSender(f"http://127.0.0.1:{state.port}", "k").send(pack("log", ITEMS))


def test_a_refused_key_is_not_tried_twice():
    with receiver() as state:
        _answers(state, (401, {"title": "Unknown key"}, {}))
        with pytest.raises(NotAccepted, match="401"):
            HttpSender(f"http://127.0.0.1:{state.port}", "k").send(pack("log", ITEMS))
        assert len(state.received) == 1


def test_an_address_without_a_scheme_is_refused():
    with pytest.raises(ValueError, match="http://host:port"):
        HttpSender("127.0.0.1:8000", "k")
