"""The texts of a call as evaluators read them, out of strings, messages, parts and whole answers of providers."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec

MAX_READ: Final = 100_000  # characters of an answer, and of what it is compared with
MARK: Final = re.compile(r"\[([\w-]{1,40})\]")
# Where messages, parts and whole answers of providers keep their text; the first that is there counts.
TEXT_KEYS: Final = ("content", "text", "parts", "message", "messages", "output", "choices", "candidates")


class Said(msgspec.Struct, gc=False):
    """What of the texts of a call is read here."""

    response: Any = None
    context: Any = None
    prompt: Any = None
    system: Any = None


def marks_of(text: str, names: Collection[str]) -> list[str]:
    """The marks that redaction left in the place of what it found, each name once."""
    return list(dict.fromkeys(name for name in MARK.findall(text) if name in names)) if "[" in text else []


class Answer(NamedTuple):
    """The text of an answer; not `whole` where only its beginning is read, or only that was kept.

    `detect` names the personal data and secrets in a text: how is the project's affair, for it may have redacted them.
    """

    text: str
    said: Said
    whole: bool
    detect: Callable[[str], list[str]]


read_said = msgspec.json.Decoder(Said).decode


def answer_of(said: Said, detect: Callable[[str], list[str]], *, cut: bool = False) -> Answer | None:
    """The answer of a call; None where no text of it was captured. `cut` says that its end was not kept."""
    texts = [*texts_of(said.response)]
    if not texts:
        return None
    text = "\n".join(texts)
    return Answer(encodable(text[:MAX_READ]), said, not cut and len(text) <= MAX_READ, detect)


def was_cut(payload: Mapping[str, Any]) -> bool:
    """Whether the end of the answer was cut off when the call came (`extra._truncated`, by JSON pointer)."""
    extra = payload.get("extra")
    cut = extra.get("_truncated") if isinstance(extra, dict) else None
    return isinstance(cut, dict) and any(pointer.startswith("/response") for pointer in cut)


def source_of(said: Said, *, context_only: bool) -> str | None:
    """What the answer may rest on: its context, or all that was sent; None where nothing of that was captured."""
    given = (said.context,) if context_only else (said.context, said.prompt, said.system)
    texts = [text for value in given for text in texts_of(value)]
    return "\n".join(texts)[:MAX_READ] if texts else None


def texts_of(value: Any) -> Iterator[str]:
    """The texts in a prompt, a list of messages or parts, or an answer."""
    if type(value) is str:
        yield value
    elif type(value) is list:
        for part in value:
            yield from texts_of(part)
    elif type(value) is dict:
        for key in TEXT_KEYS:
            if key in value:
                yield from texts_of(value[key])
                break


def encodable(text: str) -> str:
    """The text without halves of surrogate pairs, which no encoding holds."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
