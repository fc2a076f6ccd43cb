"""Names of segments: one value of one key of a model, such as `region=south`. Pure: no Django, no database.

A key is declared for a model; `prompt` is always there for calls that name a prompt. What has no value is in `(none)`,
what came after the key was full is in `(other)`: with these two the segments of a key add up to the whole.
"""

import re
from hashlib import blake2s
from typing import Any, Final

PROMPT: Final = "prompt"
NONE, OTHER = "(none)", "(other)"
RESERVED: Final = frozenset({NONE, OTHER})
MAX_VALUE: Final = 80  # with the longest key it fits `Series.segment`
MAX_KEYS: Final = 8  # of a model at a time
MAX_VALUES: Final = 50  # of a key; later ones are in OTHER
MAX_PROMPTS: Final = 1_000  # a prompt has a segment per version, and versions come for years
KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,39}")
# Names that `by` already knows.
TAKEN: Final = frozenset({PROMPT, "version", "environment", "error_type"})
HASH_BYTES: Final = 4


def segment_of(key: str, value: str) -> str:
    """The name of a segment, as series carry it; `value` as `value_text` gives it."""
    return f"{key}={value}"


def split_segment(segment: str) -> tuple[str, str]:
    """(key, value) of a segment's name."""
    key, _, value = segment.partition("=")
    return key, value


def prompt_value(name: str, version: str) -> str:
    """The value of the key `prompt` for a call; the name alone where it has no version."""
    return value_text(f"{name}@{version}" if version else name)


def value_text(value: Any) -> str:
    """A value as its segment's name shows it: equal values are equal as text (1 and 1.0, true and "true").

    What is longer than 80 characters ends in a hash of the whole, so that long values stay apart; a value that is
    spelled like a reserved one is quoted.
    """
    text = _plain(value)
    if not text:
        return NONE
    if text.strip('"') in RESERVED:
        text = f'"{text}"'
    if len(text) > MAX_VALUE:
        mark = blake2s(text.encode(), digest_size=HASH_BYTES).hexdigest()
        text = f"{text[: MAX_VALUE - 1 - len(mark)]}…{mark}"
    return text


def cap_of(key: str) -> int:
    """How many values of a key have a segment of their own."""
    return MAX_PROMPTS if key == PROMPT else MAX_VALUES


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()
