"""Ranking and losses from score histograms against scikit-learn and scipy on the raw scores."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats
from sklearn import metrics

from monitoring.stats import ranking
from monitoring.stats.histogram import merge, pack_arrays
from monitoring.stats.layouts import CLASS_AND_SCORE, score_bins, score_values, scored_bins
from monitoring.stats.tally import Cell, Subject, Tally

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
POSITIVE, NEGATIVE = 2, 1
SUBJECT = Subject("binary", positive_code=POSITIVE)
NOTHING = Tally(NOON, NOON)
Labels, Scores = NDArray[np.bool_], NDArray[np.float64]
labelled_scores = st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=1, max_size=80)


def tally(labels: Labels, scores: Scores) -> Tally:
    """As the drain folds labelled scores."""
    codes = np.where(labels, POSITIVE, NEGATIVE)
    found = scored_bins(codes, score_bins(scores))
    bins, counts = merge([pack_arrays(found, np.ones(len(found)))])
    return Tally(NOON, NOON, {("labelled_score", ""): Cell(len(found), 0, bins, counts, CLASS_AND_SCORE)})


def population(share: float, n: int = 100_000, seed: int = 1) -> tuple[Labels, Scores]:
    """Scores of a fair classifier whose positives are this share."""
    rng = np.random.default_rng(seed)
    labels = rng.random(n) < share
    logits = rng.normal(np.log(share / (1 - share)), 1.0, n) + 2.0 * labels
    return labels, 1 / (1 + np.exp(-logits))


@pytest.mark.parametrize("share", [0.5, 0.05, 0.002])
def test_a_hundred_thousand_rows_are_within_two_thousandths(share: float) -> None:
    labels, scores = population(share)
    window = tally(labels, scores)
    for ours, theirs in (
        (ranking.roc_auc, metrics.roc_auc_score),
        (ranking.average_precision, metrics.average_precision_score),
        (ranking.brier_score, metrics.brier_score_loss),
        (ranking.log_loss, metrics.log_loss),
    ):
        reading = ours(window, SUBJECT)
        assert reading.value == pytest.approx(theirs(labels, scores), abs=0.002)
        assert reading.n == len(labels)
        assert reading.low < reading.value < reading.high


@given(labelled_scores)
def test_scores_that_are_their_bins_give_exactly_what_scikit_learn_gives(pairs: list[tuple[bool, float]]) -> None:
    """Rounded to their bins, nothing is lost: ties are ties on both sides."""
    labels = np.array([label for label, _ in pairs])
    scores = score_values(score_bins([score for _, score in pairs]))
    window = tally(labels, scores)
    auc, precision = ranking.roc_auc(window, SUBJECT).value, ranking.average_precision(window, SUBJECT).value
    if labels.all() or not labels.any():
        assert auc is None
    else:
        assert auc == pytest.approx(metrics.roc_auc_score(labels, scores), abs=1e-12)
    if labels.any():
        assert precision == pytest.approx(metrics.average_precision_score(labels, scores), abs=1e-12)
    else:
        assert precision is None
    assert ranking.brier_score(window, SUBJECT).value == pytest.approx(np.mean((labels - scores) ** 2), abs=1e-12)


def test_the_interval_of_the_area_covers_the_truth_about_as_often_as_it_says() -> None:
    """200 samples of 400: of 95 % intervals between 89 % and 99 % must hold the truth (binomial, p < 0.001 outside)."""
    truth = stats.norm.cdf(2.0 / np.sqrt(2))
    held = 0
    for seed in range(200):
        reading = ranking.roc_auc(tally(*population(0.3, n=400, seed=seed)), SUBJECT)
        held += reading.low <= truth <= reading.high
    assert 178 <= held <= 198


@pytest.mark.parametrize("read", [ranking.roc_auc, ranking.average_precision, ranking.brier_score, ranking.log_loss])
def test_nothing_is_no_data(read: ranking.Reader) -> None:
    assert read(NOTHING, SUBJECT) == ranking.Reading(None, 0)


@given(st.floats(0, 1))
def test_a_bin_stands_for_scores_within_two_thousandths(score: float) -> None:
    (value,) = score_values(score_bins([score]))
    assert value == pytest.approx(score, abs=0.002)
    assert value in (0.0, 1.0) if score in (0.0, 1.0) else 0.0 < value < 1.0
