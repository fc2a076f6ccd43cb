"""What a route of a file becomes: matchers as people write them."""

from typing import Any

from alerting.matchers import parse_lines, to_json


def read_matchers(given: object) -> list[dict[str, Any]]:
    """A text or a list of texts, as stored; `MatcherError` for what cannot be asked."""
    return to_json(parse_lines("\n".join(map(str, given)) if isinstance(given, list) else str(given or "")))
