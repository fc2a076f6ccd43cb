"""Gemini's calls: what is asked of its API, what our small provider answers, and what is therefore true of each."""

from collections.abc import Iterator
from typing import Any

from tests.captures.cases import ARGUMENTS, CALLS, SYSTEM, TOOL, Case, buckets, pieces, truth_of

MODEL, ANSWERED = "gemini-2.5-flash", "gemini-2.5-flash-001"
FINISH = {"length": "MAX_TOKENS", "content_filter": "SAFETY"}
STATUS = {429: "RESOURCE_EXHAUSTED", 500: "INTERNAL"}


def _gemini(
    name: str, params: dict[str, Any], *, output: int, cached: int = 0, thought: int = 0, http: int = 200, **more: Any
) -> Case:
    """A call of 1,200 + `output` input tokens, those of the cache among them; thoughts stand beside the output."""
    given = 1_200 + output
    usage = {
        "promptTokenCount": given,
        "candidatesTokenCount": output,
        "totalTokenCount": given + output + thought,
        **({"cachedContentTokenCount": cached} if cached else {}),
        **({"thoughtsTokenCount": thought} if thought else {}),
    }
    extra = more.pop("extra", {})
    names = {"max_output_tokens": "max_tokens", "stop_sequences": "stop"}
    known: dict[str, Any] = {
        "provider": "gcp.gemini",
        "system": SYSTEM,
        "params": {names.get(key, key): value for key, value in params.items()},
        "response_id": f"gemini-{name}",
        "usage": buckets(input=given - cached, cached_input=cached, output=output, reasoning=thought),
    }
    truth = truth_of(name, MODEL, ANSWERED, http=http, **(known | more))
    return Case(name, "gemini", {"model": MODEL, "config": {**params, **extra}}, truth, usage, http)


GEMINI: tuple[Case, ...] = (
    _gemini("gem_plain", {"temperature": 0.2, "max_output_tokens": 64, "seed": 7}, output=57, cached=1_024),
    _gemini("gem_thought", {"top_p": 0.9, "top_k": 40}, output=80, thought=320),
    _gemini("gem_length", {"max_output_tokens": 16, "stop_sequences": ["END"]}, output=16, finish_reason="length"),
    _gemini(
        "gem_tools",
        {"frequency_penalty": 0.5},
        output=23,
        finish_reason="tool_calls",
        tool_calls=CALLS,
        tools=["get_weather"],
        response="",
        extra={"tools": [{"function_declarations": [TOOL]}]},
    ),
    _gemini("gem_filter", {"presence_penalty": 0.5}, output=3, finish_reason="content_filter"),
    _gemini("gem_stream", {"temperature": 0.3}, output=41, cached=512, extra={"stream": True}, ttft_ms=60),
    _gemini("gem_limited", {"temperature": 0.4}, output=0, http=429, error_type="ClientError"),
    _gemini("gem_broken", {"temperature": 0.5}, output=1, http=500, error_type="ServerError"),
)
GEMINI_EMBED = Case("gem_embed", "gemini", {"model": "gemini-embedding-001"}, {})


def answer(case: Case) -> dict[str, Any]:
    """The whole answer."""
    if not case.truth:
        return {"embeddings": [{"values": [round(0.01 * place, 2) for place in range(48)]}]}
    call = {"functionCall": {"name": TOOL["name"], "args": ARGUMENTS}}
    return _piece(case, [call] if "tool_calls" in case.truth else [{"text": case.truth["response"]}], last=True)


def chunks(case: Case) -> Iterator[tuple[str, dict[str, Any]]]:
    """The answer piece by piece; the last says why it ended and what it took."""
    told = pieces(case)
    for place, text in enumerate(told):
        yield "", _piece(case, [{"text": text}], last=place == len(told) - 1)


def failure(case: Case) -> dict[str, Any]:
    """What is answered where it fails."""
    return {"error": {"code": case.http, "message": f"{case.name} fails", "status": STATUS[case.http]}}


def _piece(case: Case, parts: list[dict[str, Any]], *, last: bool) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": parts}, "index": 0}
    if last:
        candidate["finishReason"] = FINISH.get(case.truth["finish_reason"], "STOP")
    told = {"candidates": [candidate], "modelVersion": ANSWERED, "responseId": case.truth["response_id"]}
    return told | ({"usageMetadata": case.usage} if last else {})
