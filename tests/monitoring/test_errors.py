"""Regression from summaries against scikit-learn on the raw rows, and its sums in any order, split and sign."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from functools import cache
from math import inf, nan
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from monitoring.drain.fold import Folds
from monitoring.drain.rows import PredictionRow
from monitoring.stats import errors
from monitoring.stats.exact import LIMBS, UNIT, limbs, square_tail, sums
from monitoring.stats.intervals import Reading
from monitoring.stats.layouts import signed_log_bins, signed_log_value
from monitoring.stats.tally import Cell, Subject, Tally

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
SUBJECT = Subject("regression")
NUMBERS = st.floats(-1e60, 1e60).filter(lambda number: number == 0 or abs(number) > 1e-60)


def row(value: float | None, label: str | None = None, told: float | None = None, **more: Any) -> PredictionRow:
    fields: dict[str, Any] = {"status": 0, "minute": 0, "prediction": ""} | more
    return PredictionRow(
        1, 1, "e", fields["minute"] * 60_000_000, 0, "{}", 1, "production", fields["status"], "", None, "", "", "", "", "",
        fields["prediction"], value, label=label, label_value=told,
    )  # fmt: skip


def tally(rows: Iterable[PredictionRow]) -> Tally:
    """One window over everything that the rows fold to."""
    return tally_of(folded(rows))


def folded(rows: Iterable[PredictionRow]) -> Folds:
    folds = Folds()
    folds.add_all(rows)
    return folds


def tally_of(folds: Folds) -> Tally:
    return Tally(
        NOON,
        NOON,
        {
            (slot.metric, slot.key): Cell(cell.n, cell.total, cell.bins.astype(np.int32), cell.counts, slot.layout)
            for _, slot, cell in folds.cells()
        },
    )


def labelled(predictions: Sequence[float], labels: Sequence[float]) -> Tally:
    return tally(row(value, repr(label)) for value, label in zip(predictions, labels, strict=True))


def houses(n: int = 20_000, seed: int = 3) -> tuple[Any, Any]:
    """Prices and their predictions: skewed, a little too high, some far off."""
    rng = np.random.default_rng(seed)
    labels = np.exp(rng.normal(12.5, 0.6, n))
    return labels * np.exp(rng.normal(0.02, 0.15, n)) + rng.standard_t(3, n) * 500, labels


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e12])
def test_means_and_r2_equal_scikit_learn(scale: float) -> None:
    predictions, labels = (side * scale for side in houses())
    window = labelled(predictions.tolist(), labels.tolist())
    theirs = {
        errors.mae: metrics.mean_absolute_error,
        errors.mape: metrics.mean_absolute_percentage_error,
        errors.rmse: metrics.root_mean_squared_error,
        errors.r2: metrics.r2_score,
        errors.bias: lambda true, predicted: np.mean(predicted - true),
    }
    for ours, reference in theirs.items():
        reading = ours(window, SUBJECT)
        assert reading.value == pytest.approx(reference(labels, predictions), rel=1e-11)
        assert reading.n == len(labels)
        assert reading.low < reading.value < reading.high


def test_a_target_far_from_zero_keeps_its_r2() -> None:
    """Epoch seconds within an hour: the squares agree in all but their last digits, so rounded sums would say nothing."""
    rng = np.random.default_rng(5)
    labels = 1.7e9 + rng.uniform(0, 3_600, 2_000)
    predictions = labels + rng.normal(0, 60, 2_000)
    value = errors.r2(labelled(predictions.tolist(), labels.tolist()), SUBJECT).value
    assert value == pytest.approx(metrics.r2_score(labels, predictions), rel=1e-9)


@pytest.mark.parametrize("q", [0.05, 0.25, 0.5, 0.95])
def test_quantiles_of_the_error_are_within_one_percent(q: float) -> None:
    predictions, labels = houses()
    window, error = labelled(predictions.tolist(), labels.tolist()), predictions - labels
    for ours, values in ((errors.error_quantile(q), error), (errors.absolute_quantile(q), np.abs(error))):
        reading = ours(window, SUBJECT)
        assert reading.value == pytest.approx(np.quantile(values, q, method="inverted_cdf"), rel=0.0101)
        assert reading.low <= reading.value <= reading.high


@pytest.mark.parametrize("read", [errors.mae, errors.rmse, errors.bias, errors.mape, errors.r2])
def test_intervals_hold_the_truth_about_as_often_as_they_say(read: errors.Reader) -> None:
    """200 samples of 300 normal errors: 95 % intervals, between 89 % and 99 % must hold (binomial, p < 0.001 outside)."""
    whole, samples = _samples()
    truth = read(whole, SUBJECT).value
    readings = [read(sample, SUBJECT) for sample in samples]
    assert 178 <= sum(reading.low <= truth <= reading.high for reading in readings) <= 198


@cache
def _samples() -> tuple[Tally, list[Tally]]:
    """(all of them, 200 of 300)."""
    rng = np.random.default_rng(8)
    labels, noise = rng.normal(50, 10, 400_000), rng.normal(1, 5, 400_000)
    predictions, labels = (labels + noise)[:60_000].tolist(), labels[:60_000].tolist()
    parts = [slice(first, first + 300) for first in range(0, 60_000, 300)]
    return labelled(predictions, labels), [labelled(predictions[part], labels[part]) for part in parts]


@given(st.lists(st.tuples(NUMBERS, NUMBERS), max_size=12), st.randoms(use_true_random=False), st.integers(0, 12))
def test_any_order_and_split_add_up_to_the_same_and_take_back_to_nothing(pairs, rng, cut):
    rows = [row(value, repr(label)) for value, label in pairs]
    shuffled = rng.sample(rows, len(rows))
    parts = Folds()
    for part in (shuffled[:cut], shuffled[cut:]):
        parts.add_all(part)
    assert _contents(parts) == _contents(folded(rows))
    parts.add_all(rows, -1)
    assert list(parts.cells()) == []


def _contents(folds: Folds) -> dict[Any, Any]:
    return {
        (group, slot): (cell.n, cell.total, dict(zip(cell.bins.tolist(), cell.counts.tolist(), strict=True)))
        for group, slot, cell in folds.cells()
    }


@given(st.lists(NUMBERS, max_size=20))
def test_sums_are_exact(values: list[float]) -> None:
    bins, amounts = limbs(3, np.array(values, dtype=np.float64))
    assert bins.shape == (LIMBS, len(values))
    exact = sums(bins.ravel(), amounts.ravel())
    assert Fraction(exact[3], UNIT) == sum(map(Fraction, values), Fraction(0))


@given(NUMBERS)
def test_a_square_and_its_tail_are_the_square(value: float) -> None:
    (tail,) = square_tail(np.array([value]))
    assert Fraction(value * value) + Fraction(float(tail)) == Fraction(value) ** 2


@given(NUMBERS, NUMBERS)
def test_bins_of_signed_errors_keep_order_and_one_percent(left: float, right: float) -> None:
    bins = signed_log_bins([left, right])
    assert (left <= right) <= (bins[0] <= bins[1])
    assert signed_log_value(bins[0]) == pytest.approx(left, rel=0.010001)


def test_labels_of_zero_have_no_percentage() -> None:
    reading = errors.mape(labelled([1.0, 3.0, 12.0], [0.0, 2.0, 10.0]), SUBJECT)
    assert (reading.value, reading.n) == (pytest.approx((0.5 + 0.2) / 2), 2)
    assert errors.mape(labelled([1.0], [0.0]), SUBJECT) == Reading(None, 0)


@pytest.mark.parametrize("label", ["many", "nan", "inf", "-inf", "1e400", "1e61", "1_000", ""])
def test_a_label_that_is_no_number_is_counted_and_never_measured(label: str) -> None:
    window = tally([row(2.0, label), row(2.0, "1"), row(2.0)])
    assert errors.mae(window, SUBJECT).value == 1.0
    assert errors.unusable_labels(window, SUBJECT).value == 0.5
    assert errors.label_coverage(window, SUBJECT).value == pytest.approx(1 / 3)


@pytest.mark.parametrize("value", [nan, inf, 1e300])
def test_a_prediction_that_is_no_number_is_never_measured(value: float) -> None:
    window = tally([row(value, "1"), row(3.0, "1")])
    assert (errors.mae(window, SUBJECT).value, errors.mae(window, SUBJECT).n) == (2.0, 1)
    assert errors.label_coverage(window, SUBJECT) == errors.label_coverage(tally([row(3.0, "1")]), SUBJECT)


def test_the_text_of_a_label_goes_before_the_value_of_an_outcome() -> None:
    assert errors.mae(tally([row(3.0, "1", told=100.0)]), SUBJECT).value == 2.0
    assert errors.mae(tally([row(3.0, told=2.5)]), SUBJECT).value == 0.5


def test_failed_requests_and_classes_are_no_numbers() -> None:
    assert errors.mae(tally([row(3.0, "1", status=1), row(0.5, "1", prediction="yes")]), SUBJECT).n == 0


def test_equal_labels_and_too_few_have_no_r2() -> None:
    assert errors.r2(labelled([1.0, 2.0], [3.0, 3.0]), SUBJECT) == Reading(None, 2)
    assert errors.r2(labelled([1.0], [3.0]), SUBJECT) == Reading(None, 1)
    worse = errors.r2(labelled([9.0, 0.0], [1.0, 2.0]), SUBJECT)
    assert (worse.value < 0, worse.low) == (True, None)


def test_the_histogram_holds_every_error_and_keeps_the_tails() -> None:
    predictions, labels = houses()
    bars = errors.histogram(labelled([*predictions.tolist(), 1e30], [*labels.tolist(), 1.0]))
    assert sum(n for _, _, n in bars) == len(labels) + 1
    assert [left for left, _, _ in bars[1:]] == [right for _, right, _ in bars[:-1]]
    assert bars[-1][1] < 1e7
    assert errors.histogram(labelled([2.0, 2.0], [1.0, 1.0])) == [(pytest.approx(1, rel=0.01),) * 2 + (2,)]
    assert errors.histogram(tally([])) == []


@pytest.mark.parametrize(
    "read", [errors.mae, errors.rmse, errors.mape, errors.bias, errors.r2, errors.error_quantile(0.5)]
)
def test_nothing_is_no_data(read: errors.Reader) -> None:
    assert read(Tally(NOON, NOON), SUBJECT) == Reading(None, 0)


@pytest.mark.parametrize("read", [errors.mae, errors.rmse, errors.bias, errors.r2])
def test_the_largest_numbers_there_are_stay_finite(read: errors.Reader) -> None:
    reading = read(labelled([1e60, -1e60, 1e-60], [-1e60, 1e60, 1.0]), SUBJECT)
    assert np.isfinite([reading.value, *(edge for edge in (reading.low, reading.high) if edge is not None)]).all()
