"""The chunks of a stream of OpenAI's Chat Completions, as MLflow keeps them in events: what its own summary of them loses.

MLflow puts the text together, says `stop` of every stream, and drops tool calls.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from monitoring.dialects.parts import tool_call


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


def _choices(chunks: Iterable[Any]) -> Iterator[Mapping[str, Any]]:
    for chunk in chunks:
        choices = chunk.get("choices") if isinstance(chunk, Mapping) else None
        for choice in choices if isinstance(choices, list) else ():
            if isinstance(choice, Mapping) and not choice.get("index"):
                yield choice
