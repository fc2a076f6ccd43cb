"""A group of which nothing comes while something comes of others is gone, not blind: its alert ends."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from alerting.kinds.base import FINE, NO_DATA, Answers, Judgement
from alerting.states.machine import BLIND, SEEN, Seen

BLIND_PLACES: Final = [SEEN.index(one) for one in BLIND]


def without_vanished(seen: Sequence[Judgement]) -> list[Judgement]:
    """The judgements of a rule's groups at one instant."""
    some = any(one.seen not in BLIND for one in seen)
    return [_gone(one) if some and one.seen == Seen.NO_DATA and not one.valid else one for one in seen]


def answers_without_vanished(groups: Sequence[Answers]) -> list[Answers]:
    """The same at many instants."""
    if not groups:
        return []
    some = np.logical_or.reduce([~np.isin(one.seen, BLIND_PLACES) for one in groups])
    return [_without(one, some & (one.seen == NO_DATA) & (one.valid == 0)) for one in groups]


def _without(answers: Answers, gone: NDArray[np.bool_]) -> Answers:
    def tell(place: int) -> Judgement:
        told = answers.of(place)
        return _gone(told) if gone[place] else told

    return replace(answers, seen=np.where(gone, FINE, answers.seen), of=tell)


def _gone(seen: Judgement) -> Judgement:
    return replace(seen, seen=Seen.FINE, reason=_("Nothing came of this group, while something came of others."))
