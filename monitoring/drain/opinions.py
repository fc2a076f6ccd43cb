"""What people think of an answer, frozen with it: scores between 0 and 1, categories, comments, and whether it is bad.

The served row carries the winning opinions as they were judged by the application's definition when they were folded,
so that fold, amend and recount agree without asking what the definition was.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from math import isfinite

import msgspec

from models_registry.models import ModelVersion
from models_registry.models.feedback import fold_word
from monitoring.drain.rows import FeedbackRow
from monitoring.stats.layouts import HUNDREDTHS, MILLIONTHS

UP = frozenset({"true", "up", "1", "+1", "👍", "thumbs_up", "like", "positive", "good", "yes"})
DOWN = frozenset({"false", "down", "0", "-1", "👎", "thumbs_down", "dislike", "negative", "bad", "no"})
MAX_WORDS = 50
OTHER = "other"
_encode = msgspec.json.Encoder().encode


class Opinions(msgspec.Struct, omit_defaults=True):
    """The winning opinions about one answer. `bad` comes first: bad answers are found by it."""

    bad: bool = False
    rated: bool = False
    comments: int = 0
    scores: list[tuple[int, int]] = []  # hundredths, how often
    total: int = 0  # of all scores, in millionths
    unusable: int = 0  # scores that are no number, or outside the declared range
    words: list[tuple[str, int]] = []  # category, how often


NONE = Opinions()
read_opinions = msgspec.json.Decoder(Opinions).decode


@dataclass(frozen=True, slots=True)
class Judge:
    """What an application declares of feedback: the range of its scores, below which they are bad, what words are."""

    lowest: float = 0.0
    highest: float = 1.0
    bad_below: float | None = None
    bad_words: frozenset[str] = frozenset()

    def bad(self, said: FeedbackRow) -> bool | None:
        """Whether this opinion calls the answer bad; None where it does not rate it at all."""
        if said.kind == "score":
            score = self.score(said)
            return None if score is None or self.bad_below is None else score < self.bad_below
        pointed = direction(said.kind, said.value)
        if said.kind == "category" and self.bad_words and said.value:
            return fold_word(said.value) in self.bad_words
        return None if pointed == OTHER else pointed == "down"

    def score(self, said: FeedbackRow) -> float | None:
        """The score in the application's own scale; None where it is no number of its range."""
        try:
            score = float(said.value)
        except ValueError:
            return None
        return score if isfinite(score) and self.lowest <= score <= self.highest else None

    def share(self, score: float) -> float:
        """A score as a share of its range."""
        return (score - self.lowest) / (self.highest - self.lowest)


def read_judges(version_ids: Collection[int]) -> dict[int, Judge]:
    """The judge of each version, in one query."""
    rows = ModelVersion.objects.filter(id__in=version_ids).values_list(
        "id", "model__score_min", "model__score_max", "model__bad_score", "model__bad_categories"
    )
    return {version: Judge(low, high, bad, frozenset(map(fold_word, words))) for version, low, high, bad, words in rows}


def direction(kind: str, value: str) -> str:
    """Up, down or other. A thumb or category is read by its word; a score only by its sign."""
    word = value.lower()
    if kind == "score":
        return "up" if word.startswith("+") else "down" if word.startswith("-") else OTHER
    if kind == "comment":
        return OTHER
    return "up" if word in UP else "down" if word in DOWN else OTHER


def opinions_of(winners: Sequence[FeedbackRow], judge: Judge) -> str:
    """The column of these winners; empty where there are none."""
    if not winners:
        return ""
    judged = [verdict for said in winners if (verdict := judge.bad(said)) is not None]
    scored = [judge.score(said) for said in winners if said.kind == "score" and said.value]
    shares = [judge.share(score) for score in scored if score is not None]
    found = Opinions(
        bad=any(judged),
        rated=bool(judged),
        comments=sum(bool(said.comment) for said in winners),
        scores=sorted(Counter(round(share * HUNDREDTHS) for share in shares).items()),
        total=sum(round(share * MILLIONTHS) for share in shares),
        unusable=scored.count(None),
        words=_most(Counter(said.value for said in winners if said.kind == "category" and said.value)),
    )
    return "" if found == NONE else _encode(found).decode()


def _most(words: Counter[str]) -> list[tuple[str, int]]:
    """The most frequent words, the rest as one: a column has an end, however many people speak."""
    ordered = sorted(words.items(), key=lambda pair: (-pair[1], pair[0]))
    kept = dict(ordered[:MAX_WORDS])
    if rest := sum(times for _, times in ordered[MAX_WORDS:]):
        kept[OTHER] = kept.get(OTHER, 0) + rest
    return sorted(kept.items())


def each(columns: Iterable[str]) -> list[Opinions]:
    """The opinions of each row; nothing for rows that nobody spoke of."""
    return [read_opinions(text) if text else NONE for text in columns]
