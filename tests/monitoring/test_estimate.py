"""Estimates from histograms against row-level estimation with scikit-learn, and their errors against simulated labels."""

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import average_precision_score, confusion_matrix, roc_auc_score

from monitoring.stats.calibration import Calibration, calibration_of, from_blocks, to_blocks
from monitoring.stats.estimate import BINARY, Expected, estimate, expect, joined
from monitoring.stats.estimate_classes import MULTICLASS, estimate_classes, expect_classes
from monitoring.stats.histogram import merge, pack_arrays
from monitoring.stats.layouts import CLASS_SIDE_SCORE, score_bins, scored_bins
from monitoring.stats.tally import Cell

Scores, Labels = NDArray[np.float64], NDArray[np.bool_]
THRESHOLD = 0.3


def population(n: int, *, seed: int, shift: float = 0.0) -> tuple[Scores, Labels]:
    """Overconfident scores of events that are as likely as a curve of the score says."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(-1.2 + shift, 1.6, n)
    return 1 / (1 + np.exp(-logits)), rng.random(n) < 1 / (1 + np.exp(-0.6 * logits + 0.2))


def calibrated(scores: Scores, labels: Labels) -> Calibration:
    """Isotonic over bins, as the fitting job does."""
    bins, place = np.unique(score_bins(scores), return_inverse=True)
    n = np.bincount(place)
    share = np.bincount(place, labels) / n
    return calibration_of(bins, IsotonicRegression().fit_transform(bins, share, sample_weight=n), n)


def expected_of(scores: Scores, calibration: Calibration, threshold: float = THRESHOLD) -> Expected:
    bins, place = np.unique(score_bins(scores), return_inverse=True)
    decided = scores >= threshold
    return expect(bins, np.bincount(place, decided), np.bincount(place, ~decided), calibration)


def by_rows(scores: Scores, p: Scores, threshold: float = THRESHOLD) -> dict[str, float]:
    """CBPE with every row by itself: each counts p as a positive and 1 - p as a negative.

    Average precision ties the scores of a bin, as the realised measure does: what the two are held against is each other.
    """
    labels, weights = np.repeat([1, 0], len(scores)), np.concatenate([p, 1 - p])
    twice = np.concatenate([scores, scores])
    tn, fp, fn, tp = confusion_matrix(labels, twice >= threshold, sample_weight=weights).ravel()
    return {
        "accuracy": (tp + tn) / (tp + tn + fp + fn),
        "precision": tp / (tp + fp),
        "recall": tp / (tp + fn),
        "f1": 2 * tp / (2 * tp + fp + fn),
        "specificity": tn / (tn + fp),
        "roc_auc": roc_auc_score(labels, twice, sample_weight=weights),
        "average_precision": average_precision_score(labels, score_bins(twice), sample_weight=weights),
    }


@pytest.mark.parametrize("shift", [0.0, 0.8])
def test_histograms_estimate_what_rows_do_within_half_a_thousandth(shift: float):
    reference, now = population(50_000, seed=1), population(20_000, seed=2, shift=shift)[0]
    expected = expected_of(now, calibrated(*reference))
    rows = IsotonicRegression(out_of_bounds="clip").fit(*reference).predict(now)
    assert set(BINARY) == set(by_rows(now, rows))
    for name, theirs in by_rows(now, rows).items():
        assert estimate(BINARY[name], expected).value == pytest.approx(theirs, abs=0.0005), name


def test_expected_cells_add_up_to_the_predictions():
    expected = expected_of(population(5_000, seed=3)[0], calibrated(*population(5_000, seed=4)))
    cells = expected.cells
    assert cells.tp + cells.fp == pytest.approx(expected.positive.sum())
    assert cells.n == pytest.approx(5_000)


@pytest.mark.parametrize("name", sorted(BINARY))
def test_the_error_is_that_of_labels_and_of_the_reference(name: str):
    """Over fresh references and fresh labels the estimate strays from what is realised as much as it says."""
    strays, errors = [], []
    for seed in range(120):
        expected, realised = _fresh(seed)
        found = estimate(BINARY[name], expected)
        strays.append((found.value or 0.0) - realised[name])
        errors.append(found.error)
    ratio = np.sqrt(np.mean(np.square(strays))) / np.mean(errors)
    assert 0.8 < ratio < 1.25


@cache
def _fresh(seed: int) -> tuple[Expected, dict[str, float]]:
    """What a reference expects of scores that it has not seen, and what their labels say."""
    calibration = calibrated(*population(3_000, seed=1_000 + seed))
    scores, labels = population(1_000, seed=9_000 + seed)
    return expected_of(scores, calibration), by_rows(scores, labels.astype(float))


@given(st.lists(st.tuples(st.integers(-1_500, 1_500), st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=30))
def test_what_is_estimated_of_parts_together_is_what_is_estimated_of_the_whole(entries: list[tuple[int, int, int]]):
    calibration = calibrated(*population(2_000, seed=5))
    bins, positive, negative = np.array(entries, dtype=np.int64).T
    found, place = np.unique(bins, return_inverse=True)
    whole = expect(found, np.bincount(place, positive), np.bincount(place, negative), calibration)
    parts = [expect(*(part[None] for part in entry), calibration) for entry in np.array(entries, dtype=np.int64)]
    for name, metric in BINARY.items():
        together = estimate(metric, joined(parts)).value
        assert together == pytest.approx(estimate(metric, whole).value, abs=1e-9), name


def test_nothing_has_no_estimate_and_one_decision_only_no_precision():
    calibration = calibrated(*population(500, seed=6))
    nothing = expect(np.empty(0, dtype=np.int64), np.empty(0), np.empty(0), calibration)
    negative = expected_of(np.full(10, 0.1), calibration)
    assert all(estimate(metric, nothing).value is None for metric in BINARY.values())
    assert estimate(BINARY["precision"], negative).value is None
    assert estimate(BINARY["accuracy"], negative).reading().value is not None


def test_a_stored_calibration_is_the_one_that_was_fitted():
    calibration = calibrated(*population(4_000, seed=7))
    again = from_blocks(to_blocks(calibration))
    bins = np.arange(-1_537, 1_538)
    assert again.probabilities(bins) == pytest.approx(calibration.probabilities(bins), abs=1e-15)
    assert np.all(np.diff(again.probabilities(bins)) >= 0)
    assert again.variance == pytest.approx(calibration.variance)


def of_classes(n: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    logits = rng.normal((0.6, 0, -0.6), 1.4, (n, 3))
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    true = scores**0.7 / (scores**0.7).sum(axis=1, keepdims=True)
    return scores, (rng.random(n)[:, None] > np.cumsum(true, axis=1)).sum(axis=1)


def cell_of(scores: NDArray[np.float64], decided: NDArray[np.int64]) -> Cell:
    """As the drain folds scores by class; classes have the codes 1 to 3."""
    codes = np.broadcast_to(np.arange(1, 4), scores.shape)
    side = (codes == decided[:, None] + 1).astype(np.int64)
    bins = scored_bins(codes, score_bins(scores.ravel()).reshape(scores.shape), side, 2).ravel()
    return Cell(len(scores), 0, *merge([pack_arrays(bins, np.ones(len(bins)))]), CLASS_SIDE_SCORE)


def test_several_classes_are_estimated_near_what_is_realised():
    scores, labels = of_classes(60_000, seed=1)
    calibrations = {code + 1: calibrated(scores[:, code], labels == code) for code in range(3)}
    scores, labels = of_classes(20_000, seed=2)
    decided = scores.argmax(axis=1)
    expected = expect_classes([(cell_of(scores, decided), calibrations)])
    hits = [((decided == code) & (labels == code)).sum() for code in range(3)]
    sizes = [((decided == code).sum(), (labels == code).sum()) for code in range(3)]
    realised: dict[str, Any] = {
        "accuracy": np.mean(decided == labels),
        "precision": np.mean([hit / size[0] for hit, size in zip(hits, sizes, strict=True)]),
        "recall": np.mean([hit / size[1] for hit, size in zip(hits, sizes, strict=True)]),
        "f1": np.mean([2 * hit / sum(size) for hit, size in zip(hits, sizes, strict=True)]),
        "roc_auc": np.mean([roc_auc_score(labels == code, scores[:, code]) for code in range(3)]),
    }
    assert set(realised) == MULTICLASS
    for name, value in realised.items():
        found = estimate_classes(name, expected)
        assert found.value == pytest.approx(value, abs=0.012), name
        assert abs((found.value or 0.0) - value) < 4 * found.error, name


def test_a_class_that_is_not_scored_counts_with_the_score_nought():
    scores, labels = of_classes(5_000, seed=3)
    decided = scores.argmax(axis=1)
    full = cell_of(scores, decided)
    only_two = full.bins < scored_bins(np.array([3]), np.array([-2_048]), 0, 2)[0]
    cell = Cell(full.n, 0, full.bins[only_two], full.counts[only_two], CLASS_SIDE_SCORE)
    third = {3: calibrated(np.zeros(5_000), labels == 2)}
    expected = expect_classes([(cell, third)])[3]
    assert (expected.n, expected.cells.actual) == (5_000, pytest.approx((labels == 2).sum()))
