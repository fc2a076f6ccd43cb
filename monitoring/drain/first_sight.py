"""What a model that nobody has defined seems to predict, by its first predictions. A guess, unreviewed until a person confirms it.

Classes and numbers are told apart as by scikit-learn's `type_of_target`: a number with a fraction is a regression's, more
than two classes are several. It calls whole numbers classes however many they are; here 30 of them are a regression too.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from models_registry.models import Model
from monitoring.drain.labels import label_text
from monitoring.drain.served import scores_of

USUAL = "1"
MOST_WHOLE_CLASSES = 30  # as many as are ranked by their scores
LARGEST_WHOLE_CLASS = 1_000


class Guess(NamedTuple):
    """The kind of a model, and of a binary classifier which class its scores are of."""

    kind: str = Model.Kind.BINARY
    positive_label: str = USUAL


def guess_of(items: Iterable[Any]) -> Guess:
    """By undecoded predictions; those that failed and answered nothing say nothing."""
    answers = [(item.prediction, item.score, scores_of(bytes(item.scores))) for item in items]
    given = [value for value, _, _ in answers if value is not None]
    classes = {label_text(name) for _, _, scores in answers for name in scores}
    scored = [(score, label_text(value)) for value, score, _ in answers if score is not None and value is not None]
    if any(isinstance(value, list) for value in given) or len(classes) > 2:
        return Guess(Model.Kind.MULTICLASS)
    if not scored and not classes and _are_amounts(given):
        return Guess(Model.Kind.REGRESSION)
    classes |= set(map(label_text, given))
    if len(classes) > 2:
        return Guess(Model.Kind.MULTICLASS)
    return Guess(Model.Kind.BINARY, _positive(sorted(classes), scored))


def _are_amounts(given: Sequence[Any]) -> bool:
    """Whether these are numbers that name no classes."""
    if not given or any(isinstance(value, bool) or not isinstance(value, int | float) for value in given):
        return False
    distinct = set(given)
    return (
        len(distinct) > MOST_WHOLE_CLASSES
        or any(value != int(value) for value in distinct)
        or max(map(abs, distinct)) > LARGEST_WHOLE_CLASS
    )


def _positive(classes: Sequence[str], scored: Sequence[tuple[float, str]]) -> str:
    """The class that the highest score decided; without scores the last of two, as scikit-learn's `classes_[1]`."""
    if USUAL in classes:
        return USUAL
    if "true" in classes or classes == ["false"]:
        return "true"
    if scored:
        score, decided = max(scored)
        return decided if len(classes) == 2 or score >= 0.5 else USUAL
    return classes[1] if len(classes) == 2 else USUAL
