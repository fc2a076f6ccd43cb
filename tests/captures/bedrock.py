"""Bedrock's calls by Converse and by the body of the model's maker: what is asked, what comes back, and what is true of each."""

import json
import struct
from collections.abc import Iterator
from typing import Any
from zlib import crc32

from tests.captures.cases import (
    ARGUMENTS,
    CALLS,
    CLAUDE_FINISH,
    CLAUDE_TOOL,
    SYSTEM,
    TOOL,
    Case,
    buckets,
    marked,
    pieces,
    truth_of,
)

MODEL = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
TOOLS = {
    "tools": [
        {
            "toolSpec": {
                "name": TOOL["name"],
                "description": TOOL["description"],
                "inputSchema": {"json": TOOL["parameters"]},
            }
        }
    ]
}
NAMES = {"maxTokens": "max_tokens", "topP": "top_p", "stopSequences": "stop", "stop_sequences": "stop"}
FAILURES = {429: "ThrottlingException", 500: "InternalServerException"}
TEXT_HEADER = 7


def _converse(
    name: str, params: dict[str, Any], *, output: int, read: int = 0, write: int = 0, http: int = 200, **more: Any
) -> Case:
    """A call whose input tokens stand beside those of the cache."""
    usage = {"inputTokens": 176, "outputTokens": output, "totalTokens": 176 + output + read + write}
    usage |= {"cacheReadInputTokens": read, "cacheWriteInputTokens": write} if read or write else {}
    request = {
        "modelId": MODEL,
        "system": [{"text": SYSTEM}],
        "messages": [{"role": "user", "content": [{"text": marked(name)}]}],
        "inferenceConfig": params,
        **more.pop("extra", {}),
    }
    known = {"response_model": None, "usage": buckets(input=176, cached_input=read, cache_write=write, output=output)}
    return Case(name, more.pop("api", "converse"), request, _truth(name, params, http, known | more), usage, http)


def _invoke(name: str, params: dict[str, Any], *, output: int, api: str = "invoke", **more: Any) -> Case:
    """The same by the body that Anthropic's own API takes and gives."""
    usage = {"input_tokens": 176, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0}
    body = {
        "anthropic_version": "bedrock-2023-05-31",
        "system": SYSTEM,
        "messages": [{"role": "user", "content": marked(name)}],
        **params,
        **more.pop("extra", {}),
    }
    known = {
        "response_model": "claude-sonnet-4-5-20250929",
        "response_id": f"msg_{name}",
        "usage": buckets(input=176, output=output),
    }
    truth = _truth(name, params, 200, known | more)
    return Case(name, api, {"modelId": MODEL, "body": body}, truth, usage | {"output_tokens": output})


def _truth(name: str, params: dict[str, Any], http: int, more: dict[str, Any]) -> dict[str, Any]:
    known = {
        "provider": "aws.bedrock",
        "system": SYSTEM,
        "params": {NAMES.get(key, key): value for key, value in params.items()},
    }
    return truth_of(name, MODEL, MODEL, http=http, **(known | more))


BY_TOOL: dict[str, Any] = {
    "finish_reason": "tool_calls",
    "tool_calls": CALLS,
    "tools": ["get_weather"],
    "response": "",
}
BEDROCK: tuple[Case, ...] = (
    _converse("br_plain", {"maxTokens": 300, "temperature": 0.2}, output=57, read=1_024, write=200),
    _converse("br_length", {"maxTokens": 16, "topP": 0.9, "stopSequences": ["END"]}, output=16, finish_reason="length"),
    _converse("br_tools", {"maxTokens": 301}, output=19, extra={"toolConfig": TOOLS}, **BY_TOOL),
    _converse("br_stream", {"maxTokens": 302}, output=37, read=512, api="converse-stream", ttft_ms=60),
    _converse("br_limited", {"maxTokens": 303}, output=0, http=429, error_type="ThrottlingException"),
    _converse("br_broken", {"maxTokens": 304}, output=1, http=500, error_type="InternalServerException"),
    _invoke("br_invoke", {"max_tokens": 305, "temperature": 0.4}, output=58),
    _invoke("br_invoke_length", {"max_tokens": 17, "stop_sequences": ["END"]}, output=17, finish_reason="length"),
    _invoke("br_invoke_tools", {"max_tokens": 306}, output=21, extra={"tools": [CLAUDE_TOOL]}, **BY_TOOL),
    _invoke("br_invoke_stream", {"max_tokens": 307}, output=39, api="invoke-with-response-stream", ttft_ms=60),
)


def answer(case: Case) -> dict[str, Any]:
    """The whole answer of a Converse; an Invoke answers as Anthropic does."""
    block: dict[str, Any] = {"text": case.truth["response"]}
    if "tool_calls" in case.truth:
        block = {"toolUse": {"toolUseId": "tooluse_1", "name": TOOL["name"], "input": ARGUMENTS}}
    return {
        "output": {"message": {"role": "assistant", "content": [block]}},
        "stopReason": CLAUDE_FINISH[case.truth["finish_reason"]],
        "usage": case.usage,
        "metrics": {"latencyMs": 7},
    }


def chunks(case: Case) -> Iterator[tuple[str, dict[str, Any]]]:
    """The events of a streamed Converse."""
    yield "messageStart", {"role": "assistant"}
    for text in pieces(case):
        yield "contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": text}}
    yield "contentBlockStop", {"contentBlockIndex": 0}
    yield "messageStop", {"stopReason": CLAUDE_FINISH[case.truth["finish_reason"]]}
    yield "metadata", {"usage": case.usage, "metrics": {"latencyMs": 7}}


def frame(event: str, told: dict[str, Any]) -> bytes:
    """One message of AWS's event stream: lengths, headers, JSON, and checksums of both."""
    headers = b"".join(
        bytes([len(name)]) + name + bytes([TEXT_HEADER]) + struct.pack(">H", len(value)) + value
        for name, value in (
            (b":event-type", event.encode()),
            (b":content-type", b"application/json"),
            (b":message-type", b"event"),
        )
    )
    body = json.dumps(told).encode()
    prelude = struct.pack(">II", 16 + len(headers) + len(body), len(headers))
    message = prelude + struct.pack(">I", crc32(prelude)) + headers + body
    return message + struct.pack(">I", crc32(message))
