"""What is wrong with an item is said by code, pointer and sentence; the good neighbour is always kept."""

import json

import pytest

from tests.ingest.conftest import prediction

DEEP = '{"a":' * 40 + "1" + "}" * 40
ABYSS = "[" * 50_000 + "]" * 50_000


@pytest.mark.parametrize(
    ("path", "item", "code", "pointer"),
    [
        ("predictions", '{"model": "m", "score": NaN}', "not_a_number", "/score"),
        ("predictions", '{"model": "m", "score": -Infinity}', "not_a_number", "/score"),
        (
            "predictions",
            '{"model": "m", "features": {"a/b": 1e999}, "prediction": 1}',
            "not_a_number",
            "/features/a~1b",
        ),
        ("predictions", '{"model": "m", "prediction": 9223372036854775808}', "integer_out_of_range", "/prediction"),
        (
            "predictions",
            '{"model": "m", "prediction": [1, -9223372036854775809]}',
            "integer_out_of_range",
            "/prediction/1",
        ),
        (
            "predictions",
            '{"model": "m", "prediction": 1, "features": {"a": ' + "9" * 5000 + "}}",
            "integer_out_of_range",
            "/features/a",
        ),
        ("predictions", '{"model": "m", "prediction": "\\ud800"}', "lone_surrogate", "/prediction"),
        ("predictions", '{"model": "m", "prediction": "\\u0000"}', "nul_character", "/prediction"),
        ("predictions", '{"model": "m\\u0000", "prediction": 1}', "nul_character", "/model"),
        ("predictions", '{"model": "m", "prediction": 1, "\\u0000": 1}', "nul_character", ""),
        ("predictions", '{"model": "m", "prediction": 1, "x": ' + DEEP + "}", "too_deep", None),
        ("predictions", '{"model": "m", "prediction": 1, "x": ' + ABYSS + "}", "too_deep", None),
        ("predictions", '{"model": "m", "prediction": 1, "x": [' + "1," * 30_000 + "1]}", "too_many_values", None),
        ("predictions", "[1]", "not_an_object", ""),
        ("predictions", "null", "not_an_object", ""),
        ("predictions", '{"model": "m"}', "missing_field", "/prediction"),
        ("predictions", '{"prediction": 1}', "missing_field", "/model"),
        ("predictions", '{"model": "m", "score": "high"}', "wrong_type", "/score"),
        ("predictions", '{"model": "m", "prediction": 1, "features": {"x": [1]}}', "wrong_type", "/features/x"),
        ("predictions", '{"model": "m", "prediction": 1, "features": [1]}', "wrong_type", "/features"),
        ("predictions", '{"model": "m", "score": 1.5}', "out_of_range", "/score"),
        ("predictions", '{"model": "m", "prediction": 1, "latency_ms": -1}', "out_of_range", "/latency_ms"),
        ("predictions", '{"model": "m", "prediction": 1, "status": "meh"}', "unknown_value", "/status"),
        ("predictions", '{"model": "m", "prediction": 1, "id": "' + "x" * 201 + '"}', "too_long", "/id"),
        ("predictions", '{"model": "m", "prediction": 1, "ts": "2026-03-01T12:00:00"}', "naive_timestamp", "/ts"),
        ("predictions", '{"model": "m", "prediction": 1, "ts": "2026-03-01"}', "naive_timestamp", "/ts"),
        ("predictions", '{"model": "m", "prediction": 1, "ts": "yesterday"}', "invalid_timestamp", "/ts"),
        ("predictions", '{"model": "m", "prediction": 1, "ts": true}', "wrong_type", "/ts"),
        ("predictions", '{"model": "m", "prediction": 1, "ts": -5}', "timestamp_out_of_range", "/ts"),
        ("predictions", '{"model": "m", "prediction": 1, "ts": 1e308}', "timestamp_out_of_range", "/ts"),
        (
            "predictions",
            '{"model": "m", "prediction": 1, "ts": "9999-12-31T23:59:59-12:00"}',
            "timestamp_out_of_range",
            "/ts",
        ),
        ("outcomes", '{"label": 1}', "missing_field", "/prediction_id"),
        ("outcomes", '{"prediction_id": "p"}', "missing_field", "/label"),
        ("feedback", '{"value": "up"}', "missing_field", "/target_id"),
        ("feedback", '{"target_id": "p"}', "missing_field", "/value"),
        ("feedback", '{"target_id": "p", "kind": "stars", "value": 5}', "unknown_value", "/kind"),
        ("llm-calls", '{"prompt": "oi"}', "missing_field", "/model"),
        ("llm-calls", '{"model": "m", "usage": {"input": -1}}', "out_of_range", "/usage/input"),
        ("llm-calls", '{"model": "m", "prompt": 9223372036854775808}', "integer_out_of_range", "/prompt"),
        ("events", '{"value": 1}', "missing_field", "/name"),
        ("events", '{"kind": "deploy"}', "missing_field", "/model"),
        ("logs", '{"level": "info"}', "missing_field", "/message"),
    ],
)
def test_a_bad_item_is_refused_alone(post, path, item, code, pointer):
    good = {
        "predictions": prediction(),
        "outcomes": {"id": "1", "prediction_id": "p", "label": 1},
        "feedback": {"id": "1", "target_id": "p", "value": "up"},
        "llm-calls": {"id": "1", "model": "m"},
        "events": {"id": "1", "name": "n"},
        "logs": {"id": "1", "message": "m"},
    }[path]
    text = json.dumps(good)
    for body, content_type in ((f"[{text}, {item}]", "application/json"), (f"{text}\n{item}", "application/x-ndjson")):
        answer = post(body.encode(), path=path, content_type=content_type).json()
        assert (answer["accepted"], answer["rejected"]) == (1, 1)
        note = answer["items"][0]
        assert (note["index"], note["status"], note["code"]) == (1, "rejected", code)
        assert pointer is None or note["pointer"] == f"/1{pointer}"
        assert note["detail"]


def test_a_body_in_another_encoding_than_utf_8_is_named_as_such(post):
    answer = post(
        b'[{"id": "1", "model": "m", "prediction": "\xff"}, {"id": "2", "model": "m", "prediction": 1}]'
    ).json()
    assert [(note["index"], note["code"]) for note in answer["items"]] == [(0, "invalid_json")]
