"""Matchers as people write them, in a file: a text, or a list of texts."""

from typing import Any

from alerting.labels.matchers import from_json, parse_lines, to_json


def read_matchers(given: object) -> list[dict[str, Any]]:
    """As stored; `MatcherError` for what cannot be asked."""
    return to_json(parse_lines("\n".join(map(str, given)) if isinstance(given, list) else str(given or "")))


def write_matchers(stored: object) -> list[str]:
    """One text each."""
    return [str(one) for one in from_json(stored)]
