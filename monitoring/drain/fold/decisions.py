"""What classifiers decided, with what score, and whether that was right as far as it is known."""

from itertools import compress

from monitoring.drain.fold.sums import Columns, Integers, Slot, Sums
from monitoring.stats import layouts
from monitoring.stats.layouts import STATUS_OK, score_bins

DECISION = Slot("decision", "", layouts.CATEGORY)
CONFUSION = Slot("confusion", "", layouts.CONFUSION)
SCORE = Slot("score", "", layouts.SCORE)
LABELLED_SCORE = Slot("labelled_score", "", layouts.LABELLED_SCORE)


def fold(sums: Sums, columns: Columns, places: Integers, sign: int) -> None:
    """Decisions and scores of what did not fail; confusion and scores by label of what is labelled."""
    texts, labels, scores = columns["prediction"], columns["label"], columns["score"]
    decided = [bool(text) and status == STATUS_OK for text, status in zip(texts, columns["status"], strict=True)]
    scored = [on and score is not None for on, score in zip(decided, scores, strict=True)]
    bins = score_bins(list(compress(scores, scored)))
    sums.count(DECISION, places[decided], sums.named(compress(texts, decided)), sign)
    sums.count(SCORE, places[scored], bins, sign)
    if labels.count(None) == len(labels):
        return
    known = [on and label is not None for on, label in zip(decided, labels, strict=True)]
    pairs = compress(zip(labels, texts, strict=True), known)
    sums.count(CONFUSION, places[known], sums.named(pairs), sign)
    told = list(compress(labels, scored))
    ranked = [(label, bin_) for label, bin_ in zip(told, bins.tolist(), strict=True) if label is not None]
    where = places[scored][[label is not None for label in told]]
    sums.count(LABELLED_SCORE, where, sums.named(ranked), sign)
