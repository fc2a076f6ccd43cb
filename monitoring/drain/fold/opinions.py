"""What people think of answers: bad or not, scores, categories, comments. By the column that holds what won."""

from collections.abc import Sequence

import numpy as np

from monitoring.drain.fold.sums import Columns, Integers, Slot, Sums
from monitoring.drain.opinions import Opinions, each
from monitoring.stats import layouts
from monitoring.stats.layouts import BAD, NOT_BAD

RATED = Slot("rated", "", layouts.RATED)
SCORE = Slot("feedback_score", "", layouts.UNIT)
WORD = Slot("feedback_category", "", layouts.WORDS)
COMMENTS = Slot("feedback_comments", "", layouts.COUNT)
UNUSABLE = Slot("feedback_unusable", "", layouts.COUNT)


def fold(sums: Sums, columns: Columns, places: Integers, sign: int) -> None:
    """Nothing where nobody said anything."""
    texts = columns["opinions"]
    if not any(texts):
        return
    spoken = [bool(text) for text in texts]
    said, where = each(filter(None, texts)), places[spoken]
    rated = [one.rated for one in said]
    sums.count(RATED, where[rated], [BAD if one.bad else NOT_BAD for one in said if one.rated], sign)
    for slot, times in ((COMMENTS, [one.comments for one in said]), (UNUSABLE, [one.unusable for one in said])):
        sums.add(slot, *_repeated(where, times, sign))
    _score(sums, said, where, sign)
    named = [pair for one in said for pair in one.words]
    spread = np.repeat(where, [len(one.words) for one in said])
    counts = np.array([times for _, times in named], dtype=np.int64)
    sums.add(WORD, spread, sign * counts)
    sums.grow(WORD, spread, sums.named(word for word, _ in named), sign * counts)


def _score(sums: Sums, said: Sequence[Opinions], where: Integers, sign: int) -> None:
    spread = np.repeat(where, [len(one.scores) for one in said])
    pairs = np.array([pair for one in said for pair in one.scores], dtype=np.int64).reshape(-1, 2)
    sums.add(SCORE, spread, sign * pairs[:, 1])
    sums.grow(SCORE, spread, pairs[:, 0], sign * pairs[:, 1])
    sums.total(SCORE, where, [one.total for one in said], sign)


def _repeated(where: Integers, times: Sequence[int], sign: int) -> tuple[Integers, Integers]:
    """Places that have some, with how many."""
    counts = np.array(times, dtype=np.int64)
    return where[counts > 0], sign * counts[counts > 0]
