"""What classifiers decided, with what score, and whether that was right as far as it is known."""

from itertools import compress

import numpy as np

from monitoring.drain.fold.ranks import are_lists
from monitoring.drain.fold.sums import Columns, Integers, Slot, Sums
from monitoring.stats import layouts
from monitoring.stats.layouts import STATUS_OK, score_bins, scored_bins

DECISION = Slot("decision", "", layouts.CATEGORY)
CONFUSION = Slot("confusion", "", layouts.CONFUSION)
SCORE = Slot("score", "", layouts.CLASS_AND_SCORE)  # by decision
LABELLED_SCORE = Slot("labelled_score", "", layouts.CLASS_AND_SCORE)  # by label


def fold(sums: Sums, columns: Columns, places: Integers, sign: int) -> None:
    """Decisions and scores of what did not fail; confusion and scores by label of what is labelled. Lists decide nothing."""
    texts, labels, scores = columns["prediction"], columns["label"], columns["score"]
    decided = [bool(text) and status == STATUS_OK for text, status in zip(texts, columns["status"], strict=True)]
    if lists := are_lists(columns):
        decided = [on and not listed for on, listed in zip(decided, lists, strict=True)]
    scored = [on and score is not None for on, score in zip(decided, scores, strict=True)]
    bins = score_bins(list(compress(scores, scored)))
    classes = np.array(sums.named(compress(texts, decided)), dtype=np.int64)
    sums.count(DECISION, places[decided], classes, sign)
    if len(bins) < len(classes):
        classes = classes[list(compress(scored, decided))]
    sums.count(SCORE, places[scored], scored_bins(classes, bins), sign)
    if labels.count(None) == len(labels):
        return
    known = [on and label is not None for on, label in zip(decided, labels, strict=True)]
    pairs = compress(zip(labels, texts, strict=True), known)
    sums.count(CONFUSION, places[known], sums.named(pairs), sign)
    told = [label is not None for label in compress(labels, scored)]
    true = np.array(sums.named(label for label in compress(labels, scored) if label is not None), dtype=np.int64)
    sums.count(LABELLED_SCORE, places[scored][told], scored_bins(true, bins[told]), sign)
