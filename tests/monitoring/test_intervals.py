"""Intervals of proportions and of means, and when something began."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from monitoring.stats.intervals import Reading, ratio, wilson
from monitoring.stats.layouts import LOG, log_bins
from monitoring.stats.onset import onset
from monitoring.stats.tally import Cell, Subject, Tally
from monitoring.stats.usage import cost_per_request


@given(counts=st.tuples(st.integers(0, 2_000), st.integers(1, 2_000)).filter(lambda pair: pair[0] <= pair[1]))
def test_wilson_is_scipys(counts: tuple[int, int]) -> None:
    good, valid = counts
    theirs = binomtest(good, valid).proportion_ci(method="wilson")
    low, high = wilson(good, valid) or (-1, -1)
    assert (low, high) == (pytest.approx(theirs.low, abs=1e-9), pytest.approx(theirs.high, abs=1e-9))
    assert 0 <= low <= good / valid <= high <= 1


def test_nothing_by_nothing_is_no_data() -> None:
    assert ratio(0, 0) == Reading(None, 0)
    assert wilson(0, 0) is None


def test_more_good_than_valid_is_held_at_one() -> None:
    assert ratio(5, 3).value == 1


@given(
    quiet=st.lists(st.floats(-10, -0.1), max_size=30),
    bad=st.lists(st.floats(0.1, 10), min_size=1, max_size=30),
)
def test_the_onset_is_where_the_limit_is_passed_for_good(quiet: list[float], bad: list[float]) -> None:
    assert onset([*quiet, *bad]) == len(quiet)


def test_one_quiet_slice_does_not_move_the_onset() -> None:
    assert onset([-3, -2, 5, 4, -1, 6]) == 2
    assert onset([]) == 0


def cost_tally(costs: np.ndarray) -> Tally:
    """A tally of calls that cost so many nano-USD."""
    bins, counts = np.unique(log_bins(costs.tolist()), return_counts=True)
    cell = Cell(len(costs), int(costs.sum()), bins, counts, LOG)
    now = datetime(2026, 3, 10, tzinfo=UTC)
    return Tally(now, now, {("cost", ""): cell})


@pytest.mark.parametrize("spread", [0.1, 0.7, 1.3])
def test_the_interval_of_a_mean_cost_is_that_of_the_raw_costs(spread):
    costs = np.random.default_rng(5).lognormal(12, spread, 4_000).astype(np.int64)
    reading = cost_per_request(cost_tally(costs), Subject("llm"))
    error = 1.959964 * costs.std(ddof=1) / np.sqrt(len(costs)) / 1e9
    assert reading.value == pytest.approx(costs.mean() / 1e9, rel=1e-12)
    assert (reading.high - reading.low) / 2 == pytest.approx(error, rel=0.03)


def test_the_mean_cost_of_a_few_calls_has_no_interval():
    reading = cost_per_request(cost_tally(np.array([1_000, 2_000, 3_000])), Subject("llm"))
    assert (reading.value, reading.n, reading.low, reading.high) == (2e-6, 3, None, None)
    assert cost_per_request(cost_tally(np.array([], dtype=np.int64)), Subject("llm")).value is None
