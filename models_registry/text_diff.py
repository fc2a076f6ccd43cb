"""What is different between two texts, by line and, within lines that were changed, by word. Pure: no database.

A text is cut into lines; lines that stand in both are *same*, the others *removed* or *added*. A block of removed lines
beside a block of added ones is a change: its lines are held against each other word by word.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any, Literal

WORD = re.compile(r"\w+\s*|[^\w\s]\s*|\s+")
ALIKE = 0.3
"""Lines that share less of their text than this are two lines, not one that was changed."""
PATIENCE = 400
"""Longer runs are compared without looking for the best alignment, which takes the square of their length and more."""

Change = Literal["same", "removed", "added"]


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a line; `changed` where the other text has something else there."""

    text: str
    changed: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One line of either text, with its number in the texts that have it."""

    change: Change
    pieces: tuple[Piece, ...]
    before: int | None
    after: int | None

    @property
    def text(self) -> str:
        """The whole line."""
        return "".join(piece.text for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter in two versions; None where a version does not say it."""

    name: str
    before: str | None
    after: str | None

    @property
    def changed(self) -> bool:
        """They differ."""
        return self.before != self.after


def text_of(template: Any) -> str:
    """A template as one text: messages under the name of their role."""
    if isinstance(template, list):
        return "\n\n".join(f"[{message['role']}]\n{message['content']}" for message in template)
    return template if isinstance(template, str) else ""


def compare_texts(before: str, after: str) -> list[Line]:
    """Every line of both, in order."""
    left, right = before.splitlines(), after.splitlines()
    lines: list[Line] = []
    for kind, i, j, k, m in _matcher(left, right).get_opcodes():
        if kind == "equal":
            lines += [
                Line("same", (Piece(text, changed=False),), i + place + 1, k + place + 1)
                for place, text in enumerate(left[i:j])
            ]
        else:
            lines += _changed(left[i:j], right[k:m], i, k)
    return lines


def compare_fields(before: Any, after: Any) -> list[Field]:
    """Every parameter of either version, by name."""
    left, right = (given if isinstance(given, dict) else {} for given in (before, after))
    return [Field(name, _value(left, name), _value(right, name)) for name in sorted(left.keys() | right.keys())]


def _value(parameters: dict[str, Any], name: str) -> str | None:
    if name not in parameters:
        return None
    value = parameters[name]
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _changed(left: Sequence[str], right: Sequence[str], first: int, second: int) -> Iterator[Line]:
    """Removed lines, then added ones, each with the words that differ from its partner."""
    removed: list[Line] = []
    added: list[Line] = []
    for place, (old, new) in enumerate(zip_longest(left, right)):
        was, now = _words(old or "", new or "") if old is not None and new is not None else (None, None)
        if old is not None:
            removed.append(Line("removed", was or (Piece(old, changed=True),), first + place + 1, None))
        if new is not None:
            added.append(Line("added", now or (Piece(new, changed=True),), None, second + place + 1))
    yield from removed
    yield from added


def _words(old: str, new: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    left, right = WORD.findall(old), WORD.findall(new)
    was: list[Piece] = []
    now: list[Piece] = []
    for kind, i, j, k, m in _matcher(left, right).get_opcodes():
        differs = kind != "equal"
        if i < j:
            was.append(Piece("".join(left[i:j]), differs))
        if k < m:
            now.append(Piece("".join(right[k:m]), differs))
    shared = sum(len(piece.text) for piece in was if not piece.changed)
    if shared < ALIKE * max(len(old), len(new)):
        return (Piece(old, changed=True),), (Piece(new, changed=True),)
    return tuple(was), tuple(now)


class _Blocks:
    """The opcodes of two long runs: what they share at their ends, and one block between."""

    def __init__(self, left: Sequence[str], right: Sequence[str]) -> None:
        self.left, self.right = left, right

    def get_opcodes(self) -> list[tuple[str, int, int, int, int]]:
        """As difflib's."""
        shorter = min(len(self.left), len(self.right))
        head = next((n for n in range(shorter) if self.left[n] != self.right[n]), shorter)
        rest = shorter - head
        tail = next((n for n in range(rest) if self.left[-1 - n] != self.right[-1 - n]), rest)
        end, stop = len(self.left) - tail, len(self.right) - tail
        found = [
            ("equal", 0, head, 0, head),
            ("replace", head, end, head, stop),
            ("equal", end, len(self.left), stop, len(self.right)),
        ]
        return [code for code in found if code[1] < code[2] or code[3] < code[4]]


def _matcher(left: Sequence[str], right: Sequence[str]) -> "SequenceMatcher[str] | _Blocks":
    if max(len(left), len(right)) > PATIENCE:
        return _Blocks(left, right)
    return SequenceMatcher(None, left, right, autojunk=False)
