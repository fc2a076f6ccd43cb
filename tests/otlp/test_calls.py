"""Spans and log records that tell a call become one call, counted once, in any order and however often they come."""

import itertools
import json
import time
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib import clock
from models_registry.models import Project
from monitoring.drain import drain_until_empty
from monitoring.models import Bucket, EventKey, Feedback, InboxBody, LLMCall, LogRecord, Span, UserDay
from monitoring.selectors.wire import event_to_wire
from monitoring.summaries.recount import recount
from tests.otlp.conftest import TRACE, request
from tests.otlp.test_logs import lines

START = (time.time_ns() // 10**9 - 3600) * 10**9
MS = 1_000_000
LATER = START + 60_000 * MS


def chat(**changes: Any) -> dict[str, Any]:
    """A span of a call as OpenTelemetry's own instrumentation tells it."""
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o-mini",
        "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
        "gen_ai.response.id": "chatcmpl-1",
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 20,
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.input.messages": json.dumps([{"role": "user", "parts": [{"type": "text", "content": "hi"}]}]),
        "user.id": "u-1",
        **changes.pop("attributes", {}),
    }
    return {
        "name": "chat gpt-4o-mini",
        "kind": 3,
        "start_ns": START,
        "end_ns": START + 800 * MS,
        "attributes": {name: value for name, value in attributes.items() if value is not None},
        **changes,
    }


def agent(**changes: Any) -> dict[str, Any]:
    """A step around calls, as frameworks of agents tell it."""
    return {"name": "agent", "start_ns": START - MS, "end_ns": START + 900 * MS, **changes}


def drained() -> list[LLMCall]:
    drain_until_empty(now=clock.now())
    now = clock.now()
    assert recount(start=now - timedelta(days=2), end=now + timedelta(days=1)) == []
    return list(LLMCall.objects.select_related("version__model").order_by("ts_us", "event_id"))


def test_a_span_of_a_call_becomes_a_call(export):
    resource = {"service.name": "Shop Bot", "service.version": "1.4", "deployment.environment.name": "staging"}
    export(request(chat(), resource=resource).SerializeToString())
    (call,) = drained()
    wire = event_to_wire(call)
    assert (wire["model"], wire["version"], wire["environment"]) == ("shop-bot", "1.4", "staging")
    assert (wire["id"], wire["response_id"], wire["provider"]) == (f"{TRACE}:b7ad6b7169203331", "chatcmpl-1", "openai")
    assert (wire["usage"], wire["finish_reason"]) == ({"input": 100, "output": 20}, "stop")
    assert (wire["latency_ms"], wire["user_id"], wire["pricing_state"]) == (800.0, "u-1", "priced")
    assert wire["extra"]["otel"]["dialect"] == "genai"
    assert Span.objects.get().call_ref == call.pk
    assert UserDay.objects.get().calls == 1


def test_chains_and_tools_are_spans_and_no_calls(export):
    attributes = {"gen_ai.operation.name": "execute_tool", "gen_ai.request.model": "gpt-4o-mini"}
    export(request({"attributes": attributes}, {"span_id": "1" * 16, "attributes": {}}).SerializeToString())
    assert drained() == []
    assert set(Span.objects.values_list("role", flat=True)) == {"tool", "span"}


NATIVE = {
    "span_id": "1" * 16,
    "trace_id": "2" * 32,
    "start_ns": START + 10 * MS,
    "end_ns": START + 700 * MS,
    "attributes": {"gen_ai.input.messages": None, "user.id": None, "gen_ai.usage.cache_read.input_tokens": 40},
}


@pytest.mark.parametrize("agent_first", [True, False])
def test_a_call_is_of_whom_the_agent_around_it_is(export, agent_first):
    """Agno, MLflow and older Langfuse name person and conversation on the agent's span alone."""
    attributes = {"session.id": "s-9", "user.id": "u-9", "http.request.header.x-request-id": ["r-9"]}
    around = request(agent(span_id="1" * 16, attributes=attributes), scope="framework").SerializeToString()
    within = request(chat(parent_span_id="2" * 16, attributes={"user.id": None})).SerializeToString()
    for body in (around, within) if agent_first else (within, around):
        export(body)
        drain_until_empty(now=clock.now())
    (call,) = drained()
    assert (call.user_id, call.session_id, call.request_id) == ("u-9", "s-9", "r-9")
    assert UserDay.objects.get().user_id == "u-9"
    assert Span.objects.filter(call_ref=None).get().bears


def test_a_call_says_first_whose_it_is(export):
    around = agent(span_id="1" * 16, attributes={"user.id": "u-9", "session.id": "s-9"})
    export(request(around, chat(parent_span_id="1" * 16)).SerializeToString())
    (call,) = drained()
    assert (call.user_id, call.session_id) == ("u-1", "s-9")


def test_a_call_that_two_instrumentations_saw_is_counted_once(export):
    export(request(chat()).SerializeToString())
    assert len(drained()) == 1
    export(request(chat(**NATIVE), scope="com.vendor.sdk").SerializeToString())
    (call,) = drained()
    assert set(Span.objects.values_list("call_ref", flat=True)) == {call.pk}
    assert UserDay.objects.get().calls == 1
    assert event_to_wire(call)["usage"] == {"input": 60, "cached_input": 40, "output": 20}


def test_two_calls_that_turn_out_to_be_one_are_one(export):
    """The record in the middle tells that they are: its span is the one's and its parent the other's."""
    bare = {"gen_ai.response.id": None}
    export(request(chat(attributes=bare)).SerializeToString())
    export(request(chat(span_id="3" * 16, parent_span_id="4" * 16, attributes=bare), scope="other").SerializeToString())
    assert len(drained()) == 2
    between = chat(span_id="4" * 16, parent_span_id="b7ad6b7169203331", attributes=bare)
    export(request(between, scope="third").SerializeToString())
    assert len(drained()) == 1


def test_feedback_reaches_a_call_by_every_name_it_has(export, client, token):
    said = [
        {"id": f"f{place}", "target_id": target, "kind": "thumb", "value": "up", "user_id": f"u{place}"}
        for place, target in enumerate([f"{TRACE}:b7ad6b7169203331", "b7ad6b7169203331", "chatcmpl-1"])
    ]
    headers = {"Authorization": f"Bearer {token}"}

    def say(items: list[dict[str, Any]]) -> None:
        client.post("/api/v1/feedback", data=items, content_type="application/json", headers=headers)

    say(said[:1])
    drain_until_empty(now=clock.now())
    export(request(chat()).SerializeToString())
    say(said[1:2])
    assert [call.feedback_up for call in drained()] == [2]
    say(said[2:])
    assert [call.feedback_up for call in drained()] == [3]
    export(request(chat(**NATIVE), scope="com.vendor.sdk").SerializeToString())
    say([{**said[0], "id": "late", "target_id": "1" * 16, "user_id": "u9"}])
    (call,) = drained()
    assert call.feedback_up == 4
    assert set(Feedback.objects.values_list("target_ref", flat=True)) == {call.pk}


DETAILS = {
    "event_name": "gen_ai.client.inference.operation.details",
    "trace_id": bytes.fromhex(TRACE),
    "span_id": bytes.fromhex("b7ad6b7169203331"),
    "time_unix_nano": START + 800 * MS,
    "body": "",
    "attributes": {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-4o-mini",
        "gen_ai.response.id": "chatcmpl-1",
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 20,
    },
}


@pytest.mark.parametrize("log_first", [True, False])
def test_a_log_record_beside_its_span_is_the_same_call(export, log_first):
    sent = [(lines(DETAILS), "/v1/logs"), (request(chat()).SerializeToString(), "/v1/traces")]
    for body, path in sent if log_first else reversed(sent):
        export(body, path=path)
        drain_until_empty(now=clock.now())
    (call,) = drained()
    otel = event_to_wire(call)["extra"]["otel"]
    assert (len(otel["spans"]), len(otel["logs"])) == (1, 1)


def test_a_call_that_a_client_sent_too_is_counted_there(export, client, token):
    sent = {"id": "chatcmpl-1", "model": "shop", "response_id": "chatcmpl-1"}
    headers = {"Authorization": f"Bearer {token}"}
    client.post("/api/v1/llm-calls", data=sent, content_type="application/json", headers=headers)
    drain_until_empty(now=clock.now())
    export(request(chat()).SerializeToString())
    (call,) = drained()
    assert call.event_id == "chatcmpl-1"
    assert Span.objects.get().call_ref == call.pk


FAILED = {"gen_ai.response.id": None, "gen_ai.usage.input_tokens": None, "gen_ai.usage.output_tokens": None}
FAILED |= {"gen_ai.response.model": None, "gen_ai.response.finish_reasons": None, "error.type": "RateLimitError"}
NOBODY = {"gen_ai.response.id": None, "user.id": None}
POOL: list[tuple[bytes, str]] = [
    (
        request(agent(span_id="c" * 16, trace_id="6" * 32, attributes={"user.id": "u-6"})).SerializeToString(),
        "/v1/traces",
    ),
    (
        request(
            agent(
                span_id="d" * 16,
                trace_id="6" * 32,
                attributes={"session.id": "s-6", "gen_ai.prompt.name": "night", "gen_ai.prompt.version": "2"},
            ),
            agent(span_id="e" * 16, trace_id="b" * 32, attributes={"request.id": "r-b"}),
            agent(span_id="f" * 16, trace_id="c" * 32, attributes={"user.id": "nobody's"}),
            scope="framework",
        ).SerializeToString(),
        "/v1/traces",
    ),
    (request(chat()).SerializeToString(), "/v1/traces"),
    (request(chat(**NATIVE), scope="com.vendor.sdk").SerializeToString(), "/v1/traces"),
    (lines(DETAILS), "/v1/logs"),
    (
        request(
            chat(span_id="5" * 16, trace_id="6" * 32, attributes=NOBODY | {"gen_ai.response.id": "chatcmpl-2"}),
            chat(span_id="7" * 16, trace_id="6" * 32, parent_span_id="5" * 16, attributes=NOBODY),
            scope="a",
        ).SerializeToString(),
        "/v1/traces",
    ),
    (
        request(
            chat(span_id="8" * 16, trace_id="6" * 32, parent_span_id="7" * 16, attributes=NOBODY),
            scope="b",
        ).SerializeToString(),
        "/v1/traces",
    ),
    (
        request(
            chat(span_id="9" * 16, trace_id="a" * 32, start_ns=LATER, end_ns=LATER + 800 * MS, attributes=FAILED),
            scope="com.anthropic.sdk.python",
        ).SerializeToString(),
        "/v1/traces",
    ),
    (
        request(
            chat(
                span_id="a" * 16,
                trace_id="b" * 32,
                start_ns=LATER + MS,
                end_ns=LATER + 700 * MS,
                attributes=FAILED,
            ),
            scope="opentelemetry.instrumentation.anthropic",
        ).SerializeToString(),
        "/v1/traces",
    ),
]


def _state() -> Any:
    """What the panel would show, but for the order of arrival."""
    calls = []
    refs = {}
    for call in LLMCall.objects.select_related("version__model", "price").order_by("event_id"):
        wire = event_to_wire(call)
        wire.pop("ingested_at")
        wire["extra"]["otel"].pop("spans", None)
        wire["extra"]["otel"].pop("logs", None)
        refs[call.pk] = wire["id"]
        calls.append(wire)
    spans = sorted((span.event_id, refs.get(span.call_ref)) for span in Span.objects.all())
    sums = sorted(
        (b.series.metric, b.series.key, b.tier, b.start, b.n, b.total, bytes(b.bins))
        for b in Bucket.objects.select_related("series")
        if b.n or b.total or b.bins
    )
    users = sorted(UserDay.objects.values_list("user_id", "calls", "costed", "cost_nano"))
    keys = sorted((bytes(key.key), refs.get(key.ref)) for key in EventKey.objects.filter(kind="llm_call"))
    return calls, spans, sums, users, keys, LogRecord.objects.count()


def _play(export: Any, order: list[int], pauses: list[bool]) -> Any:
    for model in (LLMCall, Span, LogRecord, EventKey, Bucket, UserDay, InboxBody):
        model.objects.all().delete()
    for place, pause in zip(order, itertools.chain(pauses, itertools.repeat(False)), strict=False):
        body, path = POOL[place]
        assert export(body, path=path).status_code == 200
        if pause:
            drain_until_empty(now=clock.now())
    drained()
    return _state()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    order=st.permutations(range(len(POOL))),
    again=st.lists(st.integers(0, len(POOL) - 1), max_size=4),
    pauses=st.lists(st.booleans(), max_size=12),
)
def test_any_order_any_repetition_and_any_split_give_the_same_state(project: Project, export, order, again, pauses):
    expected = _play(export, list(range(len(POOL))), [])
    assert len(expected[0]) == 3  # of twelve spans and a record
    inherited = [tuple(map(call.get, ("user_id", "session_id", "prompt_version"))) for call in expected[0]]
    assert inherited.count(("u-6", "s-6", "2")) == 1
    assert [call.get("request_id") for call in expected[0]].count("r-b") == 1
    assert _play(export, [*order, *again], pauses) == expected


def test_spans_are_found_by_the_model_and_version_of_their_call(export, client, token):
    resource = {"service.name": "Shop Bot", "service.version": "1.4"}
    export(request(agent(span_id="a" * 16), chat(span_id="b" * 16), resource=resource).SerializeToString())
    drained()

    def found(query: str) -> list[str]:
        answer = client.get(f"/api/v1/spans?{query}", headers={"authorization": f"Bearer {token}"})
        return [item["span_id"] for item in answer.json()["items"]]

    assert found("model=shop-bot") == found("model=shop-bot&version=1.4") == ["b" * 16]
    assert found("model=shop-bot&version=2") == found("model=nope") == []
