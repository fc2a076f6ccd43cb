"""The chunks of a stream of OpenAI's Chat Completions, as MLflow keeps them in events: what its own summary of them loses.

MLflow puts the text together, says `stop` of every stream, and drops tool calls.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from monitoring.llm.dialects.parts import tool_call


def ending(chunks: Iterable[Any]) -> Any:
    """Why the first choice ended; None where no chunk says it."""
    reasons = (choice.get("finish_reason") for choice in _choices(chunks))
    return next(filter(None, reasons), None)


def calls_in(chunks: Iterable[Any]) -> list[dict[str, Any]]:
    """The tool calls of the first choice, each put together of its pieces."""
    found: dict[int, dict[str, Any]] = {}
    for choice in _choices(chunks):
        delta = choice.get("delta")
        for piece in delta.get("tool_calls") or () if isinstance(delta, Mapping) else ():
            if isinstance(piece, Mapping) and isinstance(piece.get("function"), Mapping):
                begun = found.setdefault(int(piece.get("index") or 0), {"arguments": ""})
                begun |= {
                    "id": piece.get("id") or begun.get("id"),
                    "name": piece["function"].get("name") or begun.get("name"),
                }
                begun["arguments"] += piece["function"].get("arguments") or ""
    return [tool_call(one) for _, one in sorted(found.items())]


def said_in(chunks: Sequence[Any], call: dict[str, Any]) -> str:
    """The text of the first choice; which answer of which model it is goes into the call, where nothing else says it."""
    for field, name in (("response_id", "id"), ("response_model", "model")):
        told = next((chunk.get(name) for chunk in chunks if isinstance(chunk, Mapping) and "choices" in chunk), None)
        if isinstance(told, str):
            call.setdefault(field, told)
    return "".join(_piece(choice) for choice in _choices(chunks))


def _piece(choice: Mapping[str, Any]) -> str:
    delta = choice.get("delta")
    told = delta.get("content") if isinstance(delta, Mapping) else choice.get("text")
    return told if isinstance(told, str) else ""


def _choices(chunks: Iterable[Any]) -> Iterator[Mapping[str, Any]]:
    for chunk in chunks:
        choices = chunk.get("choices") if isinstance(chunk, Mapping) else None
        for choice in choices if isinstance(choices, list) else ():
            if isinstance(choice, Mapping) and not choice.get("index"):
                yield choice
