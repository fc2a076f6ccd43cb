"""The forms a body may take, and what its sender hears."""

import gzip
import json
from datetime import UTC, datetime, timedelta

import pytest

from lib import clock
from models_registry.keys import create_key
from monitoring.ingest.moments import epoch_us
from monitoring.models import InboxBody
from tests.ingest.conftest import prediction, stored

ITEMS = [prediction(id="a"), prediction(id="b")]
LINES = b"\n".join(json.dumps(item).encode() for item in ITEMS) + b"\n\n"


@pytest.mark.parametrize(
    ("body", "content_type", "encoding"),
    [
        (json.dumps(ITEMS).encode(), "application/json", ""),
        (b"\xef\xbb\xbf " + json.dumps(ITEMS).encode(), "application/json; charset=utf-8", "identity"),
        (LINES, "application/x-ndjson", ""),
        (LINES, "application/jsonl", ""),
        (LINES, "application/json", ""),
        (LINES.replace(b"\n", b"\r\n"), "application/x-ndjson", ""),
        (gzip.compress(LINES), "application/x-ndjson", "gzip"),
        (gzip.compress(LINES[:50]) + gzip.compress(LINES[50:]), "application/x-ndjson", "gzip"),
    ],
    ids=["array", "bom", "ndjson", "jsonl", "json", "crlf", "gzip", "two-members"],
)
def test_arrays_and_lines_plain_or_gzip_are_the_same(post, body, content_type, encoding):
    headers = {"Content_Encoding": encoding} if encoding else {}
    response = post(body, content_type=content_type, **headers)
    assert response.status_code == 202
    assert response.json() == {"received": 2, "accepted": 2, "rejected": 0, "items": []}
    assert [item["id"] for item in stored()] == ["a", "b"]


def test_one_object_spread_over_lines_is_one_item(post):
    assert post(json.dumps(prediction(), indent=2).encode()).json()["received"] == 1
    assert (
        post(json.dumps(prediction(score=float("nan")), indent=2).encode()).json()["items"][0]["pointer"] == "/0/score"
    )


def test_an_empty_array_is_accepted_and_leaves_nothing(post):
    assert post([]).json() == {"received": 0, "accepted": 0, "rejected": 0, "items": []}
    assert not InboxBody.objects.exists()


def test_the_answer_echoes_the_request_id(post):
    assert post(ITEMS, X_Request_ID="req-7")["X-Request-ID"] == "req-7"
    assert len(post(ITEMS)["X-Request-ID"]) == 32


def test_one_bad_item_costs_only_itself(post):
    body = post([prediction(id="a"), prediction(id="b", ts="2001-01-01T00:00:00Z"), prediction(id="c")]).json()
    assert (body["received"], body["accepted"], body["rejected"]) == (3, 2, 1)
    assert [(note["index"], note["status"], note["code"], note["pointer"]) for note in body["items"]] == [
        (1, "rejected", "timestamp_out_of_range", "/1/ts")
    ]
    row = InboxBody.objects.get()
    assert (row.accepted, row.rejected, row.kind) == (2, 1, "prediction")
    assert row.rejections["timestamp_out_of_range"][0] == 1


def test_a_fully_rejected_body_still_counts_in_the_ledger(post):
    assert post([{}, 5]).json()["rejected"] == 2
    row = InboxBody.objects.get()
    assert (row.accepted, row.rejected, bytes(row.items)) == (0, 2, b"[]")


def test_broken_items_inside_an_array_or_between_lines_cost_only_themselves(post):
    body = post(b'[{"model": "m", "prediction": 1}, {"model": tru}, {"model": "m", "score": NaN}]').json()
    assert [note.get("code") for note in body["items"]] == [None, "invalid_json", "not_a_number"]
    body = post(b'{"model": "m", "prediction": 1}\n{"model": \n{"model": "m", "prediction": 2}').json()
    assert (body["accepted"], body["rejected"]) == (2, 1)


def test_times_become_microseconds_and_a_missing_one_is_the_time_of_receipt(post, stopped_clock):
    now = stopped_clock
    moments = [
        now.isoformat(),
        (now - timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M:%S") + "-03:00",
        int(now.timestamp()),
        int(now.timestamp() * 1000),
        now.timestamp() + 0.25,
        None,
    ]
    assert post([prediction(ts=ts) for ts in moments]).json()["rejected"] == 0
    expected = [epoch_us(now)] * 6
    expected[4] += 250_000
    assert [item["ts"] for item in stored()] == expected


@pytest.mark.parametrize(
    ("shift", "accepted"),
    [
        (timedelta(days=-30, seconds=5), 1),
        (timedelta(days=-30, seconds=-5), 0),
        (timedelta(minutes=9), 1),
        (timedelta(minutes=11), 0),
    ],
)
def test_the_window_is_thirty_days_back_and_ten_minutes_ahead(post, stopped_clock, shift, accepted):
    assert post(prediction(ts=(stopped_clock + shift).isoformat())).json()["accepted"] == accepted


def test_backfill_lifts_the_lower_bound_only(post, project):
    key = create_key(project=project, name="import", scopes=["ingest", "backfill"])[1]
    old = datetime(2009, 5, 1, tzinfo=UTC).isoformat()
    ahead = (clock.real_now() + timedelta(hours=1)).isoformat()
    assert post(prediction(ts=old), key=key).json()["accepted"] == 1
    assert post(prediction(ts=ahead), key=key).json()["accepted"] == 0
    assert post(prediction(ts=old)).json()["accepted"] == 0


def test_items_without_an_id_get_one_and_their_sender_hears_it(post):
    note = post({"model": "m", "prediction": 1}).json()["items"][0]
    assert note == {"index": 0, "status": "accepted", "id": stored()[0]["id"]}


def test_an_idempotency_key_makes_the_same_ids_again_but_not_for_another_kind_or_place(post):
    items = [{"model": "m", "prediction": 1}, {"model": "m", "prediction": 1}]
    first, again = (post(items, Idempotency_Key="job-1").json()["items"] for _ in range(2))
    other = post([{"model": "m"}], path="llm-calls", Idempotency_Key="job-1").json()["items"]
    assert first == again
    assert len({note["id"] for note in [*first, *other]}) == 3


def test_unknown_fields_and_foreign_finish_reasons_are_kept_under_extra(post):
    post(prediction(region="south", extra={"shift": 1}, user_id=None))
    post(
        {"id": "c", "model": "m", "finish_reason": "end_turn", "usage": {"input": 3, "prompt_tokens": 3}},
        path="llm-calls",
    )
    first, call = stored()
    assert first["extra"] == {"region": "south", "shift": 1}
    assert call["finish_reason"] == "stop"
    assert call["extra"] == {"finish_reason": "end_turn", "usage": {"prompt_tokens": 3}}
    assert call["usage"] == {"input": 3}


@pytest.mark.parametrize(("said", "read"), [("MAX_TOKENS", "length"), ("vanished", "other"), ("unknown", None)])
def test_a_finish_reason_is_read_in_the_words_of_its_provider(post, said, read):
    post({"id": "c", "model": "m", "finish_reason": said}, path="llm-calls")
    [call] = stored()
    assert (call.get("finish_reason"), call["extra"]) == (read, {"finish_reason": said.lower()})


def test_while_a_demonstration_tells_of_the_past_programs_of_today_are_heard(post, settings, stopped_clock):
    today = prediction(ts=clock.real_now().isoformat())
    [refused] = post(today).json()["items"]
    assert (refused["code"], "future" in refused["detail"]) == ("timestamp_out_of_range", True)
    settings.DEMO = True
    assert post(today).json()["accepted"] == 1
    later = prediction(ts=(clock.real_now() + timedelta(hours=1)).isoformat())
    assert post(later).json()["items"][0]["code"] == "timestamp_out_of_range"


def test_numbers_are_taken_as_text_where_text_belongs(post):
    post(prediction(id=42, version=3, user_id=7))
    assert {"id": "42", "version": "3", "user_id": "7"}.items() <= stored()[0].items()


@pytest.mark.parametrize(
    ("path", "item"),
    [
        ("outcomes", {"id": "1", "prediction_id": "p", "label": 1}),
        ("outcomes", {"id": "1", "prediction_id": "p", "value": -3.5}),
        ("feedback", {"id": "1", "target_id": "p", "value": "up"}),
        ("feedback", {"id": "1", "target_id": "p", "kind": "comment", "comment": "no"}),
        ("events", {"id": "1", "kind": "deploy", "model": "m", "version": "2"}),
        ("events", {"id": "1", "name": "loan granted", "value": 1000}),
        ("logs", {"id": "1", "level": "ERROR", "message": "no", "request_id": "r", "anything": [1]}),
        ("llm-calls", {"id": "1", "model": "m", "prompt": [{"role": "user", "content": "oi"}], "response": "olá"}),
        ("predictions", {"id": "1", "model": "m", "status": "error", "error_type": "Timeout"}),
        ("predictions", {"id": "1", "model": "m", "scores": {"a": 0.2, "b": 0.8}}),
    ],
)
def test_every_kind_is_accepted_at_its_path(post, path, item):
    assert post(item, path=path).json() == {"received": 1, "accepted": 1, "rejected": 0, "items": []}


def test_a_long_text_is_cut_and_both_sides_are_told(post, settings):
    text = "á" * 1_000_000
    note = post({"id": "c", "model": "m", "prompt": [{"content": text}], "note": "x"}, path="llm-calls").json()[
        "items"
    ][0]
    assert (note["status"], note["code"], note["pointer"]) == ("accepted", "truncated", "/0/prompt/0/content")
    item = stored()[0]
    assert len(item["prompt"][0]["content"]) == settings.INGEST["max_text"]
    assert item["extra"] == {"note": "x", "_truncated": {"/prompt/0/content": 1_000_000}}
