"""One attribute's value as a text, a number, an object: clients quote, stringify and encode as they please.

Every reader gives None where the value is none of its kind, so that the next alias is asked.
"""

import math
import re
import string
from ast import literal_eval
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

_decode = msgspec.json.Decoder().decode
_PACKAGE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
_NAMED = re.compile(r"\s*([A-Za-z_][\w.]*(?:Error|Exception|Timeout|Interrupt|Exit|Cancelled))\b:?")
# What the SDKs of OpenAI and Anthropic raise for an answer, in whose words they say it.
_CODED = re.compile(r"\bError code: ([45]\d\d)\b")
SDK_ERRORS = {
    400: "BadRequestError",
    401: "AuthenticationError",
    403: "PermissionDeniedError",
    404: "NotFoundError",
    409: "ConflictError",
    422: "UnprocessableEntityError",
    429: "RateLimitError",
}
# What they say where no answer came.
SDK_SILENCES = (("Request timed out", "APITimeoutError"), ("Connection error.", "APIConnectionError"))
# What says that something failed, and not what.
ANY_ERROR = ("Exception", "Error", "error", "_OTHER")
# A class as Python writes one.
_CLASS = re.compile(r"<class '([\w.]+)'>")
SCRUBBED = "[Scrubbed due to "
# JSON that is nested deeper stays the text that it is.
DEEPEST = 64
LONGEST_LITERAL = 4_096
_JSON = ("{", "[", '"')
# An escape of JSON; the group holds half a surrogate pair, which is no character and which UTF-8 cannot say.
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
_OPENS = frozenset({*_JSON, *string.whitespace, ""})


def may_open(value: Any) -> bool:
    """Whether anything can lie inside: an object, a list, or a text that may be JSON. A look at how it begins."""
    return value[:1] in _OPENS if type(value) is str else isinstance(value, dict | list)


def loaded(value: Any) -> Any:
    """What a JSON text holds, where it is one; else the value itself."""
    if isinstance(value, str) and value.lstrip()[:1] in _JSON and value:
        try:
            told = _decode(value)
        except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
            mended = whole_pairs(value)
            return value if mended == value else loaded(mended)
        return told if value.count("[") + value.count("{") < DEEPEST or _shallow(told) else value
    return value


def whole_pairs(told: str) -> str:
    """A text of JSON with U+FFFD for every half of a surrogate pair that it escapes."""
    return _ESCAPE.sub(lambda found: r"\ufffd" if found[1] else found[0], told)


def _shallow(value: Any) -> bool:
    """Whether it is nested no deeper than readers may follow."""
    level = [value]
    for _ in range(DEEPEST):
        level = [part for one in level if isinstance(one, dict | list) for part in _inside(one)]
        if not level:
            return True
    return False


def _inside(value: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value


def text(value: Any) -> str | None:
    """A name or an id; a quoted one is unquoted, a list of one is that one; what Logfire blackened is none."""
    if type(value) is str and value[:1] not in _OPENS:
        return value.strip() or None
    value = loaded(value)
    if isinstance(value, list):
        return text(value[0]) if len(value) == 1 else None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    told = str(value).strip()
    return None if told.startswith(SCRUBBED) else told or None


def number(value: Any) -> float | int | None:
    """A finite number."""
    if type(value) is int:
        return value
    if isinstance(value, str):
        try:
            value = float(value) if not value.strip().lstrip("+-").isdigit() else int(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return value


def count(value: Any) -> int | None:
    """A number of tokens, whole and not negative."""
    if type(value) is int:
        return value if value >= 0 else None
    found = number(value)
    return int(found) if found is not None and found >= 0 and found == int(found) else None


def amount(value: Any) -> float | None:
    """A number that is not negative: seconds, dollars."""
    found = number(value)
    return found if found is not None and found >= 0 else None


def mapping(value: Any) -> dict[str, Any] | None:
    """An object, also as JSON or as Python writes one."""
    value = loaded(value)
    if isinstance(value, str) and value.startswith("{'") and len(value) <= LONGEST_LITERAL:
        try:
            value = literal_eval(value)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            return None
    return value if isinstance(value, dict) and value else None


def moment(value: Any) -> int | None:
    """A moment in epoch microseconds, from RFC 3339 with an offset."""
    told = text(value)
    try:
        at = datetime.fromisoformat(told) if told else None
    except ValueError:
        return None
    return int(at.timestamp() * 1_000_000) if at is not None and at.tzinfo is not None else None


def error_name(value: Any) -> str | None:
    """The class of an error without the packages that it lives in: `openai.RateLimitError` is `RateLimitError`."""
    told = text(value)
    if told and (found := _CLASS.fullmatch(told)):
        told = found[1]
    return told.rsplit(".", 1)[-1] if told and _PACKAGE.fullmatch(told) else told


def named_error(message: str) -> str | None:
    """The class of an error that a message begins with, as `record_exception` writes it, or that its SDK raises for a code."""
    if found := _NAMED.match(message):
        return error_name(found.group(1))
    if found := _CODED.search(message):
        code = int(found.group(1))
        return SDK_ERRORS.get(code, "InternalServerError" if code >= 500 else "APIStatusError")
    return next((name for begin, name in SDK_SILENCES if message.startswith(begin)), None)


def dig(value: Any, path: tuple[str, ...]) -> Any:
    """What lies at a path of names and places; None if nothing does."""
    for step in path:
        value = loaded(value)
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def without(value: Any, path: tuple[str, ...]) -> Any:
    """The value less what lies at a path; what thereby becomes empty goes too (then None)."""
    value = loaded(value)
    if not path:
        return None
    step, rest = path[0], path[1:]
    if isinstance(value, dict) and step in value:
        left = without(value[step], rest)
        kept = {key: left if key == step else part for key, part in value.items()}
        return {key: part for key, part in kept.items() if part is not None} or None
    if isinstance(value, list) and step.isdigit() and int(step) < len(value):
        kept_list = [without(part, rest) if place == int(step) else part for place, part in enumerate(value)]
        return kept_list if any(part is not None for part in kept_list) else None
    return value
