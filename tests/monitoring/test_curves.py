"""Curves, thresholds and calibration from score histograms against scikit-learn on the raw scores."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import calibration, metrics

from monitoring.stats import curves
from monitoring.stats.intervals import wilson
from monitoring.stats.layouts import score_bins, score_values
from monitoring.stats.ranking import average_precision, roc_auc
from monitoring.stats.tally import Subject
from tests.monitoring.test_ranking import NOTHING, SUBJECT, labelled_scores, population, tally


@given(labelled_scores, st.floats(0, 1))
def test_the_matrix_at_a_threshold_equals_scikit_learn(pairs: list[tuple[bool, float]], threshold: float) -> None:
    labels, scores = (np.array(side) for side in zip(*pairs, strict=True))
    found = curves.at_threshold(tally(labels, scores), SUBJECT, threshold)
    assert found is not None
    assert found.threshold == pytest.approx(threshold, abs=0.002)
    theirs = metrics.confusion_matrix(labels, scores >= found.threshold, labels=[False, True])
    ours = [[found.true_negatives, found.false_positives], [found.false_negatives, found.true_positives]]
    assert ours == theirs.tolist()


@pytest.mark.parametrize("threshold", [0.0, 0.5, 1.0])
def test_what_people_ask_for_first_is_an_edge(threshold: float) -> None:
    assert curves.nearest_edge(threshold) == threshold


@pytest.mark.parametrize("share", [0.5, 0.002])
def test_curves_lie_on_those_of_scikit_learn(share: float) -> None:
    labels, scores = population(share)
    window = tally(labels, scores)
    rates, hits, _ = metrics.roc_curve(labels, scores, drop_intermediate=False)
    found = curves.roc_curve(window, SUBJECT)
    assert 2 <= len(found) <= curves.POINTS + 2
    assert (found[0].x, found[0].y, found[0].threshold) == (0.0, 0.0, None)
    assert (found[-1].x, found[-1].y) == (1.0, 1.0)
    for point in found[1:]:
        called = scores >= point.threshold
        assert point.x == pytest.approx(called[~labels].mean(), abs=1e-12)
        assert point.y == pytest.approx(called[labels].mean(), abs=1e-12)
    area = np.trapezoid([point.y for point in found], [point.x for point in found])
    assert area == pytest.approx(metrics.auc(rates, hits), abs=0.002)
    assert area == pytest.approx(roc_auc(window, SUBJECT).value, abs=0.002)


@pytest.mark.parametrize("share", [0.5, 0.002])
def test_precision_and_recall_at_each_point(share: float) -> None:
    labels, scores = population(share)
    found = curves.precision_recall_curve(tally(labels, scores), SUBJECT)
    assert found[-1].x == 1.0
    precision, recall, thresholds = metrics.precision_recall_curve(labels, scores)
    for point in found:
        at = np.searchsorted(thresholds, point.threshold)
        assert point.x == pytest.approx(recall[at], abs=1e-12)
        assert point.y == pytest.approx(precision[at], abs=1e-12)


@given(labelled_scores, st.integers(1, 20))
def test_scores_that_are_their_bins_calibrate_as_scikit_learn(pairs: list[tuple[bool, float]], bars: int) -> None:
    labels = np.array([label for label, _ in pairs])
    scores = score_values(score_bins([score for _, score in pairs]))
    found = curves.calibration_curve(tally(labels, scores), SUBJECT, bars)
    if labels.all() or not labels.any():
        assert all(one.positive.value == labels[0] for one in found)
        return
    share, mean = calibration.calibration_curve(labels, scores, n_bins=bars)
    assert [one.score for one in found] == pytest.approx(mean.tolist(), abs=1e-12)
    assert [one.positive.value for one in found] == pytest.approx(share.tolist(), abs=1e-12)
    assert sum(one.positive.n for one in found) == len(labels)


def test_raw_scores_calibrate_within_the_width_of_a_bin() -> None:
    labels, scores = population(0.3)
    found = curves.calibration_curve(tally(labels, scores), SUBJECT)
    share, mean = calibration.calibration_curve(labels, scores, n_bins=10)
    assert [one.score for one in found] == pytest.approx(mean.tolist(), abs=0.002)
    assert [one.positive.value for one in found] == pytest.approx(share.tolist(), abs=0.01)
    for one in found:
        good = round(one.positive.value * one.positive.n)
        assert (one.positive.low, one.positive.high) == wilson(good, one.positive.n)


@pytest.mark.parametrize("label", [True, False])
def test_one_class_only_has_no_roc_curve(label: bool) -> None:
    window = tally(np.full(5, label), np.linspace(0, 1, 5))
    assert curves.roc_curve(window, SUBJECT) == []
    assert bool(curves.precision_recall_curve(window, SUBJECT)) is label


@pytest.mark.parametrize("subject", [SUBJECT, Subject("binary", positive_code=None)])
def test_nothing_is_nothing(subject: Subject) -> None:
    window = NOTHING if subject is SUBJECT else tally(np.array([True]), np.array([0.5]))
    assert curves.at_threshold(window, subject, 0.5) is None
    assert curves.roc_curve(window, subject) == []
    assert curves.precision_recall_curve(window, subject) == []
    assert curves.calibration_curve(window, subject) == []
    assert average_precision(NOTHING, SUBJECT).value is None
