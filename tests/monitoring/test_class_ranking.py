"""Scores of several classes against scikit-learn on the raw scores, through the fold of the drain."""

from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics

from monitoring.drain.fold import Folds
from monitoring.drain.rows import PredictionRow
from monitoring.stats import ranking
from monitoring.stats.intervals import Reading
from monitoring.stats.layouts import CLASS_SIDE_SCORE, score_bins, scored_bins
from monitoring.stats.tally import Cell, Subject, Tally
from tests.monitoring.test_errors import NOON

SUBJECT = Subject("multiclass")
SHARES = np.array([0.6, 0.3, 0.098, 0.002])
READERS = [
    ranking.roc_auc,
    ranking.roc_auc_weighted,
    ranking.average_precision,
    ranking.brier_score,
    ranking.log_loss,
]


def population(n: int, seed: int = 1, shares: NDArray[Any] = SHARES) -> tuple[NDArray[Any], NDArray[Any]]:
    """Labels of these shares and the probabilities of a fair classifier, which does not know them."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(len(shares), n, p=shares)
    logits = np.log(shares) + rng.normal(0, 1, (n, len(shares)))
    logits[np.arange(n), labels] += 2
    scores = np.exp(logits)
    return labels, scores / scores.sum(axis=1, keepdims=True)


def counted(labels: NDArray[Any], scores: NDArray[Any]) -> Tally:
    """As the drain folds labelled scores by class; class codes begin at 1."""
    bins = np.concatenate(
        [
            scored_bins(
                np.full(len(labels), code + 1), score_bins(scores[:, code]), (labels == code).astype(np.int64), 2
            )
            for code in range(scores.shape[1])
        ]
    )
    found, times = np.unique(bins, return_counts=True)
    cell = Cell(len(labels), 0, found.astype(np.int32), times, CLASS_SIDE_SCORE)
    return Tally(NOON, NOON, {("labelled_class_score", ""): cell})


def folded(labels: list[str], scores: list[dict[str, float]]) -> Tally:
    """Through the drain's own fold; names become codes in the order of their coming."""
    folds = Folds()
    folds.add_all(
        PredictionRow(
            1, 1, "e", 0, 0, msgspec.json.encode({"scores": given}).decode(), 1, "production", 0, "", None, "", "", "", "", "",
            max(given, key=given.__getitem__), None, label=label,
        )
        for label, given in zip(labels, scores, strict=True)
    )  # fmt: skip
    cells = {}
    for _, slot, cell in folds.cells():
        bins = cell.bins
        if cell.names is not None and slot.metric == "labelled_class_score":
            bins = bins + 2 * 4_096  # codes from 1 on, as tables of codes give them
        cells[slot.metric, slot.key] = Cell(cell.n, cell.total, bins.astype(np.int32), cell.counts, slot.layout)
    return Tally(NOON, NOON, cells)


def test_a_hundred_thousand_rows_are_within_two_thousandths() -> None:
    labels, scores = population(100_000)
    window = counted(labels, scores)
    theirs = {
        ranking.roc_auc: metrics.roc_auc_score(labels, scores, multi_class="ovr", average="macro"),
        ranking.roc_auc_weighted: metrics.roc_auc_score(labels, scores, multi_class="ovr", average="weighted"),
        ranking.average_precision: metrics.average_precision_score(labels, scores, average="macro"),
        ranking.brier_score: metrics.brier_score_loss(labels, scores, labels=range(4)),
        ranking.log_loss: metrics.log_loss(labels, scores),
    }
    for ours, reference in theirs.items():
        reading = ours(window, SUBJECT)
        assert reading.value == pytest.approx(reference, abs=0.002)
        assert reading.n == len(labels)
        assert reading.low < reading.value < reading.high


def test_the_fold_says_what_the_rows_say() -> None:
    labels, scores = population(400, seed=5)
    names = np.array(["ant", "bee", "cow", "dog"])
    rows = [dict(zip(names.tolist(), given, strict=True)) for given in scores.tolist()]
    window, expected = folded(names[labels].tolist(), rows), counted(labels, scores)
    for read in READERS:
        ours, theirs = read(window, SUBJECT), read(expected, SUBJECT)
        assert (ours.value, ours.n) == (pytest.approx(theirs.value, abs=1e-12), theirs.n)


def test_more_classes_than_are_kept_are_a_state_and_never_a_number() -> None:
    rng = np.random.default_rng(2)
    rows = [{f"c{place}": float(score) for place, score in enumerate(rng.dirichlet(np.ones(200)))} for _ in range(20)]
    window = folded([f"c{place}" for place in range(20)], rows)
    assert window.cell("class_scores_cut").n == 20
    for read in READERS:
        assert read(window, SUBJECT) == Reading(None, 20)


@pytest.mark.parametrize("read", [ranking.roc_auc, ranking.roc_auc_weighted])
def test_one_class_only_has_no_area(read: ranking.Reader) -> None:
    window = counted(np.zeros(5, dtype=np.int64), np.full((5, 1), 0.9))
    assert read(window, SUBJECT) == Reading(None, 5)


@pytest.mark.parametrize("read", READERS)
def test_nothing_is_no_data(read: ranking.Reader) -> None:
    assert read(Tally(NOON, NOON), SUBJECT) == Reading(None, 0)
