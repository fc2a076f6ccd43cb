"""Sightings become calls whatever their order, their number and the steps in which they are merged."""

import json
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.llm.dialects.merge import merge
from monitoring.llm.dialects.read import read_log, read_span
from monitoring.llm.dialects.same_call import same_call
from monitoring.llm.dialects.seen import Reading, Seen

START = 1_795_000_000_000_000
MS = 1_000


def span(
    scope: str, number: int, start_ms: float, end_ms: float, *, trace: int = 1, parent: int = 0, **more
) -> Reading:
    attributes = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o"}
    attributes |= {f"gen_ai.{name.replace('__', '.')}" if "__" in name else name: value for name, value in more.items()}
    found = read_span(
        Seen(
            trace_id=f"{trace:032x}",
            span_id=f"{number:016x}",
            parent_span_id=f"{parent:016x}" if parent else "",
            scope=scope,
            start_us=START + int(start_ms * MS),
            end_us=START + int(end_ms * MS),
            attributes={name: value for name, value in attributes.items() if value is not None},
        )
    )
    assert found is not None
    return found


def failed(scope: str, number: int, start_ms: float, end_ms: float, **more) -> Reading:
    found = span(scope, number, start_ms, end_ms, **more)
    found.call["status"] = "error"
    return found


def half(number: int, start_ms: float, end_ms: float, **more) -> Reading:
    return span("logfire.openai", number, start_ms, end_ms, trace=number, **more)


def test_a_streamed_call_in_two_spans_of_two_traces_is_one_call():
    head, tail = half(1, 0, 6), half(2, 180, 180, duration=0.176, response__id="r")
    assert sets([head, tail]) == {ids(1, 2)}
    call = merge([tail, head])
    assert (call.start_us, call.call["latency_ms"], call.call["response_id"]) == (START, 176.0, "r")
    later = [half(3, 200, 206), half(4, 390, 390, duration=0.183, response__id="r2")]
    assert sets([head, tail, *later]) == {ids(1, 2), ids(3, 4)}
    assert sets([tail, later[0]]) == {ids(2), ids(3)}


def sets(readings: list[Reading]) -> set[frozenset[str]]:
    """The groups as sets of span ids, so that places do not matter."""
    return {
        frozenset(sighting.span_id for place in group for sighting in readings[place].sightings)
        for group in same_call(readings)
    }


def ids(*numbers: int) -> frozenset[str]:
    return frozenset(f"{number:016x}" for number in numbers)


def test_the_same_response_id_in_two_traces_is_one_call():
    one, two = span("a", 1, 0, 50, response__id="r1"), span("b", 2, 2, 48, trace=2, response__id="r1")
    assert sets([one, two]) == {ids(1, 2)}


def test_an_id_that_a_local_server_uses_again_is_another_call():
    again = span("b", 2, 60_000, 60_048, trace=2, response__id="r1")
    assert sets([span("a", 1, 0, 50, response__id="r1"), again]) == {ids(1), ids(2)}


def test_two_spans_of_one_witness_with_one_id_are_two_calls_as_a_cache_answers():
    one, two = span("a", 1, 0, 50, response__id="r1"), span("a", 2, 60, 61, response__id="r1")
    assert sets([one, two]) == {ids(1), ids(2)}


def test_a_span_inside_another_is_the_same_call_without_any_id():
    assert sets([span("a", 1, 0, 50), span("b", 2, 2, 48, parent=1)]) == {ids(1, 2)}


def test_a_retry_inside_a_call_is_told_apart_by_the_id_of_its_answer():
    outer = span("langchain", 1, 0, 90, response__id="r2")
    failed, ok = span("openai", 2, 1, 20, parent=1), span("openai", 3, 30, 88, parent=1, response__id="r2")
    assert sets([outer, failed, ok]) == {ids(1, 3), ids(2)}


NATIVE, TRACELOOP = "com.anthropic.sdk.python", "opentelemetry.instrumentation.anthropic"


def test_failed_calls_in_separate_traces_meet_by_model_and_time():
    assert sets([failed(TRACELOOP, 1, 0, 50), failed(NATIVE, 2, 2, 48, trace=2)]) == {ids(1, 2)}


def test_calls_that_something_else_could_join_do_not_meet_by_chance():
    assert sets([span("a", 1, 0, 50), span("b", 2, 2, 48, trace=2)]) == {ids(1), ids(2)}
    assert sets([failed("a", 1, 0, 50), failed("b", 2, 2, 48, trace=2)]) == {ids(1), ids(2)}
    assert sets([span(TRACELOOP, 1, 0, 50), span(NATIVE, 2, 2, 48, trace=2)]) == {ids(1), ids(2)}


def test_a_framework_above_the_library_meets_it_by_the_prompt():
    above, library = "openinference.instrumentation.langchain", "openinference.instrumentation.openai"
    hi, bye = (json.dumps([{"role": "user", "content": text}]) for text in ("hi", "bye"))
    calls = [
        span(above, 1, 0, 50, input__messages=hi),
        span(library, 2, 2, 48, trace=2, input__messages=hi, response__id="r"),
    ]
    assert sets(calls) == {ids(1, 2)}
    assert sets([calls[0], span(library, 2, 2, 48, trace=2, input__messages=bye, response__id="r")]) == {ids(1), ids(2)}
    assert sets([calls[0], span(library, 2, 2, 48, trace=2, response__id="r")]) == {ids(1), ids(2)}


@pytest.mark.parametrize("gap", [0.0, 0.01, 5.0])
def test_two_identical_quick_calls_in_sequence_stay_two(gap):
    calls = [failed(TRACELOOP, 1, 0, 1), failed(NATIVE, 2, 0.2, 0.8, trace=2)]
    calls += [failed(TRACELOOP, 3, 1 + gap, 2 + gap), failed(NATIVE, 4, 1.2 + gap, 1.8 + gap, trace=3)]
    for order in permutations(calls):
        assert sets(list(order)) == {ids(1, 2), ids(3, 4)}


def test_two_concurrent_calls_of_two_witnesses_stay_two():
    calls = [
        failed(TRACELOOP, 1, 0, 50),
        failed(TRACELOOP, 2, 1, 51),
        failed(NATIVE, 3, 0.5, 49.5, trace=2),
        failed(NATIVE, 4, 1.5, 50.5, trace=3),
    ]
    assert sorted(len(group) for group in sets(calls)) == [2, 2]


def test_other_models_and_other_words_are_other_calls():
    one = failed(TRACELOOP, 1, 0, 50)
    assert sets([one, failed(NATIVE, 2, 2, 48, trace=2, request__model="o3")]) == {ids(1), ids(2)}
    hello, bye = (json.dumps([{"role": "user", "content": text}]) for text in ("hello", "bye"))
    calls = [
        failed(TRACELOOP, 1, 0, 50, input__messages=hello),
        failed(NATIVE, 2, 2, 48, trace=2, input__messages=bye),
    ]
    assert sets(calls) == {ids(1), ids(2)}


def log(name: str, body: object, at_ms: float, **more) -> Reading:
    at = START + int(at_ms * MS)
    found = read_log(
        Seen(trace_id=f"{1:032x}", span_id=f"{1:016x}", start_us=at, end_us=at, event_name=name, body=body, **more)
    )
    assert found is not None
    return found


def test_records_that_tell_the_messages_complete_their_span():
    whole = span("a", 1, 0, 50)
    assert whole.flags == ["content_not_captured"]
    parts = [
        log("gen_ai.system.message", {"content": "be brief"}, 1),
        log("gen_ai.user.message", {"content": "hi"}, 1),
        log(
            "gen_ai.choice",
            {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "yo"}},
            49,
        ),
    ]
    readings = [*parts, whole]
    assert same_call(readings) == [[0, 1, 2, 3]]
    call = merge(readings)
    assert (call.call["system"], call.call["response"], call.call["finish_reason"]) == ("be brief", "yo", "stop")
    assert call.call["prompt"] == [{"role": "user", "content": "hi"}]
    assert (call.whole, call.flags) == (True, [])
    assert not merge(parts).whole


SCOPES = st.sampled_from([NATIVE, TRACELOOP, "logfire.x", "openinference.instrumentation.langchain", "other"])
MORE = st.fixed_dictionaries(
    {},
    optional={
        "response__id": st.sampled_from(["r1", "r2"]),
        "usage__input_tokens": st.integers(0, 3),
        "usage__output_tokens": st.integers(0, 3),
        "request__temperature": st.sampled_from([0.0, 0.5]),
        "response__model": st.sampled_from(["gpt-4o-2024-08-06", "gpt-4o"]),
        "provider__name": st.sampled_from(["openai", None]),
        "odd": st.text(max_size=2),
        "error__type": st.just("RateLimitError"),
        "duration": st.sampled_from([0.0, 0.002]),
        "input__messages": st.just('[{"role": "user", "content": "hi"}]'),
        "response__finish_reasons": st.sampled_from([["stop"], ["length"], ["odd"]]),
    },
)
READINGS = st.lists(
    st.builds(
        lambda scope, number, start, length, trace, parent, more: span(
            scope, number, start, start + length, trace=trace, parent=parent, **more
        ),
        SCOPES,
        st.integers(1, 4),
        st.integers(0, 4),
        st.integers(0, 4),
        st.integers(1, 2),
        st.integers(0, 4),
        MORE,
    )
    | st.builds(
        lambda text, at: log("gen_ai.user.message", {"content": text}, at), st.text(max_size=2), st.integers(0, 3)
    ),
    min_size=1,
    max_size=6,
)


@given(readings=READINGS, data=st.data())
def test_groups_and_calls_are_the_same_in_any_order_and_however_often_they_come(readings, data):
    again = data.draw(st.permutations([*readings, *data.draw(st.lists(st.sampled_from(readings), max_size=3))]))

    def calls(given: list[Reading]) -> list[Reading]:
        merged = [merge([given[place] for place in group]) for group in same_call(given)]
        return sorted(merged, key=repr)

    assert calls(again) == calls(readings)


@given(readings=READINGS, data=st.data())
def test_merging_may_be_done_in_any_steps(readings, data):
    cut = data.draw(st.integers(0, len(readings)))
    parts = [merge(part) for part in (readings[:cut], readings[cut:]) if part]
    assert merge(parts) == merge(readings)
    assert merge([merge(readings)]) == merge(readings)


@given(readings=READINGS)
def test_every_reading_is_in_one_group(readings):
    assert sorted(place for group in same_call(readings) for place in group) == list(range(len(readings)))


def test_a_host_and_a_maker_of_one_answer_are_one_call():
    """A framework says `azure` of what the library below it says `openai`; two answers of theirs stay two."""
    outer = span("litellm", 1, 0, 100, provider__name="azure", response__id="r")
    inner = span("opentelemetry.instrumentation.openai", 2, 5, 90, parent=1, response__id="r")
    other = span("opentelemetry.instrumentation.openai", 3, 5, 90, parent=1, response__id="r2")
    assert sets([outer, inner]) == {ids(1, 2)}
    assert sets([outer, other]) == {ids(1), ids(3)}


def test_a_provider_is_the_same_by_all_its_names():
    outer = span("pydantic-ai", 1, 0, 100, provider__name="google-gla")
    inner = span("opentelemetry.instrumentation.google_genai", 2, 5, 90, parent=1, provider__name="gcp.gemini")
    other = span("opentelemetry.instrumentation.anthropic", 3, 5, 90, parent=1, provider__name="anthropic")
    assert sets([outer, inner]) == {ids(1, 2)}
    assert sets([outer, other]) == {ids(1), ids(3)}


def test_a_span_that_tells_neither_an_id_nor_a_word_is_that_of_the_call_around_it():
    """The SDK of Mistral tells its own calls in traces of their own: by time, model and tokens."""
    told = span("opentelemetry.instrumentation.mistralai", 1, 0, 100, response__id="r", usage__input_tokens=7)
    twin = span("mistralai_sdk_tracer", 2, 5, 90, trace=2, usage__input_tokens=7)
    later = span("mistralai_sdk_tracer", 3, 5, 110, trace=3, usage__input_tokens=7)
    other = span("mistralai_sdk_tracer", 4, 5, 90, trace=4, usage__input_tokens=8)
    assert sets([told, twin, later, other]) == {ids(1, 2), ids(3), ids(4)}
