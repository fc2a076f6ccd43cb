"""What evaluators say of an answer, as the row of its call keeps it."""

from collections.abc import Mapping
from typing import Final

import msgspec

from monitoring.llm.evaluators.answer import encodable

MAX_DETAIL: Final = 200


class Verdict(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Whether an answer passed, its score from 0 to 1, and why not: `label` is a word for programs, `detail` what was seen.

    `partial` says that only the beginning of the answer was read.
    """

    passed: bool
    score: float
    label: str = ""
    detail: str = ""
    partial: bool = False


_decode = msgspec.json.Decoder(dict[str, Verdict]).decode
_encode = msgspec.json.Encoder().encode


def passed_if(good: bool, label: str, detail: str = "", *, score: float | None = None) -> Verdict:
    """A verdict that says why only where it is bad; without a score it is all or nothing."""
    told = round(score, 6) if score is not None else float(good)
    return Verdict(good, told, "" if good else label, "" if good else encodable(detail[:MAX_DETAIL]))


def evaluations_text(verdicts: Mapping[str, Verdict]) -> str:
    """By the slugs of evaluators, as a column; empty where none judged."""
    return _encode(verdicts).decode() if verdicts else ""


def evaluations_of(text: str) -> dict[str, Verdict]:
    """The inverse of `evaluations_text`."""
    return _decode(text) if text else {}
