"""The pattern of a log line: what is the same in all lines that one statement of a program writes. Pure.

Numbers, ids, times, addresses, paths and quoted texts become marks (`<num>`), as Drain's masking does (He, Zhu, Zheng, Lyu:
"Drain: An online log parsing approach with fixed depth tree", ICWS 2017); the rest is the pattern. It depends on the line
alone, so lines may come in any order and be counted again. Marks never change under one name of a metric: others would be another metric.
"""

import re
from functools import lru_cache
from hashlib import blake2b
from typing import Final

LONGEST: Final = 160
LOOKED_AT: Final = 1_000  # characters of a message
LEVEL_LENGTH: Final = 16
KEY_BYTES: Final = 8
# In the order in which they are tried at each place. No mark holds a digit, a quote, a slash, a backslash, a colon or an @.
_RICH: Final = (
    ("url", r"(?<![\w+.-])[a-zA-Z][a-zA-Z0-9+.-]*://[^\s\"'<>]+"),
    ("email", r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    ("text", r"\"[^\"]*\"|(?<!\w)'[^']*'(?!\w)"),
    ("address", r"(?<![\w:])(?:[0-9a-fA-F]{0,4}:){3,7}[0-9a-fA-F]{1,4}\b"),
    ("path", r"(?<![\w./<>~])(?:~|\.{1,2})?(?:/[\w.@:+~%=,-]+){2,}/?|\b[A-Za-z]:\\[^\s\"'<>]+"),
)
_PLAIN: Final = (
    (
        "time",
        r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?|\b\d\d:\d\d:\d\d(?:[.,]\d+)?",
    ),
    ("id", r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"),
    ("address", r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b"),
    ("hex", r"\b0[xX][0-9a-fA-F]+\b"),
    ("num", r"(?:(?<![\w>])[-+])?\b\d+(?:[.,]\d+)*(?:[eE][-+]?\d+)?(?=%|[a-zA-Zµ]{0,3}(?!\w))"),
    ("word", r"\b[^\W\d]*\d\w*(?:\.\d+)*"),
)


def _one_of(marks: tuple[tuple[str, str], ...]) -> str:
    return "|".join(f"(?P<{name}_{place}>{pattern})" for place, (name, pattern) in enumerate(marks))


_ANY_PLAIN: Final = re.compile(_one_of(_PLAIN))
_ANY: Final = re.compile(_one_of((*_RICH, *_PLAIN)))
_IS_RICH: Final = re.compile(r"[@/\"'\\]|:.*:")
_LEFT: Final = re.compile(r"[\d@/\"'\\]|:.*:")  # what a mark may still be made of: mostly nothing
_HEX: Final = re.compile(r"[0-9a-fA-F]{8,}")
_LONG: Final = re.compile(r"\d\d|\w{8}|\.")
_SPACE: Final = re.compile(r"\s+")


def template_of(message: str) -> str:
    """The pattern of a message, or of a template that a client sends: its first line, marked; at most LONGEST characters.

    What is a pattern already stays as it is.
    """
    head = message[:LOOKED_AT].strip()
    text = _SPACE.sub(" ", head.splitlines()[0]).strip() if head else ""
    while (marked := _cut(_marked(text))) != text:  # every round takes something away that no mark holds
        text = marked
        if not _LEFT.search(text):
            break
    return text


def _marked(text: str) -> str:
    return (_ANY if _IS_RICH.search(text) else _ANY_PLAIN).sub(_mark, text)


def _mark(found: re.Match[str]) -> str:
    name = (found.lastgroup or "").partition("_")[0]
    if name != "word":
        return f"<{name}>"
    if _HEX.fullmatch(found[0]):
        return "<hex>"
    return "<id>" if _LONG.search(found[0]) else found[0]  # utf8 and s3 are words


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}…"


def word_of(level: str, message: str) -> str:
    """A pattern and the level it is written at, as one word: what is counted. The same text at two levels is two of them."""
    return _word_of(level, message[:LOOKED_AT])


@lru_cache(maxsize=16_384)  # more than a batch of the drain: the row and the fold ask for the same
def _word_of(level: str, message: str) -> str:
    return f"{level.replace(' ', '-')[:LEVEL_LENGTH]} {template_of(message)}"


def of_word(word: str) -> tuple[str, str]:
    """(level, pattern) of such a word."""
    level, _, template = word.partition(" ")
    return level, template


@lru_cache(maxsize=16_384)
def key_of(word: str) -> int:
    """64 bits that stand for the word, signed: by these the lines of a pattern are found."""
    return int.from_bytes(blake2b(word.encode(), digest_size=KEY_BYTES).digest(), "big", signed=True)


def id_of(key: int) -> str:
    """The key as people and programs see it: 16 hexadecimal digits."""
    return key.to_bytes(KEY_BYTES, "big", signed=True).hex()


def key_by_id(text: str) -> int:
    """The inverse; `ValueError` for what is no such id."""
    if not re.fullmatch(r"[0-9a-f]{16}", text):
        raise ValueError(text)
    return int.from_bytes(bytes.fromhex(text), "big", signed=True)
