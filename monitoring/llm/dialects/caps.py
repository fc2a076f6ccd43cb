"""Embedding vectors are long and say nothing to a person: what is kept of one is its length and its beginning."""

from collections.abc import Mapping
from typing import Any

from monitoring.llm.dialects.values import loaded

MOST_NUMBERS = 32
HEAD = 4


def capped(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes with every long list of numbers, also inside and as JSON, shortened."""
    return {name: _capped(_opened(value)) for name, value in attributes.items()}


def _opened(value: Any) -> Any:
    """A vector in JSON; every other text stays as it is."""
    if isinstance(value, str) and value.startswith("[") and len(value) > MOST_NUMBERS:
        inner = loaded(value)
        return inner if _is_vector(inner) else value
    return value


def _capped(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _capped(part) for name, part in value.items()}
    if _is_vector(value):
        return {"vector": len(value), "head": value[:HEAD]}
    return [_capped(part) for part in value] if isinstance(value, list | tuple) else value


def _is_vector(value: Any) -> bool:
    return isinstance(value, list) and len(value) > MOST_NUMBERS and all(type(part) in (int, float) for part in value)
