"""A body that is kept as its sender wrote it stores the same events as one that is written again, and hides nothing."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from models_registry.keys import create_key
from models_registry.models import Project
from monitoring.drain import drain
from monitoring.ingest import judge as judging
from monitoring.ingest.accept import Sent, accept
from monitoring.ingest.judge import Rules, Verdict, judge
from monitoring.ingest.moments import Window
from monitoring.ingest.normalise import IDENTITY
from monitoring.ingest.plain import FLAT, NESTED
from monitoring.ingest.redact import redact_default
from monitoring.items import ITEM_TYPES
from monitoring.models import BusinessEvent, DeadLetter, Feedback, InboxBody, LLMCall, LogRecord, Outcome, Prediction
from monitoring.storage.packing import unpack

NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
MODELS = (Prediction, LLMCall, Outcome, Feedback, BusinessEvent, LogRecord)
WINDOW = Window.around(NOW, oldest=timedelta(days=30), newest=timedelta(minutes=10), backfill=False)
RULES = Rules(window=WINDOW, redact=redact_default, joinable=True, max_text=1_000, max_items=5_000)
STORED = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
PURE = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])

# Values as they are written. What reading or writing again would change is among them.
GAP = st.sampled_from(["", "", "", " ", "\n\t "])
NUMBER = st.one_of(
    st.integers(-1000, 1000).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(["0", "-0", "-0.0", "1.0", "1E+2", "1e-400", "5e-324", "0.1234567890123456789", "12345678909"]),
    st.sampled_from(["1e400", "9223372036854775807", "9223372036854775808", "-9223372036854775809", "1" + "0" * 20]),
)
WORD = st.one_of(
    st.text("abcá", min_size=1, max_size=4).map(lambda text: f'"{text}"'),
    st.sampled_from(['"a"', '"São"', '"ok"', '"a: b, {c}"', '"\u2028"', '"\x7f"']),
    st.sampled_from(['""', '"S\\u00e3o"', '"\\/"', '"\\ud800"', '"\\u0000"', '"ana@x.com"', '"529.982.247-25"']),
)
SCALAR = NUMBER | WORD | st.sampled_from(["true", "false", "null"])
FRACTION = st.sampled_from(["0", "1", "0.5", "1e-1", "0.25"])
TIME = st.one_of(
    st.sampled_from(["1773154800", "1773154800.25", "1773154800123", "1773154800123.4567", "1773154800000.0"]),
    st.sampled_from(["1.7731548E+9", "17731548000e2", '"2026-03-10T15:00:00Z"', '"2026-03-10T12:00:00.5-03:00"']),
)


@st.composite
def objects(draw: st.DrawFn, members: st.SearchStrategy[list[tuple[str, str]]]) -> str:
    gap = draw(GAP)
    return "{" + ",".join(f"{gap}{name}{gap}:{value}{gap}" for name, value in draw(members)) + "}"


def members_of(values: st.SearchStrategy[str]) -> st.SearchStrategy[list[tuple[str, str]]]:
    return st.lists(st.tuples(WORD, values), max_size=2)  # a key may come twice


FLAT_OBJECT = objects(members_of(SCALAR))
ANY = st.recursive(
    SCALAR,
    lambda inner: objects(members_of(inner)) | st.lists(inner, max_size=3).map(lambda parts: f"[{','.join(parts)}]"),
    max_leaves=6,
)
SERVED = {
    "environment": WORD | st.just('"production"'),
    "status": st.sampled_from(['"ok"', '"error"']),
    "error_type": WORD,
    "latency_ms": NUMBER,
    "user_id": WORD,
    "request_id": WORD,
    "segments": FLAT_OBJECT,
    "extra": objects(members_of(ANY)),
}
ID, MODEL = WORD, st.just('"m"')
NEEDED: dict[str, dict[str, st.SearchStrategy[str]]] = {
    "prediction": {"model": MODEL, "prediction": WORD | NUMBER | st.just("[1, 2.0]")},
    "llm_call": {"model": MODEL},
    "outcome": {"prediction_id": ID, "label": WORD | NUMBER | st.just("true")},
    "feedback": {"target_id": ID, "value": SCALAR},
    "event": {"name": WORD},
    "log": {"message": WORD},
}
OPTIONAL: dict[str, dict[str, st.SearchStrategy[str]]] = {
    "prediction": {
        **SERVED,
        "features": FLAT_OBJECT,
        "score": FRACTION,
        "scores": objects(st.lists(st.tuples(WORD, FRACTION), max_size=3)),
    },
    "llm_call": {
        **SERVED,
        "prompt": ANY,
        "response": ANY,
        "context": st.just('["a", {"b": [1e2]}]'),
        "usage": st.sampled_from(['{"input": 3}', '{"input": 3, "output": null}', '{"input": 3, "input": 4}', "null"]),
        "finish_reason": st.sampled_from(['"stop"', "null", '"length"']),
        "cost_usd": FRACTION,
        "params": FLAT_OBJECT,
    },
    "outcome": {"value": NUMBER, "extra": objects(members_of(ANY))},
    "feedback": {"kind": st.sampled_from(['"thumb"', '"score"']), "comment": WORD, "user_id": WORD},
    "event": {"kind": st.just('"business"') | WORD, "value": NUMBER, "environment": st.just('"production"')},
    "log": {"level": st.sampled_from(['"info"', '"INFO"', '"error"']), "exception": ANY, "extra": FLAT_OBJECT},
}


@st.composite
def bodies(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A kind, and its items as they are written; mostly ones that are accepted as they are."""
    kind = draw(st.sampled_from(sorted(ITEM_TYPES)))
    texts = []
    for place in range(draw(st.integers(1, 3))):
        names = draw(st.lists(st.sampled_from(sorted(OPTIONAL[kind])), max_size=3, unique=draw(st.booleans())))
        members = [('"id"', f'"i{place}"'), ('"ts"', draw(TIME))]
        members += [(f'"{name}"', draw(value)) for name, value in NEEDED[kind].items()]
        members += [(f'"{name}"', draw(OPTIONAL[kind][name])) for name in names]
        texts.append(draw(objects(st.permutations(members).map(list))))
    return kind, texts


def as_array(texts: list[str]) -> bytes:
    return f"[{','.join(texts)}]".encode("utf-8", "surrogatepass")


def written_again(data: bytes, kind: str) -> Verdict:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judging, "may_stay", lambda *_: False)
        return judge(data, kind, lines=False, rules=RULES)


def said(text: bytes) -> Iterator[tuple[str, Any, bool]]:
    """Every key with its value, whether it came before in its object; nothing is dropped on the way."""
    found: list[tuple[str, Any, bool]] = []

    def note(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        found.extend((name, value, name in names[:place]) for place, (name, value) in enumerate(pairs))
        return dict(pairs)

    json.loads(text, object_pairs_hook=note)
    yield from found


@PURE
@given(body=bodies())
def test_what_is_kept_says_nothing_twice_and_nothing_that_is_hidden_elsewhere(body):
    kind, texts = body
    data = as_array(texts)
    verdict = judge(data, kind, lines=False, rules=RULES)
    if verdict.as_sent is None:
        return
    assert (verdict.as_sent, verdict.notes, verdict.rejected) == (data, [], 0)
    for name, value, again in said(data):
        assert not again, name
        if name not in IDENTITY and isinstance(value, str):
            assert redact_default(value) == value
        assert redact_default(name) == name


@PURE
@given(body=bodies())
def test_the_answer_is_the_same_and_so_is_each_item(body):
    kind, texts = body
    data = as_array(texts)
    kept = judge(data, kind, lines=False, rules=RULES)
    again = written_again(data, kind)
    assert kept.answer() == again.answer()
    assert kept.rejections == again.rejections
    read = msgspec.json.Decoder(list[ITEM_TYPES[kind]]).decode  # type: ignore[valid-type] - built at run time
    items = read(kept.stored())
    if kept.as_sent is not None:
        for item in items:
            item.ts = WINDOW.place(item.ts)
    assert items == read(again.stored())


def rows_of(project: Project) -> list[dict[str, Any]]:
    """Stored events without what no two projects have in common."""
    rows = [row for model in MODELS for row in model.objects.filter(project=project).order_by("event_id").values()]
    for row in rows:
        row["payload"] = json.loads(row["payload"])
        row["texts"] = json.loads(unpack(bytes(row.get("texts", b""))) or b"{}")
        for name in ("id", "project_id", "version_id", "target", "target_ref", "outcome_ref"):
            row.pop(name, None)
    return rows


@STORED
@given(body=bodies())
def test_the_stored_events_are_the_same_either_way(db, body):
    kind, texts = body
    data = as_array(texts)
    assume(judge(data, kind, lines=False, rules=RULES).as_sent is not None)
    stored = []
    for kept in (True, False):
        project = Project.objects.create(slug=f"p{uuid4().hex[:12]}", name="P")
        key, _ = create_key(project=project, name="k", scopes=["ingest"])
        with pytest.MonkeyPatch.context() as patch:
            if not kept:
                patch.setattr(judging, "may_stay", lambda *_: False)
            accept(Sent(kind, data, False), key=key, now=NOW)
        assert InboxBody.objects.get().as_sent is kept
        drain(now=NOW)
        assert not DeadLetter.objects.exists()
        stored.append(rows_of(project))
    assert stored[0] == stored[1]
    assert len(stored[0]) == len(texts)


ORDINARY: list[tuple[str, dict[str, Any]]] = [
    ("prediction", {"model": "m", "version": "1", "prediction": "paid", "features": {"a": 1, "b": 0.5, "c": "x"}}),
    ("prediction", {"model": "m", "score": 0.2, "status": "ok", "environment": "production", "segments": {"uf": "SP"}}),
    ("prediction", {"model": "m", "status": "error", "error_type": "Timeout", "extra": {"a": [1, {"b": "c"}]}}),
    ("llm_call", {"model": "m", "prompt": "oi", "usage": {"input": 3, "output": 0}, "finish_reason": "stop"}),
    ("llm_call", {"model": "m", "prompt": [{"role": "user", "content": "Olá!"}], "cost_usd": 0.0, "latency_ms": 3}),
    ("outcome", {"prediction_id": "p", "label": 1, "value": 3.5}),
    ("feedback", {"target_id": "p", "value": "up", "kind": "thumb", "comment": "good"}),
    ("event", {"name": "sale", "value": 10, "kind": "business"}),
    ("log", {"message": "m", "level": "info", "extra": {"k": None}}),
]


@pytest.mark.parametrize("more", [{}, {"indent": 2}, {"separators": (",", ":")}], ids=["plain", "pretty", "compact"])
@pytest.mark.parametrize(("kind", "item"), ORDINARY)
def test_ordinary_arrays_are_kept(kind, item, more):
    items = [{"id": f"i{n}", "ts": NOW.timestamp() + n, **item} for n in range(3)]
    data = json.dumps(items, ensure_ascii=False, **more).encode()
    assert judge(b"\xef\xbb\xbf\n" + data + b"\n", kind, lines=False, rules=RULES).as_sent == data


def sent(**changes: Any) -> dict[str, Any]:
    return {"id": "a", "ts": NOW.timestamp(), "model": "m", "prediction": 1, **changes}


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("prediction", json.dumps(sent())),
        ("prediction", json.dumps([sent(id="")])),
        ("prediction", json.dumps([sent(ts=None)])),
        ("prediction", json.dumps([sent(user_id="São")])),
        ("prediction", json.dumps([sent(user_id="ana@x.com")])),
        ("prediction", json.dumps([sent(unknown=1)])),
        ("prediction", json.dumps([sent(), sent(model="")])),
        ("prediction", json.dumps([sent(error_type="x" * 201)])),
        ("prediction", json.dumps([sent(ts=1)])),
        ("prediction", json.dumps([sent(features=None)])),
        ("prediction", '[{"id": "a", "ts": 1773154800, "model": "m", "prediction": "ana@x.com", "prediction": 1}]'),
        ("prediction", '[{"id": "a", "ts": 1773154800, "model": "m", "prediction": 1, "extra": {"a": 1, "a": 1}}]'),
        ("prediction", '[{"ts": 1773154800, "ts": 1773154800, "id": "a", "model": "m", "prediction": 1}]'),
        ("llm_call", '[{"id": "a", "ts": 1773154800, "model": "m", "usage": {"input": 1, "input": 1}}]'),
        ("feedback", '[{"id": "a", "ts": 1773154800, "target_id": "p", "value": 1, "kind": "thumb", "kind": "thumb"}]'),
        ("log", '[{"id": "a", "ts": 1773154800, "message": "m", "level": "INFO"}]'),
    ],
)
def test_what_must_be_written_again_is(kind, data):
    verdict = judge(data.encode(), kind, lines=False, rules=RULES)
    assert verdict.as_sent is None
    assert all(isinstance(item["ts"], int) for item in json.loads(verdict.stored()))


def test_lines_are_written_as_an_array():
    data = "\n".join(json.dumps(sent(id=str(n))) for n in range(2)).encode()
    verdict = judge(data, "prediction", lines=True, rules=RULES)
    assert [item["id"] for item in json.loads(verdict.stored())] == ["0", "1"]


def test_texts_are_not_kept_where_the_limit_cuts_them():
    data = json.dumps([sent(user_id="x" * 20)]).encode()
    assert judge(data, "prediction", lines=False, rules=replace(RULES, max_text=20)).as_sent == data
    assert judge(data, "prediction", lines=False, rules=replace(RULES, max_text=19)).as_sent is None


@pytest.mark.parametrize("kind", sorted(ITEM_TYPES))
def test_fields_whose_words_are_counted_where_they_stand_have_no_default_that_is_a_word(kind):
    """Else an item that says nothing would seem to have said it, and hide a key said twice."""
    item = ITEM_TYPES[kind]()
    assert [name for name in FLAT | set(NESTED[ITEM_TYPES[kind]]) if getattr(item, name, None) is not None] == []
