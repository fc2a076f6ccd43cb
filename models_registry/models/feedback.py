"""What an application may declare of the feedback about its answers: the range of scores, and what is bad."""

from math import isfinite

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

MAX_CATEGORIES = 50
MAX_CATEGORY = 60


def check_feedback(lowest: float | None, highest: float | None, bad: float | None) -> None:
    """`ValidationError` unless scores have a range and the bound lies in it; NaN is between no two numbers."""
    if lowest is None or highest is None:
        return  # the column's own check says so
    if not (isfinite(lowest) and isfinite(highest) and lowest < highest):
        raise ValidationError({"score_max": _("The highest score must be greater than the lowest.")})
    if bad is not None and not lowest <= bad <= highest:
        raise ValidationError({"bad_score": _("Choose a bound within the range of scores.")})


def check_words(field: str, words: object) -> None:
    """`ValidationError` unless these are a list of a few short words."""
    problem = _("Write a list of at most %(n)d different words of 1 to %(length)d characters.")
    wrong = ValidationError({field: problem % {"n": MAX_CATEGORIES, "length": MAX_CATEGORY}})
    if not isinstance(words, list) or len(words) > MAX_CATEGORIES:
        raise wrong
    if not all(isinstance(word, str) and 0 < len(word.strip()) <= MAX_CATEGORY for word in words):
        raise wrong
    if len({fold_word(word) for word in words}) < len(words):
        raise wrong


def fold_word(word: str) -> str:
    """A category as it is compared: neither case nor outer space matters."""
    return word.strip().casefold()
