"""A small provider of ours: it answers as OpenAI, Anthropic, Cohere, Gemini and Bedrock do, as the cases say."""

import json
import re
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from typing import Any

from tests.captures import bedrock, cohere, gemini
from tests.captures.cases import ARGUMENTS, CLAUDE_FINISH, HEARD, Case, halves, pieces, words
from tests.captures.catalogue import CASES

MARKER = re.compile(r"\[case:(\w+)\]")
BEFORE_FIRST_S = 0.06
BETWEEN_S = 0.01
CREATED = 1_795_000_000
FINISH = {"length": "length", "tool_calls": "tool_calls", "content_filter": "content_filter"}
CUT = {"length": "max_output_tokens", "content_filter": "content_filter"}
WIDTH = 48
LATE_S = 0.4


def answer(case: Case) -> dict[str, Any]:
    """The whole answer of a call that succeeds."""
    return ANSWERS[case.api](case)


def chunks(case: Case) -> Iterator[tuple[str, dict[str, Any]]]:
    """(event, data) of the answer as a stream; the first that has content comes late."""
    return CHUNKS[case.api](case)


def sent(case: Case) -> Iterator[tuple[str, dict[str, Any]]]:
    """The chunks, up to where the stream is torn."""
    torn = case.way == "torn"
    yield from islice(chunks(case), HEARD[case.api] if torn else None)
    if torn:
        yield "error" if case.api == "messages" else "", failure(case)


def _chat(case: Case) -> dict[str, Any]:
    said: dict[str, Any] = {"content": case.truth["response"] or None}
    if "tool_calls" in case.truth:
        said["tool_calls"] = _chat_tools(case)
    reason = FINISH.get(case.truth["finish_reason"], "stop")
    choices = [
        {
            "index": place,
            "message": {"role": "assistant", "refusal": None, **one},
            "finish_reason": reason,
            "logprobs": None,
        }
        for place, one in enumerate(case.said or [said])
    ]
    return _frame(case, "chat.completion") | {"choices": choices, "usage": case.usage}


def _chat_tools(case: Case) -> list[dict[str, Any]]:
    return [
        {
            "id": f"call_{place}",
            "type": "function",
            "function": {"name": one["name"], "arguments": json.dumps(one["arguments"])},
        }
        for place, one in enumerate(case.truth["tool_calls"], 1)
    ]


def _frame(case: Case, kind: str) -> dict[str, Any]:
    told = {"id": case.truth["response_id"], "object": kind, "created": CREATED, "model": case.truth["response_model"]}
    return told | {"service_tier": "default", "system_fingerprint": "fp_0"}


def _chat_chunks(case: Case) -> Iterator[tuple[str, dict[str, Any]]]:
    def chunk(delta: dict[str, Any], reason: str | None = None) -> tuple[str, dict[str, Any]]:
        choice = {"index": 0, "delta": delta, "finish_reason": reason, "logprobs": None}
        return "", _frame(case, "chat.completion.chunk") | {"choices": [choice], "usage": None}

    for place, piece in enumerate(pieces(case)):
        yield chunk({"role": "assistant", "content": piece} if place == 0 else {"content": piece})
    for place, call in enumerate(_chat_tools(case) if "tool_calls" in case.truth else ()):
        function = call["function"]
        begun = {**call, "index": place, "function": function | {"arguments": ""}}
        yield chunk({"tool_calls": [begun]})
        for part in halves(function["arguments"]):
            yield chunk({"tool_calls": [{"index": place, "function": {"arguments": part}}]})
    yield chunk({}, FINISH.get(case.truth["finish_reason"], "stop"))
    if not case.silent:
        yield "", _frame(case, "chat.completion.chunk") | {"choices": [], "usage": case.usage}


def _completion(case: Case) -> dict[str, Any]:
    choice = {"text": case.truth["response"], "index": 0, "logprobs": None, "finish_reason": "stop"}
    return _frame(case, "text_completion") | {"choices": [choice], "usage": case.usage}


def _completion_chunks(case: Case) -> Iterator[tuple[str, dict[str, Any]]]:
    told: dict[str, Any] = _frame(case, "text_completion") | {"usage": None}
    for piece in pieces(case):
        choice = {"text": piece, "index": 0, "logprobs": None, "finish_reason": None}
        yield "", told | {"choices": [choice]}
    yield "", told | {"choices": [{"text": "", "index": 0, "logprobs": None, "finish_reason": "stop"}]}
    yield "", told | {"choices": [], "usage": case.usage}


def _responses(case: Case) -> dict[str, Any]:
    cut = CUT.get(case.truth["finish_reason"])
    output: dict[str, Any]
    if "tool_calls" in case.truth:
        output = {
            "type": "function_call",
            "id": "fc_1",
            "call_id": "call_1",
            "name": "get_weather",
            "status": "completed",
        }
        output["arguments"] = json.dumps(ARGUMENTS)
    else:
        part = {"type": "output_text", "text": case.truth["response"], "annotations": [], "logprobs": []}
        output = {"type": "message", "id": "msg_1", "role": "assistant", "content": [part]}
        output["status"] = "incomplete" if cut else "completed"
    request = case.request
    return {
        "id": case.truth["response_id"],
        "object": "response",
        "created_at": CREATED,
        "status": "incomplete" if cut else "completed",
        "incomplete_details": {"reason": cut} if cut else None,
        "error": None,
        "model": case.truth["response_model"],
        "instructions": request["instructions"],
        "output": list(case.said or [output]),
        "usage": case.usage,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": request.get("tools", []),
        "temperature": request.get("temperature", 1.0),
        "top_p": request.get("top_p", 1.0),
        "max_output_tokens": request.get("max_output_tokens"),
        "metadata": {},
        "text": {"format": {"type": "text"}},
        "truncation": "disabled",
    }


def _response_events(case: Case) -> Iterator[tuple[str, dict[str, Any]]]:
    whole = answer(case)
    started = whole | {"status": "in_progress", "output": [], "usage": None}
    number = iter(range(1_000))

    def event(kind: str, **more: Any) -> tuple[str, dict[str, Any]]:
        return kind, {"type": kind, "sequence_number": next(number), **more}

    yield event("response.created", response=started)
    for place, item in enumerate(whole["output"]):
        begun = {"content": []} if "content" in item else {"arguments": ""} if "arguments" in item else {}
        yield event("response.output_item.added", output_index=place, item=item | begun | {"status": "in_progress"})
        for kind, more in _item_events(case, item):
            yield event(f"response.{kind}", item_id=item["id"], output_index=place, **more)
        yield event("response.output_item.done", output_index=place, item=item)
    yield event("response.completed", response=whole)


def _item_events(case: Case, item: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    if item["type"] == "function_call":
        for part in halves(item["arguments"]):
            yield "function_call_arguments.delta", {"delta": part}
        yield "function_call_arguments.done", {"arguments": item["arguments"], "name": item["name"]}
    elif item["type"] == "message":
        part, at = item["content"][0], {"content_index": 0}
        yield "content_part.added", {"part": part | {"text": ""}, **at}
        for piece in pieces(case):
            yield "output_text.delta", {"delta": piece, "logprobs": [], **at}
        yield "output_text.done", {"text": part["text"], "logprobs": [], **at}
        yield "content_part.done", {"part": part, **at}


def _messages(case: Case) -> dict[str, Any]:
    block: dict[str, Any] = {"type": "text", "text": case.truth["response"]}
    if "tool_calls" in case.truth:
        block = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": ARGUMENTS}
    return {
        "id": case.truth["response_id"],
        "type": "message",
        "role": "assistant",
        "model": case.truth["response_model"],
        "content": list(case.said or [block]),
        "stop_reason": CLAUDE_FINISH[case.truth.get("finish_reason", "stop")],
        "stop_sequence": None,
        "usage": case.usage,
    }


def _message_events(case: Case) -> Iterator[tuple[str, dict[str, Any]]]:
    whole, usage = answer(case), dict(case.usage or {})
    begun = whole | {"content": [], "stop_reason": None, "usage": usage | {"output_tokens": 1}}
    yield "message_start", {"type": "message_start", "message": begun}
    for place, block in enumerate(whole["content"]):
        begun_block = {name: "" if name in ("text", "thinking", "signature") else part for name, part in block.items()}
        told = {"index": place, "content_block": begun_block | ({"input": {}} if "input" in block else {})}
        yield "content_block_start", {"type": "content_block_start", **told}
        for delta in _block_deltas(block):
            yield "content_block_delta", {"type": "content_block_delta", "index": place, "delta": delta}
        yield "content_block_stop", {"type": "content_block_stop", "index": place}
    ended = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    yield "message_delta", {"type": "message_delta", "delta": ended, "usage": usage}  # cumulative, as the API has it
    yield "message_stop", {"type": "message_stop"}


def _block_deltas(block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if block["type"] == "text":
        yield from ({"type": "text_delta", "text": piece} for piece in words(block["text"]))
    elif block["type"] == "thinking":
        yield from ({"type": "thinking_delta", "thinking": piece} for piece in words(block["thinking"]))
        yield {"type": "signature_delta", "signature": block["signature"]}
    else:
        yield from ({"type": "input_json_delta", "partial_json": part} for part in halves(json.dumps(block["input"])))


def _embeddings(case: Case) -> dict[str, Any]:
    vector = [round(0.01 * place, 2) for place in range(WIDTH)]
    data = [{"object": "embedding", "index": 0, "embedding": vector}]
    return {"object": "list", "model": "text-embedding-3-small", "data": data, "usage": case.usage}


def _invoke_events(case: Case) -> Iterator[tuple[str, dict[str, Any]]]:
    """Anthropic's events, each in one of Bedrock's, which counts once more in the last."""
    usage = case.usage or {}
    metrics = {"inputTokenCount": usage["input_tokens"], "outputTokenCount": usage["output_tokens"]}
    for event, one in _message_events(case):
        told = one | ({"amazon-bedrock-invocationMetrics": metrics} if event == "message_stop" else {})
        yield "chunk", {"bytes": b64encode(json.dumps(told).encode()).decode()}


def failure(case: Case) -> dict[str, Any]:
    """What is answered where the case fails, in the words of its API."""
    if case.api == "gemini":
        return gemini.failure(case)
    kind = {429: "rate_limit_error", 500: "server_error"}.get(case.http, "invalid_request_error")
    told = {"message": f"{case.name} fails", "type": kind, "code": None}
    return {"type": "error", "error": told, "message": told["message"]}


ANSWERS = {
    "chat": _chat,
    "completions": _completion,
    "responses": _responses,
    "messages": _messages,
    "embeddings": _embeddings,
    "gemini": gemini.answer,
    "cohere": cohere.answer,
    "converse": bedrock.answer,
    "invoke": _messages,
    "invoke-with-response-stream": _messages,
}
CHUNKS = {
    "chat": _chat_chunks,
    "completions": _completion_chunks,
    "responses": _response_events,
    "messages": _message_events,
    "gemini": gemini.chunks,
    "cohere": cohere.chunks,
    "converse-stream": bedrock.chunks,
    "invoke-with-response-stream": _invoke_events,
}


class Provider(BaseHTTPRequestHandler):
    """Answers by the marker in the request."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        found = MARKER.findall(body)  # what a tool gave names what comes next
        case = CASES.get(found[-1]) if found else None
        if case is None:
            self._send(404, {"error": {"message": "no such case", "type": "invalid_request_error", "code": None}})
        elif not case.http:
            time.sleep(LATE_S)
            self.close_connection = True
        elif case.http != 200:
            self._send(case.http, failure(case))
        elif json.loads(body).get("stream") or "stream" in self.path:
            self._stream(case)
        else:
            self._send(200, answer(case))

    def _send(self, status: int, told: dict[str, Any]) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        if status in bedrock.FAILURES:
            self.send_header("x-amzn-errortype", bedrock.FAILURES[status])
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, case: Case) -> None:
        self.send_response(200)
        as_aws = case in bedrock.BEDROCK
        self.send_header("content-type", "application/vnd.amazon.eventstream" if as_aws else "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        time.sleep(BEFORE_FIRST_S)
        self.close_connection = True
        with suppress(ConnectionError):  # whoever asked has left
            self._events(case, as_aws=as_aws)

    def _events(self, case: Case, *, as_aws: bool) -> None:
        for event, data in sent(case):
            line = f"event: {event}\n" if event else ""
            told = f"{line}data: {json.dumps(data)}\n\n".encode()
            self.wfile.write(bedrock.frame(event, data) if as_aws else told)
            self.wfile.flush()
            time.sleep(BETWEEN_S)
        if case.api in ("chat", "completions"):
            self.wfile.write(b"data: [DONE]\n\n")

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


def serve() -> ThreadingHTTPServer:
    """A provider on a port of its own; the caller runs and stops it."""
    return ThreadingHTTPServer(("127.0.0.1", 0), Provider)
