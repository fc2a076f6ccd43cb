"""What was said in a call is kept once: packed by the span that told it, and read back whole whoever asks."""

import json

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from lib import clock
from models_registry.models import Project
from monitoring.drain import drain_until_empty
from monitoring.models import LLMCall, Span
from monitoring.retention import EVENTS
from monitoring.selectors.event_filters import read_filter
from monitoring.selectors.events import event_page, get_event
from monitoring.selectors.wire import event_to_wire, payload_of
from monitoring.storage.packing import needs_another, pack, unpack
from tests.otlp.conftest import request
from tests.otlp.test_calls import MS, NATIVE, START, chat, drained

QUESTION = " ".join(f"why {n} of {n * 7919 % 1009}?" for n in range(120))
ANSWER = " ".join(f"because {n * 104729 % 997}." for n in range(90))
SAID = {
    "gen_ai.input.messages": json.dumps([{"role": "user", "parts": [{"type": "text", "content": QUESTION}]}]),
    "gen_ai.output.messages": json.dumps([{"role": "assistant", "parts": [{"type": "text", "content": ANSWER}]}]),
}


@given(st.binary(max_size=2_000), st.binary(max_size=2_000), st.binary(max_size=300))
def test_whatever_is_packed_comes_back(head: bytes, both: bytes, tail: bytes):
    document, by = b"{" + both + head, b"{" + tail + both
    assert unpack(pack(document)) == document
    assert unpack(pack(document, by), by) == document
    assert not needs_another(pack(document))


def test_what_is_in_both_costs_a_few_bytes():
    document, by = json.dumps({"prompt": QUESTION}).encode(), json.dumps({"input": QUESTION, "n": 1}).encode()
    assert len(pack(document, by)) < 64 < len(pack(document)) < len(document)
    assert needs_another(pack(document, by))


def test_a_call_that_a_span_told_is_read_back_whole(project: Project, export):
    export(request(chat(attributes=SAID)).SerializeToString())
    (call,) = drained()
    told = {"prompt": [{"role": "user", "content": QUESTION}], "response": ANSWER}
    assert {name: payload_of(call)[name] for name in told} == told
    assert "sizes" not in event_to_wire(call)
    assert needs_another(bytes(call.texts))
    assert len(call.payload) + len(call.texts) < len(QUESTION) / 4
    assert QUESTION not in call.payload


def test_a_list_of_calls_asks_for_its_spans_at_once(project: Project, export, django_assert_num_queries):
    spans = [chat(span_id=f"{n:016x}", trace_id=f"{n:032x}", attributes=SAID) for n in range(1, 6)]
    for n, span in enumerate(spans):
        span["attributes"] |= {"gen_ai.response.id": f"chatcmpl-{n}"}
    export(request(*spans).SerializeToString())
    assert len(drained()) == 5
    asked = read_filter("llm_call", {}, now=clock.now())
    with django_assert_num_queries(1):
        assert {event_to_wire(call)["response"] for call in event_page("llm_call", project, asked).items} == {ANSWER}


def test_a_call_that_two_spans_tell_is_read_back_too(project: Project, export):
    """One of them has the texts, which is not the one whose key the call has."""
    export(request(chat(**NATIVE), scope="com.vendor.sdk").SerializeToString())
    drained()
    export(request(chat(attributes=SAID)).SerializeToString())
    (call,) = drained()
    assert (payload_of(call)["response"], Span.objects.filter(call_ref=call.pk).count()) == (ANSWER, 2)


def test_a_call_whose_span_is_gone_is_read_without_its_texts(project: Project, export):
    export(request(chat(attributes=SAID)).SerializeToString())
    (call,) = drained()
    Span.objects.all().delete()
    wire = event_to_wire(get_event("llm_call", project, call.pk))
    assert (wire["response_id"], "prompt" in wire) == ("chatcmpl-1", False)


def test_calls_are_dropped_before_the_spans_that_they_are_packed_by():
    assert EVENTS.index(LLMCall) < EVENTS.index(Span)


def test_a_call_that_begins_after_its_span_is_packed_alone(project: Project, export):
    """Retention goes by the beginning: the span is dropped sooner, a day sooner where midnight is in between."""
    later = {**SAID, "duration": 0.2, "logfire.json_schema": "{}", "gen_ai.response.id": "chatcmpl-9"}
    export(request(chat(attributes=later), scope="logfire.openai").SerializeToString())
    drain_until_empty(now=clock.now())
    call, span = LLMCall.objects.get(), Span.objects.get()
    assert call.ts_us > span.ts_us
    assert not needs_another(bytes(call.texts))
    assert payload_of(call)["response"] == ANSWER


@pytest.mark.parametrize("name", ["prompt", "response"])
def test_a_call_of_the_rest_api_is_packed_alone(client: Client, token: str, name: str):
    item = {"id": "c-1", "model": "bot", "ts": START // MS, name: QUESTION}
    sent = client.post(
        "/api/v1/llm-calls", item, content_type="application/json", headers={"Authorization": f"Bearer {token}"}
    )
    assert sent.status_code == 202
    (call,) = drained()
    assert payload_of(call)[name] == QUESTION
    assert len(call.texts) < len(QUESTION) / 2
    assert not needs_another(bytes(call.texts))
