"""The calls that every client makes, what our small provider answers, and what is therefore true of each.

Standard library only: the drivers import it inside environments that hold nothing of the project. A case is found by the
marker in its prompt, `[case:NAME]`; token counts differ from case to case, so that calls whose content a client does not
send are told apart too.
"""

import re
from typing import Any, NamedTuple

SYSTEM = "You answer in one sentence."
TOOL: dict[str, Any] = {
    "name": "get_weather",
    "description": "The weather of a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
ARGUMENTS = {"city": "Lisboa"}
# Ways in which a stream is not read to its end, or does not come to one.
UNENDED = ("left", "torn")
HEARD = {"chat": 3, "messages": 5}  # events of such a stream
OF_ANSWERS = ("response", "response_model", "response_id", "usage", "finish_reason")
PIXEL = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABpfZFQAAAAABJRU5ErkJggg=="


class Case(NamedTuple):
    """One call: what is asked of which API, what comes back, and the truth in our own terms."""

    name: str
    api: str
    request: dict[str, Any]
    truth: dict[str, Any]
    usage: dict[str, Any] | None = None
    http: int = 200
    silent: bool = False  # a stream whose usage nobody asked for
    said: tuple[dict[str, Any], ...] = ()  # the answer's messages, items or blocks, where the truth does not make them
    way: str = ""  # how it is made; what is said of a stream that does not come to its end is more than anybody hears


def marked(name: str, words: str = "What is a watchtower?") -> str:
    """The prompt of a case."""
    return f"[case:{name}] {words}"


def truth_of(name: str, model: str, answered: str, *, http: int = 200, **more: Any) -> dict[str, Any]:
    """What is true of a call; of one that fails, less what only an answer has."""
    told = {
        "provider": "openai",
        "request_model": model,
        "response_model": answered,
        "prompt": marked(name),
        "response": f"A tower to keep watch from, says {name}.",
        "finish_reason": "stop",
        "status": "ok",
    }
    told = {field: value for field, value in (told | more).items() if value is not None}
    if http == 200:
        return told
    return {field: value for field, value in told.items() if field not in OF_ANSWERS} | {"status": "error"}


def chat_case(
    name: str, params: dict[str, Any], *, output: int, cached: int = 0, reasoning: int = 0, **more: Any
) -> Case:
    """A call of Chat Completions of 1,200 + `output` input tokens."""
    model = more.pop("model", "gpt-4o")
    messages = more.pop("messages", None) or [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": marked(name)},
    ]
    given = 1_200 + output
    usage = {
        "prompt_tokens": given,
        "completion_tokens": output,
        "total_tokens": given + output,
        "prompt_tokens_details": {"cached_tokens": cached, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": reasoning, "audio_tokens": 0},
    }
    counted = buckets(input=given - cached, cached_input=cached, output=output - reasoning, reasoning=reasoning)
    extra = more.pop("extra", {})
    silent = more.pop("silent", False)
    http, said = more.pop("http", 200), more.pop("said", ())
    known = {"system": SYSTEM, "params": _params(params), "response_id": f"chatcmpl-{name}"}
    known |= {} if silent else {"usage": counted}
    truth = truth_of(name, model, f"{model}-2026-08-06", http=http, **(known | more))
    request = {"model": model, "messages": messages, **params, **extra}
    return Case(name, "chat", request, truth, usage, http, silent, said)


def responses_case(
    name: str, params: dict[str, Any], *, output: int, cached: int = 0, reasoning: int = 0, **more: Any
) -> Case:
    given = 1_200 + output
    usage = {
        "input_tokens": given,
        "output_tokens": output,
        "total_tokens": given + output,
        "input_tokens_details": {"cached_tokens": cached},
        "output_tokens_details": {"reasoning_tokens": reasoning},
    }
    counted = buckets(input=given - cached, cached_input=cached, output=output - reasoning, reasoning=reasoning)
    extra, http, said = more.pop("extra", {}), more.pop("http", 200), more.pop("said", ())
    known = {"system": SYSTEM, "params": _params(params), "response_id": f"resp_{name}", "usage": counted}
    truth = truth_of(name, "gpt-4.1", "gpt-4.1-2026-04-14", http=http, **(known | more))
    request = {"model": "gpt-4.1", "instructions": SYSTEM, "input": marked(name), **params, **extra}
    return Case(name, "responses", request, truth, usage, http, said=said)


def messages_case(
    name: str, params: dict[str, Any], *, output: int, read: int = 0, write: int = 0, **more: Any
) -> Case:
    """A call of Anthropic's Messages, whose input tokens stand beside those of the cache."""
    usage = {
        "input_tokens": 176,
        "cache_read_input_tokens": read,
        "cache_creation_input_tokens": write,
        "output_tokens": output,
    }
    http, extra, said = more.pop("http", 200), more.pop("extra", {}), more.pop("said", ())
    counted = buckets(input=176, cached_input=read, cache_write=write, output=output)
    known = {"provider": "anthropic", "system": SYSTEM, "params": _params(params), "response_id": f"msg_{name}"}
    answered = "claude-sonnet-4-5-20250929"
    messages = more.pop("messages", None) or [{"role": "user", "content": marked(name)}]
    truth = truth_of(name, "claude-sonnet-4-5", answered, http=http, **(known | {"usage": counted} | more))
    request = {"model": "claude-sonnet-4-5", "system": SYSTEM, "messages": messages, **params, **extra}
    return Case(name, "messages", request, truth, usage, http, said=said)


def buckets(**counts: int) -> dict[str, int]:
    """Those that there are; input and output always."""
    return {bucket: count for bucket, count in counts.items() if count or bucket in ("input", "output")}


def pieces(case: Case) -> list[str]:
    """Its answer word by word, as a stream brings it."""
    return words(case.said[0]["content"] if case.way in UNENDED and case.api == "chat" else case.truth["response"])


def words(text: str) -> list[str]:
    """Each with the blanks after it."""
    return re.findall(r"\S+\s*", text)


def halves(text: str) -> tuple[str, str]:
    """A text that is no sentence, in two pieces."""
    return text[: len(text) // 2], text[len(text) // 2 :]


def _params(given: dict[str, Any]) -> dict[str, Any]:
    names = {"max_completion_tokens": "max_tokens", "max_output_tokens": "max_tokens", "stop_sequences": "stop"}
    return {names.get(name, name): value for name, value in given.items()}


CLAUDE_FINISH = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal"}
CALLS = [{"name": "get_weather", "arguments": ARGUMENTS}]
CHAT_TOOL = {"type": "function", "function": TOOL}
TURNS = [
    {"role": "user", "content": marked("chat_turns")},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "call_0", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Lisboa"}'}}
        ],
    },
    {"role": "tool", "tool_call_id": "call_0", "content": "sunny"},
]
PICTURE = [{"type": "text", "text": marked("chat_picture")}, {"type": "image_url", "image_url": {"url": PIXEL}}]
WITH_USAGE = {"stream": True, "stream_options": {"include_usage": True}}

OPENAI: tuple[Case, ...] = (
    chat_case(
        "chat_plain",
        {"temperature": 0.2, "max_tokens": 64, "seed": 7},
        output=57,
        cached=1_024,
        extra={"user": "u-7"},
        user_id="u-7",
    ),
    chat_case("chat_bare", {}, output=11),
    chat_case("chat_length", {"max_tokens": 16, "top_p": 0.9, "stop": ["END"]}, output=16, finish_reason="length"),
    chat_case(
        "chat_reasoning",
        {"max_completion_tokens": 500, "reasoning_effort": "low"},
        output=400,
        reasoning=320,
        model="o3-mini",
    ),
    chat_case(
        "chat_tools",
        {"frequency_penalty": 0.5},
        output=23,
        finish_reason="tool_calls",
        tool_calls=CALLS,
        tools=["get_weather"],
        response="",
        extra={"tools": [CHAT_TOOL]},
    ),
    chat_case("chat_turns", {"temperature": 0.0}, output=31, messages=TURNS, system=None),
    chat_case(
        "chat_picture",
        {"presence_penalty": 0.5},
        output=33,
        messages=[{"role": "user", "content": PICTURE}],
        system=None,
    ),
    chat_case("chat_filter", {}, output=3, finish_reason="content_filter"),
    chat_case("chat_stream", {"temperature": 0.3}, output=41, cached=512, extra=WITH_USAGE, ttft_ms=60),
    chat_case("chat_stream_silent", {"max_tokens": 99}, output=43, extra={"stream": True}, silent=True, ttft_ms=60),
    chat_case("chat_limited", {"temperature": 0.4}, output=0, http=429, error_type="RateLimitError"),
    chat_case("chat_wrong", {"temperature": 0.6}, output=1, http=400, error_type="BadRequestError"),
    responses_case("resp_plain", {"max_output_tokens": 300, "temperature": 0.2}, output=71, cached=768, reasoning=20),
    responses_case("resp_length", {"max_output_tokens": 32}, output=32, finish_reason="length"),
    responses_case(
        "resp_tools",
        {"top_p": 0.8},
        output=29,
        finish_reason="tool_calls",
        tool_calls=CALLS,
        tools=["get_weather"],
        response="",
        extra={"tools": [{"type": "function", **TOOL}]},
    ),
    responses_case("resp_stream", {"temperature": 0.1}, output=47, extra={"stream": True}, ttft_ms=60),
    Case(
        "embed",
        "embeddings",
        {"model": "text-embedding-3-small", "input": marked("embed")},
        {},
        {"prompt_tokens": 9, "total_tokens": 9},
    ),
)
CLAUDE_TOOL = {"name": TOOL["name"], "description": TOOL["description"], "input_schema": TOOL["parameters"]}
ANTHROPIC: tuple[Case, ...] = (
    messages_case("claude_cached", {"max_tokens": 300}, output=57, read=1_024, write=200),
    messages_case("claude_plain", {"max_tokens": 301, "stop_sequences": ["END"]}, output=13),
    messages_case("claude_length", {"max_tokens": 17}, output=17, finish_reason="length"),
    messages_case(
        "claude_tools",
        {"max_tokens": 302},
        output=19,
        finish_reason="tool_calls",
        tool_calls=CALLS,
        tools=["get_weather"],
        response="",
        extra={"tools": [CLAUDE_TOOL]},
    ),
    messages_case("claude_stream", {"max_tokens": 303}, output=37, read=512, extra={"stream": True}, ttft_ms=60),
    messages_case("claude_limited", {"max_tokens": 304}, output=0, http=429, error_type="RateLimitError"),
)
# A server that fails.
BROKEN = chat_case("chat_broken", {"temperature": 0.5}, output=2, http=500, error_type="InternalServerError")
