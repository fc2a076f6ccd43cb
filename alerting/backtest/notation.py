"""Series as the tests of Prometheus's rules write them: `requests{status="error"}` with values `0x9 5+1x3 _ 2`. Pure."""

import re
from typing import Final

MOST: Final = 100_000
_SERIES: Final = re.compile(r"\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(?:\{(.*)\})?\s*")
_LABEL: Final = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\["\\])*)"\s*(?:,|$)')
_NUMBER: Final = r"-?\d+(?:\.\d+)?"
_VALUE: Final = re.compile(rf"({_NUMBER})(?:([+-]\d+(?:\.\d+)?))?(?:x(\d+))?")
_MISSING: Final = re.compile(r"_(?:x(\d+))?")


class NotationError(ValueError):
    """What cannot be read, and how it is written."""


def read_series(text: str) -> tuple[str, dict[str, str]]:
    """The name and the labels."""
    found = _SERIES.fullmatch(text)
    if found is None:
        message = f'{text!r} is no series; write one such as requests{{status="error"}}'
        raise NotationError(message)
    name, inside = found[1], (found[2] or "").strip()
    labels: dict[str, str] = {}
    place = 0
    while place < len(inside):
        label = _LABEL.match(inside, place)
        if label is None:
            message = f'{inside[place:]!r} is no label; write one such as status="error"'
            raise NotationError(message)
        labels[label[1]] = label[2].replace('\\"', '"').replace("\\\\", "\\")
        place = label.end()
    return name, labels


def read_values(text: str) -> list[float | None]:
    """One per interval, None where there is none. `1+2x3` is 1 3 5 7, `1x2` is 1 1 1, `_x2` is two that are missing."""
    found: list[float | None] = []
    for word in text.split():
        found += _expanded(word)
        if len(found) > MOST:
            message = f"that is more than {MOST:,} values"
            raise NotationError(message)
    return found


def _expanded(word: str) -> list[float | None]:
    if word == "stale":
        return [None]
    if missing := _MISSING.fullmatch(word):
        return [None] * _times(missing[1], 1)
    value = _VALUE.fullmatch(word)
    if value is None:
        message = f"{word!r} is no value; write numbers, 0x9 (ten zeros), 1+2x3 (1 3 5 7) or _ (none)"
        raise NotationError(message)
    first, step = float(value[1]), float(value[2] or 0)
    return [first + step * place for place in range(1 + _times(value[3], 0))]


def _times(text: str | None, unless: int) -> int:
    count = unless if text is None else int(text[:7])
    if count > MOST:
        message = f"that is more than {MOST:,} values"
        raise NotationError(message)
    return count
