"""Intervals of proportions, and when something began."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from monitoring.stats.intervals import Reading, ratio, wilson
from monitoring.stats.onset import onset


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
