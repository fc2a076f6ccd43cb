"""Calls in the ways that people write them beside `create`: helpers of streams, parsed answers, pictures, refusals, searches, streams
that are left or torn, and failures of every kind. `way` is how a call is made; "" is `create`."""

from typing import Any

from tests.captures.cases import (
    ARGUMENTS,
    CHAT_TOOL,
    CLAUDE_TOOL,
    PIXEL,
    SYSTEM,
    TOOL,
    WITH_USAGE,
    Case,
    buckets,
    chat_case,
    marked,
    messages_case,
    responses_case,
    truth_of,
)
from tests.captures.hard_cases import TOOLS

REFUSED = "I cannot say that."
PARSED = '{"city":"Lisboa"}'
BEGUN = "A tower to"
LATE = {"timeout": 0.1}
WHOLE = f"{BEGUN} keep watch from."
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
SCHEMA |= {"additionalProperties": False}
FORMAT = {"type": "json_schema", "json_schema": {"name": "place", "schema": SCHEMA, "strict": True}}
SPOKEN = {"audio_tokens": 300}, {"audio_tokens": 40, "reasoning_tokens": 0}
SEARCH = {"type": "web_search_20250305", "name": "web_search", "max_uses": 1}
FOUND = {"type": "web_search_result", "title": "Towers", "url": "https://towers.example", "encrypted_content": "e"}


def _message(part: dict[str, Any]) -> dict[str, Any]:
    return {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [part]}


def _text(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _completion(name: str, *, output: int, **more: Any) -> Case:
    """A call of the older Completions."""
    model = "gpt-3.5-turbo-instruct"
    usage = {"prompt_tokens": 9 + output, "completion_tokens": output, "total_tokens": 9 + 2 * output}
    request = {"model": model, "prompt": marked(name), "max_tokens": 20 + output, **more.pop("extra", {})}
    known = {"params": {"max_tokens": 20 + output}, "response_id": f"cmpl-{name}"}
    known["usage"] = buckets(input=9 + output, output=output)
    return Case(name, "completions", request, truth_of(name, model, model, **(known | more)), usage)


def _spoken(case: Case) -> Case:
    """Of its input 300 and of its output 40 tokens are sound."""
    usage = dict(case.usage or {})
    usage |= dict(zip(("prompt_tokens_details", "completion_tokens_details"), SPOKEN, strict=True))
    counted = buckets(
        input=usage["prompt_tokens"] - 300,
        audio_input=300,
        output=usage["completion_tokens"] - 40,
        audio_output=40,
    )
    return case._replace(usage=usage, truth=case.truth | {"usage": counted})


def by(way: str, *cases: Case) -> tuple[Case, ...]:
    """These, made in that way."""
    return tuple(case._replace(way=way) for case in cases)


OF_STREAM: dict[str, Any] = {"ttft_ms": 60}
LEFT: dict[str, Any] = {"response": BEGUN, "finish_reason": None, "usage": None, **OF_STREAM}
TORN: dict[str, Any] = LEFT | {"status": "error", "error_type": "APIError"}
DEVELOPER = [{"role": "developer", "content": SYSTEM}, {"role": "user", "content": marked("chat_thought_stream")}]
PARTS = [
    {"role": "system", "content": [{"type": "text", "text": SYSTEM}]},
    {"role": "user", "content": [{"type": "text", "text": marked("chat_both")}]},
]
LOOKED = {"name": TOOL["name"], "arguments": '{"city": "Lisboa"}'}
LOOKING = {"content": "Let me look.", "tool_calls": [{"id": "call_1", "type": "function", "function": LOOKED}]}
ANSWERED = [
    {"type": "function_call_output", "call_id": "call_0", "output": "sunny"},
    {"role": "user", "content": marked("resp_previous")},
]
SHOWN = [{"type": "input_text", "text": marked("resp_picture")}, {"type": "input_image", "image_url": PIXEL}]
SEARCH = {"type": "search", "query": "tower"}
SEARCHED = {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": SEARCH}
OPENAI_MORE: tuple[Case, ...] = (
    *by("parse", chat_case("chat_parsed", {"temperature": 0.1}, output=12, response=PARSED)),
    chat_case("chat_schema", {"seed": 11}, output=14, response=PARSED, extra={"response_format": FORMAT}),
    chat_case(
        "chat_refusal", {"temperature": 0.15}, output=6, response=REFUSED, said=({"refusal": REFUSED, "content": None},)
    ),
    chat_case(
        "chat_both",
        {"temperature": 0.25},
        output=24,
        messages=PARTS,
        said=(LOOKING,),
        extra={"tools": [CHAT_TOOL]},
        **TOOLS | {"response": "Let me look."},
    ),
    chat_case(
        "chat_thought_stream",
        {"max_completion_tokens": 700, "reasoning_effort": "high"},
        output=300,
        reasoning=256,
        model="o3-mini",
        messages=DEVELOPER,
        extra=WITH_USAGE,
        **OF_STREAM,
    ),
    _spoken(chat_case("chat_spoken", {"temperature": 0.35}, output=90)),
    *by(
        "stream", chat_case("chat_helper", {"temperature": 0.45}, output=17, cached=128, extra=WITH_USAGE, **OF_STREAM)
    ),
    *by("raw", chat_case("chat_raw", {"temperature": 0.55}, output=18)),
    *by(
        "left",
        chat_case("chat_left", {"temperature": 0.65}, output=19, extra=WITH_USAGE, said=({"content": WHOLE},), **LEFT),
    ),
    *by(
        "torn",
        chat_case("chat_torn", {"temperature": 0.75}, output=20, extra=WITH_USAGE, said=({"content": WHOLE},), **TORN),
    ),
    chat_case("chat_late", {"temperature": 0.85}, output=0, http=0, error_type="APITimeoutError", extra=LATE),
    chat_case("chat_denied", {"temperature": 0.95}, output=0, http=401, error_type="AuthenticationError"),
    chat_case("chat_unknown", {"top_p": 0.15}, output=0, http=404, error_type="NotFoundError"),
    *by("gone", chat_case("chat_gone", {"top_p": 0.25}, output=0, http=0, error_type="APIConnectionError")),
    _completion("text_plain", output=8),
    _completion("text_stream", output=9, extra=WITH_USAGE, **OF_STREAM),
    responses_case(
        "resp_previous", {"temperature": 0.3}, output=21, extra={"input": ANSWERED, "previous_response_id": "resp_0"}
    ),
    responses_case(
        "resp_picture", {"temperature": 0.4}, output=22, extra={"input": [{"role": "user", "content": SHOWN}]}
    ),
    *by("parse", responses_case("resp_parsed", {"temperature": 0.5}, output=23, response=PARSED)),
    *by("stream", responses_case("resp_helper", {"top_p": 0.35}, output=25, **OF_STREAM)),
    responses_case(
        "resp_refusal",
        {"top_p": 0.45},
        output=26,
        response=REFUSED,
        said=(_message({"type": "refusal", "refusal": REFUSED}),),
    ),
    responses_case("resp_filter", {"top_p": 0.55}, output=27, finish_reason="content_filter"),
    responses_case(
        "resp_searched",
        {"top_p": 0.65},
        output=28,
        extra={"tools": [{"type": "web_search"}]},
        said=(SEARCHED, _message(_text("A tower to keep watch from, says resp_searched."))),
    ),
    responses_case("resp_late", {"top_p": 0.75}, output=0, http=0, error_type="APITimeoutError", extra=LATE),
)


def _agent(
    name: str, make: Any, params: dict[str, Any], tools: list[Any], *, output: int, **more: Any
) -> tuple[Case, Case]:
    """What an agent asks first, answered by a tool call, and then, with what the tool gave. The later one bears both names."""
    asks, tells = f"{name}_asks", f"{name}_tells"
    both = {"tools": [TOOL["name"]], **more}
    later = make(tells, params, output=output + 1, prompt=marked(asks), extra={"tools": tools}, **both)
    return later, make(asks, params, output=output, extra={"tools": tools}, **both | TOOLS)


AGENTS = (
    *_agent("agent", chat_case, {"temperature": 0.2}, [CHAT_TOOL], output=51),
    *_agent("agent_stream", chat_case, {"temperature": 0.2}, [CHAT_TOOL], output=61, **OF_STREAM),
    *_agent("claude_agent", messages_case, {"max_tokens": 501}, [CLAUDE_TOOL], output=71),
)
SOURCE = {"type": "base64", "media_type": "image/png", "data": PIXEL.partition(",")[2]}
PICTURE = [{"type": "text", "text": marked("claude_picture")}, {"type": "image", "source": SOURCE}]
KEPT = [{"type": "text", "text": SYSTEM, "cache_control": {"type": "ephemeral"}}]
THOUGHT = {"thinking": {"type": "enabled", "budget_tokens": 1_024}}
ASKED = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "tower"}}
OF_TOOL = {"type": "tool_use", "id": "toolu_1", "name": TOOL["name"], "input": ARGUMENTS}


def _blocks(name: str, *before: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    return (*before, {"type": "text", "text": f"A tower to keep watch from, says {name}."})


ANTHROPIC_MORE: tuple[Case, ...] = (
    *by(
        "stream",
        messages_case("claude_helper", {"max_tokens": 401}, output=31, read=256, **OF_STREAM),
        messages_case(
            "claude_helper_tools",
            {"max_tokens": 402},
            output=32,
            extra={"tools": [CLAUDE_TOOL]},
            said=({"type": "text", "text": "Let me look."}, OF_TOOL),
            **OF_STREAM,
            **TOOLS | {"response": "Let me look."},
        ),
    ),
    messages_case("claude_picture", {"max_tokens": 403}, output=33, messages=[{"role": "user", "content": PICTURE}]),
    messages_case("claude_kept", {"max_tokens": 404}, output=34, read=512, write=64, extra={"system": KEPT}),
    messages_case("claude_refusal", {"max_tokens": 405}, output=35, finish_reason="content_filter"),
    messages_case(
        "claude_thought_stream",
        {"max_tokens": 2_001},
        output=600,
        extra={**THOUGHT, "stream": True},
        said=_blocks(
            "claude_thought_stream",
            {"type": "thinking", "thinking": "It is about towers.", "signature": "c2lnbmVk"},
        ),
        **OF_STREAM,
    ),
    messages_case(
        "claude_searched",
        {"max_tokens": 406},
        output=36,
        extra={"tools": [SEARCH]},
        said=_blocks(
            "claude_searched",
            ASKED,
            {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [FOUND]},
        ),
    ),
    *by("beta", messages_case("claude_beta", {"max_tokens": 407}, output=38, read=128)),
    *by("raw", messages_case("claude_raw", {"max_tokens": 408}, output=39)),
    *by(
        "left",
        messages_case(
            "claude_left",
            {"max_tokens": 409},
            output=40,
            extra={"stream": True},
            said=({"type": "text", "text": WHOLE},),
            **LEFT,
        ),
    ),
    *by(
        "torn",
        messages_case(
            "claude_torn",
            {"max_tokens": 410},
            output=41,
            extra={"stream": True},
            said=({"type": "text", "text": WHOLE},),
            **TORN | {"error_type": "APIStatusError"},
        ),
    ),
    messages_case("claude_late", {"max_tokens": 411}, output=0, http=0, error_type="APITimeoutError", extra=LATE),
    messages_case("claude_denied", {"max_tokens": 412}, output=0, http=401, error_type="AuthenticationError"),
    messages_case("claude_long", {"max_tokens": 413}, output=0, http=400, error_type="BadRequestError"),
    messages_case("claude_busy", {"max_tokens": 414}, output=0, http=529, error_type="OverloadedError"),
)
