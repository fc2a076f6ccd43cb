"""What single clients write in a way of their own, read in our own terms."""

import json

import pytest

from monitoring.llm.dialects.kinds import kind_of
from monitoring.llm.dialects.seen import Happening, Seen
from tests.dialects.test_read import CHAT, START, read


@pytest.mark.parametrize("total", [None, 233])
@pytest.mark.parametrize("scope", ["opentelemetry.instrumentation.bedrock", "opentelemetry.instrumentation.botocore"])
def test_counts_of_bedrock_that_are_passed_on_stand_beside_each_other(scope, total):
    """Also where the cache is smaller than the input, so that it might be a part; a total is what the client added up."""
    told = {
        "gen_ai.usage.input_tokens": 176,
        "gen_ai.usage.cache_read.input_tokens": 100,
        "gen_ai.usage.output_tokens": 57,
        "gen_ai.usage.total_tokens": total,
    }
    found = read({**CHAT, "gen_ai.system": "aws.bedrock", **told}, scope=scope)
    assert found.call["usage"] == {"input": 176, "cached_input": 100, "output": 57}
    assert found.flags == ["content_not_captured", "input_excludes_cached"]


def test_a_total_that_the_client_added_up_of_parts_tells_nothing():
    told = {
        "gen_ai.usage.input_tokens": 176,
        "gen_ai.usage.cache_read.input_tokens": 1_024,
        "gen_ai.usage.output_tokens": 57,
        "gen_ai.usage.total_tokens": 233,
    }
    found = read({**CHAT, "gen_ai.provider.name": "anthropic", **told})
    assert found.call["usage"] == {"input": 176, "cached_input": 1_024, "output": 57}


def test_counts_as_python_writes_an_object():
    counts = {"prompt_tokens": 1_257, "completion_tokens": 57, "prompt_tokens_details": {"cached_tokens": 1_024}}
    told = {"gen_ai.usage.input_tokens": 1_257, "gen_ai.usage.output_tokens": 57}
    found = read({**CHAT, **told, "metadata.usage_object": str(counts | {"cost": None})})
    assert found.call["usage"] == {"input": 233, "cached_input": 1_024, "output": 57}
    for broken in ("{'a': ", "{'a': __import__('os')}", "{'a': " * 500):
        assert "usage" not in read({**CHAT, "metadata.usage_object": broken}).call


def test_half_a_surrogate_pair_in_json_of_an_attribute_is_replaced_and_the_rest_read():
    told = json.dumps([{"role": "user", "parts": [{"type": "text", "content": "a\ud800b \U0001f600 \\ud800"}]}])
    assert r"a\ud800b" in told
    found = read({**CHAT, "gen_ai.input.messages": told})
    assert found.call["prompt"] == [{"role": "user", "content": "a\ufffdb \U0001f600 \\ud800"}]


def test_an_answer_that_is_nothing_but_tool_calls_ended_for_them():
    """Gemini says STOP there; with words beside the calls it is believed."""
    call = {"type": "tool_call", "id": "c1", "name": "look", "arguments": {}}
    for parts, reason in (([call], "tool_calls"), ([{"type": "text", "content": "done"}, call], "stop")):
        told = {"gen_ai.output.messages": [{"role": "assistant", "parts": parts}]}
        assert read({**CHAT, **told, "gen_ai.response.finish_reasons": ["STOP"]}).call["finish_reason"] == reason


def test_tool_calls_that_stand_beside_an_empty_answer_are_its_own():
    told = {
        "gen_ai.output.messages": [{"role": "assistant", "parts": []}],
        "gen_ai.completion.0.function_call.name": "look",
        "gen_ai.completion.0.function_call.arguments": '{"at": "it"}',
    }
    assert read({**CHAT, **told}).call["tool_calls"] == [{"name": "look", "arguments": {"at": "it"}}]


def test_a_turn_of_the_ai_sdk_with_tools():
    """Its tool calls stand beside the text, without a type; results are parts of the prompt."""
    messages = [
        {"role": "user", "content": [{"type": "text", "text": "hi"}]},
        {
            "role": "assistant",
            "content": [{"type": "tool-call", "toolCallId": "c1", "toolName": "look", "input": {"at": "it"}}],
        },
        {
            "role": "tool",
            "content": [
                {
                    "type": "tool-result",
                    "toolCallId": "c1",
                    "toolName": "look",
                    "output": {"type": "text", "value": "x"},
                }
            ],
        },
    ]
    found = read(
        {
            "ai.operationId": "ai.streamText.doStream",
            "ai.model.provider": "google.generative-ai",
            "ai.model.id": "gemini-2.5-flash",
            "ai.prompt.messages": json.dumps(messages),
            "ai.response.text": "let me see",
            "ai.response.toolCalls": '[{"toolCallId": "c2", "toolName": "look", "input": "{\\"at\\": 2}"}]',
            "ai.response.finishReason": "tool-calls",
            "ai.response.msToFirstChunk": 61.5,
        }
    )
    call = {"id": "c1", "name": "look", "arguments": {"at": "it"}}
    assert found.call["prompt"] == [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "x"},
    ]
    assert found.call["response"] == "let me see"
    assert found.call["tool_calls"] == [{"id": "c2", "name": "look", "arguments": {"at": 2}}]
    assert (found.call["provider"], found.call["finish_reason"], found.call["ttft_ms"]) == (
        "gcp.gemini",
        "tool_calls",
        61.5,
    )


@pytest.mark.parametrize(
    ("operation", "kind"),
    [("ai.generateText", "chain"), ("ai.generateObject.doGenerate", "llm"), ("ai.embed.doEmbed", "embedding")],
)
def test_steps_of_the_ai_sdk(operation, kind):
    assert kind_of(Seen(attributes={"ai.operationId": operation, "gen_ai.request.model": "m"})) == kind


@pytest.mark.parametrize(
    ("given", "name"),
    [("openai.chat", "openai"), ("gcp.gemini", "gcp.gemini"), ("aws.bedrock", "aws.bedrock"), ("x.y", "x.y")],
)
def test_a_provider_is_told_without_the_api(given, name):
    assert read({**CHAT, "gen_ai.system": given}).call["provider"] == name


def test_what_prepares_a_call_is_none():
    attributes = {"openinference.span.kind": "LLM", "llm.model_name": "gpt-4o"}
    assert kind_of(Seen(name="OpenAI._prepare_chat_with_tools", attributes=attributes)) == "chain"
    assert kind_of(Seen(name="OpenAI.chat", attributes=attributes)) == "llm"


def test_a_span_that_ends_before_its_stream_is_read_lasts_to_the_first_token():
    event = Happening("First Token Stream Event", START + 950_000)
    found = read({"openinference.span.kind": "LLM", "llm.model_name": "gpt-4o"}, events=[event])
    assert (found.call["latency_ms"], found.call["ttft_ms"]) == (950, 950)


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("Error getting response: {'error': 'Error code: 429 - limited'}", "RateLimitError"),
        ("Error code: 500", "InternalServerError"),
        ("Terror code: 500", None),
    ],
)
def test_the_class_of_an_error_is_told_by_its_code(message, name):
    found = read(CHAT, status="error", status_message=message)
    assert found.call.get("error_type") == name


def test_what_openlit_says_of_its_own_accord_is_no_parameter():
    told = {"temperature": 1.0, "top_p": 1.0, "max_tokens": -1, "presence_penalty": 0.0, "frequency_penalty": 0.5}
    found = read({**CHAT, **{f"gen_ai.request.{name}": value for name, value in told.items()}}, scope="openlit.tracing")
    assert found.call["params"] == {"frequency_penalty": 0.5}
    assert "invented_params" in found.flags
    assert read({**CHAT, "gen_ai.request.temperature": 1.0}).call["params"] == {"temperature": 1.0}
