"""Averages over classes are scikit-learn's; their intervals hold the truth as often as they say."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from monitoring.stats import averages
from monitoring.stats.intervals import Reading
from monitoring.stats.tally import Confusion

PAIRS = st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=1, max_size=60)
# Of each true class, how the decisions fall.
DECIDED = np.array([[0.80, 0.15, 0.05], [0.20, 0.65, 0.15], [0.10, 0.30, 0.60]])
TRUE = np.array([0.6, 0.3, 0.1])
WAYS: dict[str, tuple[Any, Any, str]] = {
    "precision": (averages.macro, averages.precision, "macro"),
    "recall": (averages.macro, averages.recall, "macro"),
    "f1": (averages.macro, averages.f1, "macro"),
    "f1 weighted": (averages.weighted, averages.f1, "weighted"),
}
THEIRS = {"precision": metrics.precision_score, "recall": metrics.recall_score, "f1": metrics.f1_score}


def _confusion(pairs: Any) -> Confusion:
    return Confusion(dict(Counter(pairs)))


def _read(name: str, confusion: Confusion) -> Reading:
    average, score, _ = WAYS[name]
    return average(confusion, score)


@given(pairs=PAIRS, name=st.sampled_from(sorted(WAYS)))
def test_every_average_is_scikit_learns_and_lies_within_its_interval(pairs: Any, name: str) -> None:
    reading = _read(name, _confusion(pairs))
    theirs = THEIRS[name.split()[0]](*zip(*pairs, strict=True), average=WAYS[name][2], zero_division=0)
    assert reading.value == pytest.approx(theirs, abs=1e-12)
    assert 0 <= reading.low <= reading.value <= reading.high <= 1


@pytest.mark.parametrize("name", sorted(WAYS))
@pytest.mark.parametrize("rows", [100, 1_000])
def test_an_interval_holds_the_truth_as_often_as_it_says(name: str, rows: int) -> None:
    rng = np.random.default_rng(11)
    cells = TRUE[:, np.newaxis] * DECIDED
    places = [(true, guess) for true in (1, 2, 3) for guess in (1, 2, 3)]
    exact = np.round(cells.ravel() * 1_000_000).astype(int).tolist()
    truth = _read(name, Confusion(dict(zip(places, exact, strict=True)))).value
    held = 0
    for drawn in rng.multinomial(rows, cells.ravel(), size=1_000):
        reading = _read(name, Confusion(dict(zip(places, drawn.tolist(), strict=True))))
        held += reading.low <= truth <= reading.high
    assert 0.92 <= held / 1_000 <= 0.98


def test_the_interval_of_a_binary_f1_holds_the_truth_too() -> None:
    rng = np.random.default_rng(12)
    hits, misses, alarms = 0.10, 0.04, 0.06
    truth = 2 * hits / (2 * hits + misses + alarms)
    held = 0
    for found, missed, false, _ in rng.multinomial(200, [hits, misses, alarms, 0.80], size=2_000):
        reading = averages.binary_f1(int(found), int(found + false), int(found + missed), 200)
        held += reading.low <= truth <= reading.high
    assert 0.93 <= held / 2_000 <= 0.97


def test_a_perfect_average_of_few_events_is_not_called_certain() -> None:
    for name in WAYS:
        reading = _read(name, Confusion({(1, 1): 4, (2, 2): 3}))
        assert (reading.value, reading.high) == (1, 1)
        assert reading.low < 0.7
    assert averages.binary_f1(7, 7, 7, 20).low < 0.8


def test_nothing_has_no_average() -> None:
    assert _read("f1", Confusion({})) == averages.binary_f1(0, 0, 0, 5) == Reading(None, 0)
