"""The decision of a prediction, frozen by the model's definition at this moment: what is stored can be folded, amended
and recounted without asking what the definition was.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from math import isfinite, nan
from typing import Any

import msgspec

from models_registry.models import Model
from models_registry.register import KnownVersion
from monitoring.items import canonical_label

MAX_LABEL = 200
_encode = msgspec.json.Encoder().encode


def decisions(
    given: Sequence[Any],
    score: Sequence[float | None],
    scores: Iterable[Mapping[str, float]],
    versions: Sequence[KnownVersion],
) -> list[str]:
    """`decision` of each prediction; most are classes given as text, which are few."""
    if set(map(type, given)) == {str} and Model.Kind.REGRESSION not in {version.kind for version in versions}:
        return list(map(_text_label, given))
    return list(map(decision, given, score, scores, versions))


def decision(given: Any, score: float | None, scores: Mapping[str, float], version: KnownVersion) -> str:
    """Canonical text of the decision: the label given, else the likeliest class, else the score over the threshold.

    Empty when there is none, and for regression, whose values are numbers rather than classes.
    """
    if version.kind == Model.Kind.REGRESSION:
        return ""
    if given is not None:
        return label_text(given)
    if scores:
        return label_text(max(sorted(scores), key=scores.__getitem__))
    if score is None:
        return ""
    return version.positive_label if score >= version.threshold else negative_label(version.positive_label)


def number_of(given: Any, score: float | None) -> float | None:
    """The value of a regression; its score where there is no value."""
    value = as_number(given)
    return score if value is None else value


def as_number(value: Any) -> float | None:
    """A finite number, also where it came as text; None for anything else."""
    if isinstance(value, str) and "_" in value:  # Python's own notation
        return None
    try:
        number = float(value) if isinstance(value, int | float | str) else nan
    except ValueError:
        return None
    return number if isfinite(number) else None


def negative_label(positive: str) -> str:
    """The stable name of "not positive" for models that only give a score."""
    return {"1": "0", "true": "false"}.get(positive, f"not {positive}"[:MAX_LABEL])


def label_text(value: Any) -> str:
    """Canonical label that fits its column; lists (several outputs) as JSON."""
    if isinstance(value, str):
        return _text_label(value)
    text = _encode(value).decode() if isinstance(value, list | dict) else canonical_label(value)
    return text[:MAX_LABEL]


@lru_cache(maxsize=4_096)
def _text_label(text: str) -> str:
    """Classes are few; what is equal as text has one canonical label (1, 1.0 and true are equal too, and are not text)."""
    return canonical_label(text)[:MAX_LABEL]
