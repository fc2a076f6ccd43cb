"""`with atalaia.llm_call(…) as call:` - one call of a language model, timed, with what was asked and answered."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from atalaia.context import Context, child, current
from atalaia.ids import new_id
from atalaia.record import served

# Words of providers for the reasons of the wire contract; words that are not here go as they are and are kept.
FINISH_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "completed": "stop",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "tool_use": "tool_calls",
    "function_call": "tool_calls",
    "refusal": "content_filter",
    "safety": "content_filter",
}


class LLMCall:
    """Fill in what becomes known; everything is optional. `record` reads it from a provider's answer."""

    response: Any = None
    usage: Any = None
    finish_reason: str | None = None
    response_model: str | None = None
    response_id: str | None = None
    tool_calls: Any = None
    cost_usd: float | None = None
    ttft_ms: float | None = None
    _started = 0.0
    _ts = 0.0
    _before: Context | None = None

    def __init__(self, fields: dict[str, Any]) -> None:
        self.id: str = str(fields.pop("id", None) or new_id())
        self._fields = fields
        self._chunks: list[str] = []

    def set(self, **fields: Any) -> None:
        """Any other field of the wire contract, or of your own."""
        self._fields.update(fields)

    def first_token(self) -> None:
        """The first piece of a streamed answer is here."""
        if self.ttft_ms is None:
            self.ttft_ms = (time.perf_counter() - self._started) * 1_000

    def chunk(self, text: str) -> str:
        """One piece of a streamed answer; it comes back, so that it can be passed on in the same line."""
        self.first_token()
        self._chunks.append(str(text))
        return text

    def record(self, answer: Any) -> Any:
        """Read an answer of OpenAI (chat, responses) or Anthropic, object or dict; it comes back unchanged."""
        try:
            for name, value in read_answer(answer).items():
                if value is not None:
                    setattr(self, name, value)
        except Exception:  # an answer of another shape says nothing
            pass
        return answer

    def __enter__(self) -> LLMCall:
        """The clock starts; the call becomes the parent of what it causes."""
        before = self._before = current.get()
        within = child(before)
        current.set(within)
        fields = self._fields
        fields.setdefault("trace_id", within.trace_id)
        fields.setdefault("span_id", within.span_id)
        fields.setdefault("parent_span_id", before.span_id or None)
        self._ts, self._started = time.time(), time.perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Record it; an exception is recorded and goes on its way."""
        took = (time.perf_counter() - self._started) * 1_000
        if self._before is not None:
            current.set(self._before)
        made: dict[str, Any] = {
            **self._fields, "id": self.id, "ts": self._ts, "latency_ms": took, "ttft_ms": self.ttft_ms,
            "response": self.response if self.response is not None or not self._chunks else "".join(self._chunks),
            "usage": self.usage, "finish_reason": reason(self.finish_reason), "response_model": self.response_model,
            "response_id": self.response_id, "tool_calls": self.tool_calls, "cost_usd": self.cost_usd,
        }  # fmt: skip
        if kind is not None and not issubclass(kind, GeneratorExit):
            made.update(status="error", error_type=kind.__name__)
        served("llm_call", made)

    async def __aenter__(self) -> LLMCall:
        """The same for `async with`."""
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The same for `async with`."""
        self.__exit__(kind, error, trace)


def llm_call(
    model: str | None = None,
    *,
    provider: str | None = None,
    request_model: str | None = None,
    system: Any = None,
    prompt: Any = None,
    context: list[Any] | None = None,
    params: dict[str, Any] | None = None,
    prompt_name: str | None = None,
    prompt_version: str | None = None,
    **fields: Any,
) -> LLMCall:
    """A call of a language model by the application `model`; `request_model` is what is asked of the provider."""
    given = {
        "model": model, "provider": provider, "request_model": request_model, "system": system, "prompt": prompt,
        "context": context, "params": params, "prompt_name": prompt_name, "prompt_version": prompt_version, **fields,
    }  # fmt: skip
    return LLMCall(given)


def reason(word: str | None) -> str | None:
    """A finish reason in the words of the wire contract."""
    return None if word is None else FINISH_REASONS.get(str(word).lower(), str(word))


def read_answer(answer: Any) -> dict[str, Any]:
    """Fields of an `LLMCall` from an answer of a provider; usage stays in the provider's words, which the panel reads."""
    said = answer.model_dump() if hasattr(answer, "model_dump") else answer
    if not isinstance(said, Mapping):
        return {}
    found = {"response_id": said.get("id"), "response_model": said.get("model"), "usage": said.get("usage")}
    if said.get("choices"):
        return {**found, **_chat(said["choices"][0])}
    if isinstance(said.get("output"), list):
        return {**found, **_responses(said)}
    if isinstance(said.get("content"), list):
        return {**found, **_messages(said)}
    return found


def _chat(choice: Mapping[str, Any]) -> dict[str, Any]:
    message = choice.get("message") or {}
    return {
        "response": message.get("content"),
        "tool_calls": message.get("tool_calls"),
        "finish_reason": choice.get("finish_reason"),
    }


def _responses(said: Mapping[str, Any]) -> dict[str, Any]:
    parts = [part for item in said["output"] for part in item.get("content") or ()]
    calls = [item for item in said["output"] if item.get("type") == "function_call"]
    why = (said.get("incomplete_details") or {}).get("reason") or ("tool_calls" if calls else said.get("status"))
    text = "".join(part["text"] for part in parts if part.get("text"))
    return {"response": text or None, "tool_calls": calls or None, "finish_reason": why}


def _messages(said: Mapping[str, Any]) -> dict[str, Any]:
    text = "".join(part["text"] for part in said["content"] if part.get("type") == "text")
    calls = [part for part in said["content"] if part.get("type") == "tool_use"]
    return {"response": text or None, "tool_calls": calls or None, "finish_reason": said.get("stop_reason")}
