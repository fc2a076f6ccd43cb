"""`@atalaia.observe` and `llm_call`: what was asked and answered, how long it took, what went wrong; nothing is changed."""

import asyncio
import contextlib
import inspect

import pytest

import atalaia
from atalaia.context import current


def test_a_function_records_its_arguments_and_result(sent):
    @atalaia.observe
    def score(months: int, plan: str = "basic", frame: object = None) -> str:
        """Docs."""
        return "leaves" if months < 3 else "stays"

    assert score(2) == "leaves"
    assert score(plan="gold", months=9) == "stays"
    assert (score.__name__, score.__doc__) == ("score", "Docs.")
    first, second = sent("predictions")
    assert (first["model"], first["prediction"]) == ("score", "leaves")
    assert first["features"] == {"months": 2, "plan": "basic", "frame": None}
    assert second["features"]["plan"] == "gold"
    assert 0 <= first["latency_ms"] < 1_000
    assert len(first["trace_id"]) == 32


def test_one_mapping_is_the_features_and_a_result_may_say_what_it_is(sent):
    @atalaia.observe(model="churn", version="v2", fields=lambda arguments, result: {"id": arguments["row"]["order"]})
    def score(row):
        return {"prediction": "leaves", "score": 0.8}

    score({"order": "o-1", "months": 3})
    (item,) = sent("predictions")
    assert (item["id"], item["model"], item["version"], item["score"]) == ("o-1", "churn", "v2", 0.8)
    assert item["features"] == {"order": "o-1", "months": 3}
    assert atalaia.last_id() == "o-1"


def test_what_it_raises_is_recorded_and_goes_on(sent):
    @atalaia.observe(model="m")
    def fails(x):
        raise KeyError(x)

    with pytest.raises(KeyError, match="7"):
        fails(7)
    with pytest.raises(TypeError):
        fails()  # called wrongly: the error is the caller's own
    errors = [(item["status"], item["error_type"]) for item in sent("predictions")]
    assert errors == [("error", "KeyError"), ("error", "TypeError")]


def test_fields_that_fail_cost_the_record_and_not_the_call(sent):
    @atalaia.observe(model="m", fields=lambda arguments, result: 1 / 0)
    def score(x):
        return x

    assert score(1) == 1
    assert sent("predictions") == []
    assert atalaia.stats()["dropped"] == {"client_fault": 1}


def test_a_coroutine_function_stays_one(sent):
    @atalaia.observe(model="m")
    async def score(x):
        await asyncio.sleep(0.01)
        return x * 2

    assert inspect.iscoroutinefunction(score)
    assert asyncio.run(score(3)) == 6
    (item,) = sent("predictions")
    assert item["prediction"] == 6
    assert item["latency_ms"] >= 10


def test_a_generator_is_put_together_and_its_first_piece_is_timed(sent):
    @atalaia.observe(model="chat", kind="llm_call")
    def stream(prompt):
        yield "On "
        with atalaia.llm_call("inner", prompt="nested"):
            pass
        yield "its way."

    pieces = []
    with atalaia.context(user_id="u-1"):
        for piece in stream("Where?"):
            assert current.get().span_id == ""  # between pieces the caller is itself
            pieces.append(piece)
    assert pieces == ["On ", "its way."]
    inner, call = sent("llm-calls")
    assert (call["prompt"], call["response"], call["user_id"]) == ("Where?", "On its way.", "u-1")
    assert 0 <= call["ttft_ms"] <= call["latency_ms"]
    assert (inner["parent_span_id"], inner["trace_id"]) == (call["span_id"], call["trace_id"])


def test_a_generator_takes_what_is_sent_and_thrown_and_is_closed(sent):
    closed = []

    @atalaia.observe(model="m")
    def echo():
        given = None
        try:
            given = yield "ready"
            try:
                given = yield given
            except ValueError:
                given = yield "caught"
        finally:
            closed.append(given)
        return "done"

    generator = echo()
    assert next(generator) == "ready"
    assert generator.send("a") == "a"
    assert generator.throw(ValueError) == "caught"
    with pytest.raises(StopIteration) as stop:
        generator.send("end")
    assert stop.value.value == "done"
    other = echo()
    next(other)
    with contextlib.suppress(RuntimeError):
        other.close()
    assert [item["prediction"] for item in sent("predictions")] == ["done", "ready"]


def test_an_async_generator(sent):
    @atalaia.observe(model="chat", kind="llm_call")
    async def stream(prompt):
        for piece in ("a", "b"):
            await asyncio.sleep(0)
            yield piece

    async def main():
        return [piece async for piece in stream("hi")]

    assert inspect.isasyncgenfunction(stream)
    assert asyncio.run(main()) == ["a", "b"]
    assert sent("llm-calls")[0]["response"] == "ab"


ANSWERS = {
    "chat": (
        {
            "id": "chatcmpl-1",
            "model": "gpt-4o",
            "choices": [{"message": {"content": "Hi.", "tool_calls": [{"id": "1"}]}, "finish_reason": "tool_calls"}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 2},
        },
        {"response": "Hi.", "tool_calls": [{"id": "1"}], "finish_reason": "tool_calls", "response_id": "chatcmpl-1"},
    ),
    "responses": (
        {
            "id": "resp-1",
            "model": "gpt-5",
            "status": "incomplete",
            "incomplete_details": {"reason": "max_output_tokens"},
            "output": [{"type": "message", "content": [{"type": "output_text", "text": "Hi"}]}],
            "usage": {"input_tokens": 3, "output_tokens": 2},
        },
        {"response": "Hi", "finish_reason": "length", "response_model": "gpt-5"},
    ),
    "messages": (
        {
            "id": "msg-1",
            "model": "claude",
            "content": [{"type": "text", "text": "Hi."}, {"type": "tool_use", "name": "look"}],
            "stop_reason": "tool_use",
            "usage": {"input_tokens": 3, "output_tokens": 2},
        },
        {"response": "Hi.", "finish_reason": "tool_calls", "tool_calls": [{"type": "tool_use", "name": "look"}]},
    ),
    "unknown": ({"something": "else"}, {}),
    "broken": ({"choices": [7]}, {}),
    "text": ("Hi.", {}),
}


@pytest.mark.parametrize("shape", ANSWERS)
def test_answers_of_providers_are_read(sent, shape):
    answer, expected = ANSWERS[shape]
    with atalaia.llm_call("chat", prompt="?") as call:
        assert call.record(answer) is answer
    (item,) = sent("llm-calls")
    assert {name: item.get(name) for name in expected} == expected


def test_an_observed_function_may_return_a_providers_answer(sent):
    @atalaia.observe(model="chat", kind="llm_call", provider="openai")
    def ask(question):
        return ANSWERS["chat"][0]

    ask("hello?")
    (item,) = sent("llm-calls")
    assert (item["prompt"], item["response"], item["provider"]) == ("hello?", "Hi.", "openai")
    assert item["usage"] == {"prompt_tokens": 3, "completion_tokens": 2}


def test_a_stream_within_llm_call(sent):
    with atalaia.llm_call("chat", prompt="?", request_model="gpt-4o") as call:
        text = "".join(call.chunk(piece) for piece in ("a", "b"))
        call.set(segments={"plan": "gold"})
    assert text == "ab"
    (item,) = sent("llm-calls")
    assert (item["response"], item["segments"], item["request_model"]) == ("ab", {"plan": "gold"}, "gpt-4o")
    assert item["ttft_ms"] <= item["latency_ms"]


def test_without_a_key_functions_are_what_they_were():
    @atalaia.observe
    def double(x):
        return x * 2

    with atalaia.llm_call("chat") as call:
        assert double(4) == 8
    assert call.id
