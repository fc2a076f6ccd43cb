"""Calls that clients tell less well: several choices, tools in streams and in parallel, thinking, conversations with results of tools."""

from typing import Any

from tests.captures.cases import (
    ARGUMENTS,
    CALLS,
    CHAT_TOOL,
    CLAUDE_TOOL,
    TOOL,
    WITH_USAGE,
    Case,
    chat_case,
    marked,
    messages_case,
    responses_case,
)

OTHER = {"city": "Recife"}
BOTH = [*CALLS, {"name": TOOL["name"], "arguments": OTHER}]
TOOLS: dict[str, Any] = {
    "finish_reason": "tool_calls",
    "tool_calls": CALLS,
    "tools": [TOOL["name"]],
    "response": "",
}


def _said(name: str) -> str:
    return f"A tower to keep watch from, says {name}."


def _used(place: int, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"type": "tool_use", "id": f"toolu_{place}", "name": TOOL["name"], "input": arguments}


RESULT = {"type": "tool_result", "tool_use_id": "toolu_0", "content": "sunny"}
CLAUDE_TURNS = [
    {"role": "user", "content": marked("claude_turns")},
    {"role": "assistant", "content": [{"type": "text", "text": "Let me look."}, _used(0, ARGUMENTS)]},
    {"role": "user", "content": [RESULT, {"type": "text", "text": "And tomorrow?"}]},
]
SUMMARY = [{"type": "summary_text", "text": "It is about towers."}]
OPENAI_HARD: tuple[Case, ...] = (
    chat_case(
        "chat_choices",
        {"n": 2, "temperature": 0.9},
        output=61,
        said=({"content": _said("chat_choices")}, {"content": "Another tower."}),
    ),
    chat_case("chat_parallel", {"top_p": 0.7}, output=45, extra={"tools": [CHAT_TOOL]}, **TOOLS | {"tool_calls": BOTH}),
    chat_case(
        "chat_tool_stream",
        {"temperature": 0.7},
        output=27,
        cached=256,
        extra={"tools": [CHAT_TOOL], **WITH_USAGE},
        ttft_ms=60,
        **TOOLS | {"tool_calls": BOTH},
    ),
    responses_case(
        "resp_thought",
        {"max_output_tokens": 900},
        output=500,
        reasoning=450,
        extra={"reasoning": {"effort": "low"}},
        said=(
            {"type": "reasoning", "id": "rs_1", "summary": SUMMARY},
            {
                "type": "message",
                "id": "msg_1",
                "role": "assistant",
                "status": "completed",
                "content": [{"type": "output_text", "text": _said("resp_thought"), "annotations": [], "logprobs": []}],
            },
        ),
    ),
    responses_case(
        "resp_tool_stream",
        {"temperature": 0.6},
        output=39,
        cached=640,
        extra={"tools": [{"type": "function", **TOOL}], "stream": True},
        ttft_ms=60,
        **TOOLS,
    ),
    responses_case("resp_limited", {"temperature": 0.7}, output=0, http=429, error_type="RateLimitError"),
    responses_case("resp_broken", {"temperature": 0.8}, output=0, http=500, error_type="InternalServerError"),
)
ANTHROPIC_HARD: tuple[Case, ...] = (
    messages_case(
        "claude_thought",
        {"max_tokens": 2_000},
        output=700,
        extra={"thinking": {"type": "enabled", "budget_tokens": 1_024}},
        said=(
            {"type": "thinking", "thinking": "It is about towers.", "signature": "c2lnbmVk"},
            {"type": "text", "text": _said("claude_thought")},
        ),
    ),
    messages_case(
        "claude_tool_stream",
        {"max_tokens": 305},
        output=53,
        read=768,
        write=96,
        extra={"tools": [CLAUDE_TOOL], "stream": True},
        ttft_ms=60,
        said=({"type": "text", "text": _said("claude_tool_stream")}, _used(1, ARGUMENTS), _used(2, OTHER)),
        finish_reason="tool_calls",
        tool_calls=BOTH,
        tools=[TOOL["name"]],
    ),
    messages_case(
        "claude_turns", {"max_tokens": 306}, output=29, messages=CLAUDE_TURNS, extra={"tools": [CLAUDE_TOOL]}
    ),
    messages_case("claude_broken", {"max_tokens": 307}, output=0, http=500, error_type="InternalServerError"),
)
