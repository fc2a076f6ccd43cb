"""Cohere's calls: what is asked of its API, what our small provider answers, and what is therefore true of each."""

import json
from collections.abc import Iterator
from typing import Any

from tests.captures.cases import ARGUMENTS, CALLS, CHAT_TOOL, SYSTEM, Case, buckets, marked, pieces, truth_of

MODEL = "command-a-03-2025"
FINISH = {"length": "MAX_TOKENS", "tool_calls": "TOOL_CALL"}


def _cohere(name: str, params: dict[str, Any], *, output: int, http: int = 200, **more: Any) -> Case:
    counts = {"input_tokens": 1_200 + output, "output_tokens": output}
    extra = more.pop("extra", {})
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": marked(name)}]
    names = {"p": "top_p", "k": "top_k", "stop_sequences": "stop"}
    known: dict[str, Any] = {
        "provider": "cohere",
        "response_model": None,
        "response_id": f"cohere-{name}",
        "system": SYSTEM,
        "params": {names.get(key, key): value for key, value in params.items()},
        "usage": buckets(input=counts["input_tokens"], output=output),
    }
    truth = truth_of(name, MODEL, MODEL, http=http, **(known | more))
    request = {"model": MODEL, "messages": messages, **params, **extra}
    return Case(name, "cohere", request, truth, {"billed_units": counts, "tokens": counts}, http)


COHERE: tuple[Case, ...] = (
    _cohere("co_plain", {"temperature": 0.2, "max_tokens": 64, "p": 0.9, "k": 40}, output=57),
    _cohere("co_length", {"max_tokens": 16, "stop_sequences": ["END"]}, output=16, finish_reason="length"),
    _cohere(
        "co_tools",
        {"frequency_penalty": 0.5},
        output=23,
        finish_reason="tool_calls",
        tool_calls=CALLS,
        tools=["get_weather"],
        response="",
        extra={"tools": [CHAT_TOOL]},
    ),
    _cohere("co_stream", {"temperature": 0.3}, output=41, extra={"stream": True}, ttft_ms=60),
    _cohere("co_limited", {"temperature": 0.4}, output=0, http=429, error_type="TooManyRequestsError"),
    _cohere("co_broken", {"temperature": 0.5}, output=1, http=500, error_type="InternalServerError"),
)


def answer(case: Case) -> dict[str, Any]:
    """The whole answer."""
    message: dict[str, Any] = {"role": "assistant", "content": [{"type": "text", "text": case.truth["response"]}]}
    if "tool_calls" in case.truth:
        function = {"name": "get_weather", "arguments": json.dumps(ARGUMENTS)}
        message = {"role": "assistant", "tool_calls": [{"id": "call_1", "type": "function", "function": function}]}
    return {"id": case.truth["response_id"], "message": message, **_end(case)}


def chunks(case: Case) -> Iterator[tuple[str, dict[str, Any]]]:
    """The events of a stream."""
    begun = {"message": {"role": "assistant", "content": [], "tool_calls": [], "tool_plan": "", "citations": []}}
    yield _event("message-start", id=case.truth["response_id"], delta=begun)
    yield _event("content-start", index=0, delta={"message": {"content": {"type": "text", "text": ""}}})
    for text in pieces(case):
        yield _event("content-delta", index=0, delta={"message": {"content": {"text": text}}})
    yield _event("content-end", index=0)
    yield _event("message-end", delta=_end(case))


def _event(kind: str, **told: Any) -> tuple[str, dict[str, Any]]:
    return kind, {"type": kind, **told}


def _end(case: Case) -> dict[str, Any]:
    return {"finish_reason": FINISH.get(case.truth["finish_reason"], "COMPLETE"), "usage": case.usage}
