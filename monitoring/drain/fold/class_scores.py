"""What classifiers of several classes gave each class: its score, and whether it was decided, or true as far as known.

Read from the payload as it is stored, so that drain, amend and recount read alike. Predictions with a single score, and
kinds without any, cost nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import compress
from typing import NamedTuple

import msgspec
import numpy as np

from monitoring.drain.fold.sums import Columns, Integers, Slot, Sums
from monitoring.drain.labels import label_text
from monitoring.stats import layouts
from monitoring.stats.layouts import CERTAIN, STATUS_OK, score_bins, scored_bins

MAX_SCORED = 30  # classes; of more, only the score of the decided class is kept
CLASS_SCORE = Slot("class_score", "", layouts.CLASS_SIDE_SCORE)  # side 1: it was decided
LABELLED_CLASS_SCORE = Slot("labelled_class_score", "", layouts.CLASS_SIDE_SCORE)  # side 1: it is true
CUT = Slot(
    "class_scores_cut", "", layouts.COUNT
)  # labelled predictions that scored more: nothing can be ranked by class
MARK = '"scores":'


class Scored(msgspec.Struct):
    """What of a stored payload is needed here."""

    scores: dict[str, float] | None = None


class Given(NamedTuple):
    """One prediction with scores."""

    place: int
    decided: str
    label: str | None
    scores: Mapping[str, float]
    cut: bool


_decode = msgspec.json.Decoder(Scored).decode


def fold(sums: Sums, columns: Columns, places: Integers, sign: int) -> None:
    """Every class of every prediction; n counts predictions. A class without a score counts with the score 0."""
    if None not in columns["score"]:
        return
    by_classes: defaultdict[tuple[str, ...], list[Given]] = defaultdict(list)
    for one in _given(columns, places):
        by_classes[tuple(one.scores)].append(one)
    for classes, rows in by_classes.items():
        _count(sums, CLASS_SCORE, classes, rows, [row.decided for row in rows], sign)
        if told := [row for row in rows if row.label is not None]:
            _count(sums, LABELLED_CLASS_SCORE, classes, told, [row.label or "" for row in told], sign)
            if cut := [row.place for row in told if row.cut]:
                sums.add(CUT, np.array(cut, dtype=np.int64), sign)


def _given(columns: Columns, places: Integers) -> Iterable[Given]:
    chosen = [
        score is None and MARK in payload for score, payload in zip(columns["score"], columns["payload"], strict=True)
    ]
    if True not in chosen:
        return
    rows = zip(*(columns[name] for name in ("prediction", "status", "label", "payload")), strict=True)
    for place, (text, status, label, payload) in compress(zip(places.tolist(), rows, strict=True), chosen):
        scores = _decode(payload).scores if text and status == STATUS_OK else None
        if scores:
            yield Given(place, text, label, _kept(text, scores), len(scores) > MAX_SCORED)


def _kept(decided: str, scores: Mapping[str, float]) -> Mapping[str, float]:
    named = {label_text(name): score for name, score in scores.items()}
    return named if len(named) <= MAX_SCORED else {decided: named.get(decided, 0.0)}


def _count(
    sums: Sums, slot: Slot, classes: Sequence[str], rows: Sequence[Given], chosen: Sequence[str], sign: int
) -> None:
    """Predictions that score the same classes; `chosen` is the decided or the true class of each."""
    where = np.array([row.place for row in rows], dtype=np.int64)
    found, times = np.unique(where, return_counts=True)
    sums.add(slot, found, sign * times)
    names = np.array(sums.named(classes), dtype=np.int64)
    ones = np.array(sums.named(chosen), dtype=np.int64)
    bins = score_bins([score for row in rows for score in row.scores.values()]).reshape(len(rows), -1)
    sides = (names == ones[:, None]).astype(np.int64)
    sums.grow(slot, np.repeat(where, len(classes)), scored_bins(names, bins, sides, 2).ravel(), sign)
    absent = ~sides.any(axis=1)
    if absent.any():
        least = np.full(absent.sum(), -CERTAIN, dtype=np.int64)
        sums.grow(slot, where[absent], scored_bins(ones[absent], least, 1, 2), sign)
