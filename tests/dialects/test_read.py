"""What each dialect writes, read in our own terms."""

import json
from typing import Any

import pytest

from monitoring.llm.dialects.caps import capped
from monitoring.llm.dialects.kinds import kind_of
from monitoring.llm.dialects.read import read_log, read_span
from monitoring.llm.dialects.seen import Happening, Reading, Seen

START = 1_795_000_000_000_000


def read(attributes: dict[str, Any], **more: Any) -> Reading:
    """The reading of a span of 900 ms with these attributes."""
    seen = Seen("a" * 32, "b" * 16, start_us=START, end_us=START + 900_000, attributes=attributes)
    for name, value in more.items():
        setattr(seen, name, value)
    found = read_span(seen)
    assert found is not None
    return found


CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"}


def test_the_current_conventions():
    found = read(
        {
            **CHAT,
            "gen_ai.provider.name": "openai",
            "gen_ai.response.model": "gpt-4o-2024-08-06",
            "gen_ai.response.id": "chatcmpl-1",
            "gen_ai.request.temperature": 0.2,
            "gen_ai.request.max_tokens": 100,
            "gen_ai.request.stop_sequences": ["END"],
            "gen_ai.system_instructions": '[{"type": "text", "content": "be brief"}]',
            "gen_ai.input.messages": [{"role": "user", "parts": [{"type": "text", "content": "hi"}]}],
            "gen_ai.output.messages": json.dumps(
                [
                    {
                        "role": "assistant",
                        "finish_reason": "tool_call",
                        "parts": [
                            {"type": "text", "content": "yo"},
                            {"type": "tool_call", "id": "c1", "name": "look", "arguments": {"at": "it"}},
                        ],
                    }
                ]
            ),
            "gen_ai.usage.input_tokens": 1_400,
            "gen_ai.usage.cache_read.input_tokens": 1_024,
            "gen_ai.usage.output_tokens": 57,
            "gen_ai.usage.reasoning.output_tokens": 7,
            "gen_ai.response.finish_reasons": ["tool_calls"],
            "gen_ai.response.time_to_first_chunk": 0.25,
            "server.address": "example.org",
        }
    )
    assert found.call == {
        "provider": "openai",
        "request_model": "gpt-4o",
        "response_model": "gpt-4o-2024-08-06",
        "response_id": "chatcmpl-1",
        "system": "be brief",
        "prompt": [{"role": "user", "content": "hi"}],
        "response": "yo",
        "tool_calls": [{"id": "c1", "name": "look", "arguments": {"at": "it"}}],
        "params": {"temperature": 0.2, "max_tokens": 100, "stop": ["END"]},
        "usage": {"input": 376, "cached_input": 1_024, "output": 50, "reasoning": 7},
        "finish_reason": "tool_calls",
        "status": "ok",
        "latency_ms": 900.0,
        "ttft_ms": 250.0,
        "trace_id": "a" * 32,
        "span_id": "b" * 16,
    }
    assert found.leftover == {"server.address": "example.org"}
    assert (found.dialect, found.flags) == ("genai", ["input_includes_cached"])


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["stop"], "stop"),
        ('["max_tokens"]', "length"),
        (["tool_call"], "tool_calls"),
        (["MAX_TOKENS"], "length"),
        (["refusal"], "content_filter"),
        (["something new"], "other"),
        (["unknown"], None),
        ([], None),
        ("", None),
    ],
)
def test_an_unknown_reason_is_not_stop(words, reason):
    assert read({**CHAT, "gen_ai.response.finish_reasons": words}).call.get("finish_reason") == reason


@pytest.mark.parametrize(
    ("provider", "counts", "buckets", "flags"),
    [
        # Parts, as the conventions say; the whole input beside the cache, as Anthropic counts and some clients pass on.
        ("openai", {"input": 100, "read": 80, "output": 5}, {"input": 20, "cached_input": 80, "output": 5}, "includes"),
        ("anthropic", {"input": 176, "read": 1_024, "write": 200, "output": 57}, None, "excludes"),
        ("anthropic", {"input": 1_400, "read": 1_024, "write": 200, "output": 57}, None, "includes"),
    ],
)
def test_buckets_are_disjoint_whatever_the_client_counts(provider, counts, buckets, flags):
    names = {
        "input": "gen_ai.usage.input_tokens",
        "output": "gen_ai.usage.output_tokens",
        "read": "gen_ai.usage.cache_read.input_tokens",
        "write": "gen_ai.usage.cache_write.input_tokens",
    }
    told = {names[name]: count for name, count in counts.items()}
    found = read({**CHAT, "gen_ai.provider.name": provider, **told})
    buckets = buckets or {"input": 176, "cached_input": 1_024, "cache_write": 200, "output": 57}
    assert found.call["usage"] == buckets
    assert f"input_{flags}_cached" in found.flags


def test_counts_that_contradict_each_other_come_to_nothing_and_are_kept():
    told = {
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.cache_read.input_tokens": 80,
        "gen_ai.usage.output_tokens": 5,
    }
    found = read({**CHAT, "gen_ai.provider.name": "openai", **told})
    assert "usage" not in found.call
    assert "usage_contradicts" in found.flags
    assert found.leftover["usage"]["prompt_tokens_details"]["cached_tokens"] == 80


def test_a_call_without_counts_has_none_and_not_zero():
    assert "usage" not in read({**CHAT, "gen_ai.usage.input_tokens": 0, "gen_ai.usage.output_tokens": 0}).call


def test_what_was_not_captured_is_flagged_and_what_is_empty_is_not():
    assert read(CHAT).flags == ["content_not_captured", "provider_inferred"]
    assert (
        "content_not_captured"
        not in read({**CHAT, "gen_ai.output.messages": '[{"role": "assistant", "parts": []}]'}).flags
    )


def test_parameters_that_a_client_invents_are_left_over_with_a_flag():
    found = read(
        {
            "langfuse.observation.type": "generation",
            "langfuse.observation.model.name": "gpt-4o",
            "langfuse.observation.model.parameters": '{"temperature": 1, "max_tokens": "Infinity", "top_p": 0.5, "seed": 7}',
        }
    )
    assert found.call["params"] == {"top_p": 0.5, "seed": 7}
    assert found.leftover == {"langfuse.observation.model.parameters": {"temperature": 1, "max_tokens": "Infinity"}}
    assert {"invented_params", "request_model_inferred", "provider_inferred"} <= set(found.flags)


@pytest.mark.parametrize(
    ("attributes", "kind"),
    [
        ({"openinference.span.kind": "LLM"}, "llm"),
        ({"openinference.span.kind": "CHAIN", "llm.model_name": "gpt-4o"}, "chain"),
        ({"openinference.span.kind": "EMBEDDING"}, "embedding"),
        ({"gen_ai.operation.name": "invoke_agent", "gen_ai.request.model": "gpt-4o"}, "agent"),
        ({"gen_ai.operation.name": "execute_tool"}, "tool"),
        ({"traceloop.span.kind": "workflow", "gen_ai.operation.name": "chat"}, "chain"),
        ({"mlflow.spanType": '"CHAT_MODEL"'}, "llm"),
        ({"mlflow.spanType": '"RETRIEVER"'}, "retriever"),
        ({"langfuse.observation.type": "span"}, "span"),
        ({"gen_ai.request.model": "gpt-4o"}, "llm"),
        ({"http.request.method": "POST"}, "span"),
        ({"gen_ai.operation.name": "chat", "logfire.span_type": "pending_span"}, "span"),
        ({}, "span"),
    ],
)
def test_only_calls_are_calls(attributes, kind):
    seen = Seen(attributes=attributes)
    assert kind_of(seen) == kind
    assert (read_span(seen) is not None) == (kind == "llm")


@pytest.mark.parametrize("name", ["openai.RateLimitError", "RateLimitError", "anthropic._exceptions.RateLimitError"])
def test_errors_go_by_their_own_name(name):
    found = read(CHAT, status="error", events=[Happening("exception", START, {"exception.type": name})])
    assert (found.call["status"], found.call["error_type"]) == ("error", "RateLimitError")


def test_an_end_before_the_start_has_no_latency():
    found = read(CHAT, end_us=START - 1)
    assert "latency_ms" not in found.call
    assert "negative_duration" in found.flags


def test_the_record_of_a_whole_call_is_read_as_its_span_and_others_are_not():
    seen = Seen("a" * 32, "b" * 16, start_us=START, end_us=START, attributes=CHAT)
    seen.event_name = "gen_ai.client.inference.operation.details"
    found = read_log(seen)
    assert found is not None
    assert found.whole
    assert "latency_ms" not in found.call
    assert read_log(Seen(event_name="something.else", attributes=CHAT)) is None


def test_vectors_are_shortened_and_nothing_else():
    vector = [0.5] * 1_536
    found = capped(
        {"embedding": vector, "as_json": json.dumps(vector), "inside": {"a": [vector]}, "text": "[1, 2]", "b": True}
    )
    short = {"vector": 1_536, "head": [0.5] * 4}
    assert found == {"embedding": short, "as_json": short, "inside": {"a": [short]}, "text": "[1, 2]", "b": True}


@pytest.mark.parametrize("depth", [70, 900, 5_000])
def test_what_is_nested_too_deep_stays_a_text(depth):
    deep = "[" * depth + "]" * depth
    found = read(
        {**CHAT, "gen_ai.input.messages": deep, "gen_ai.output.messages": deep, "gen_ai.tool.definitions": deep}
    )
    assert found.call["prompt"] == [{"role": "user", "content": deep}]
    assert found.call["response"] == deep


def test_a_cut_object_is_kept_as_the_text_that_it_is():
    found = read({**CHAT, "gen_ai.input.messages": '[{"role": "user", "parts": [{"type": "te'})
    assert found.call["prompt"] == [{"role": "user", "content": '[{"role": "user", "parts": [{"type": "te'}]


@pytest.mark.parametrize("key", ["gen_ai.event.content", ""])
def test_span_events_that_tell_one_message_each_are_a_prompt_and_an_answer(key):
    told = [
        ("gen_ai.system.message", {"content": "be brief"}),
        ("gen_ai.user.message", {"content": "hi"}),
        ("gen_ai.assistant.message", {"content": "yo"}),
        ("gen_ai.user.message", {"content": "and?"}),
        ("gen_ai.choice", {"index": 0, "finish_reason": "stop", "message": json.dumps({"content": "bye"})}),
    ]
    events = [Happening(name, START, {key: json.dumps(body)} if key else body) for name, body in told]
    call = read(CHAT, events=events).call
    assert (call["system"], call["response"], call["finish_reason"]) == ("be brief", "bye", "stop")
    assert [(one["role"], one["content"]) for one in call["prompt"]] == [
        ("user", "hi"),
        ("assistant", "yo"),
        ("user", "and?"),
    ]


def test_what_langfuse_counts_apart_stands_beside_the_input():
    usage = {"input": 233, "input_cache_read": 1_024, "output": 50, "output_reasoning": 7, "total": 1_314}
    found = read({"langfuse.observation.type": "generation", "langfuse.observation.usage_details": json.dumps(usage)})
    assert found.call["usage"] == {"input": 233, "cached_input": 1_024, "output": 50, "reasoning": 7}
