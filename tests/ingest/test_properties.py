"""Whatever is posted: an answer, never a fault; and the fast path says what the slow path would."""

import gzip
import json
from contextlib import suppress
from datetime import timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lib import clock
from monitoring.ingest.codes import Fault, Refusal
from monitoring.ingest.decode import untyped
from monitoring.ingest.inflate import inflate
from monitoring.ingest.judge import Rules, judge
from monitoring.ingest.moments import Window
from monitoring.ingest.normalise import Normaliser
from monitoring.ingest.plain import Held, gather, needs_nothing
from monitoring.ingest.redact import redact_default
from monitoring.ingest.split import split_array
from monitoring.items import ITEM_TYPES, columns_of
from monitoring.models import InboxBody

PATHS = ["predictions", "llm-calls", "outcomes", "feedback", "events", "logs"]
FIELDS = sorted({name for kind in ITEM_TYPES.values() for name in kind.__struct_fields__})
TEXT = st.text(st.characters(), max_size=20)  # with surrogates and NUL
LEAF = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
VALUE = st.recursive(
    LEAF, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=12
)
ITEM = st.dictionaries(st.sampled_from(FIELDS) | TEXT, VALUE, max_size=8) | VALUE
POSTED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PURE = settings(max_examples=150, deadline=None)


def rules(redact=redact_default) -> Rules:
    window = Window.around(clock.real_now(), oldest=timedelta(days=30), newest=timedelta(minutes=10), backfill=False)
    return Rules(window=window, redact=redact, joinable=True, max_text=1_000, max_items=5_000)


@POSTED
@given(path=st.sampled_from(PATHS), value=ITEM | st.lists(ITEM, max_size=5))
def test_any_json_is_answered_and_every_item_is_accepted_or_rejected(post, path, value):
    before = InboxBody.objects.count()
    response = post(json.dumps(value).encode(), path=path)
    if isinstance(value, dict | list):
        assert response.status_code == 202
        body = response.json()
        assert body["received"] == body["accepted"] + body["rejected"] == (len(value) if isinstance(value, list) else 1)
        assert sum(note["status"] == "rejected" for note in body["items"]) == body["rejected"]
        assert InboxBody.objects.count() == before + (body["received"] > 0)
    else:
        assert response.status_code == 400


@POSTED
@given(path=st.sampled_from(PATHS), body=st.binary(max_size=200), gzipped=st.sampled_from(["", "gzip"]))
def test_any_bytes_are_answered(post, path, body, gzipped):
    headers = {"Content_Encoding": gzipped} if gzipped else {}
    assert post(body, path=path, **headers).status_code in {202, 400}
    assert post(body, path=path, content_type="application/x-ndjson").status_code in {202, 400}


@PURE
@given(kind=st.sampled_from(sorted(ITEM_TYPES)), value=ITEM)
@example(kind="event", value={"extra": {}})
def test_the_fast_path_accepts_exactly_what_the_slow_path_would_leave_alone(kind, value):
    item_type = ITEM_TYPES[kind]
    data = json.dumps(value).encode()
    try:
        fast = msgspec.json.decode(data, type=item_type)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return
    held = Held()
    plain = gather(columns_of([fast]), item_type, held)
    plain = plain and needs_nothing(held.texts, redact=redact_default, joinable=True, max_text=1_000)
    if not plain or b"\\u0000" in data:
        return
    assert Normaliser(redact=redact_default, max_text=1_000).normalise(untyped(data), item_type) == fast


@PURE
@given(items=st.lists(st.dictionaries(TEXT, VALUE, max_size=4), min_size=1, max_size=6))
def test_an_array_and_the_same_items_as_lines_are_judged_alike(items):
    texts = [json.dumps(item).encode() for item in items]
    array = judge(b"[" + b",".join(texts) + b"]", "log", lines=False, rules=rules())
    lines = judge(b"\n".join(texts), "log", lines=True, rules=rules())
    one, two = ([(n["index"], n["status"], n.get("code")) for n in verdict.notes] for verdict in (array, lines))
    assert one == two


@PURE
@given(items=st.lists(VALUE, min_size=1, max_size=6))
def test_the_splitter_finds_the_elements_of_any_array(items):
    parts = split_array(json.dumps(items).encode())
    assert parts is not None
    assert [json.dumps(json.loads(part)) for part in parts] == [json.dumps(item) for item in items]


@PURE
@given(data=st.binary(max_size=300), limit=st.integers(0, 300))
def test_inflating_gives_the_body_back_or_refuses_past_the_limit(data, limit):
    if len(data) <= limit:
        assert inflate(gzip.compress(data), limit=limit) == data
    else:
        with pytest.raises(Refusal):
            inflate(gzip.compress(data), limit=limit)


@PURE
@given(ts=st.text() | st.datetimes().map(str) | st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_any_moment_is_placed_inside_the_window_or_faulted(ts):
    window = rules().window
    with suppress(Fault):
        assert window.oldest <= window.place(ts) <= window.newest
