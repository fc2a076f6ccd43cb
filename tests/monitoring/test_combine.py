"""Shares made one: the laws of weighted means, of the worst, and of products, against plain arithmetic."""

from fractions import Fraction
from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.stats.combine import MINIMUM, PRODUCT, WEIGHTED, Combination

METHODS = (WEIGHTED, MINIMUM, PRODUCT)
counts = st.integers(0, 10_000).flatmap(lambda valid: st.tuples(st.integers(0, valid), st.just(valid)))
weights = st.floats(1e-3, 1e3)
cases = st.lists(st.tuples(counts, weights), min_size=1, max_size=6)
some = cases.filter(lambda case: any(valid for (_, valid), _ in case))


def arrays(case):
    bad, valid = (np.array([one[0][side] for one in case], dtype=np.float64) for side in (0, 1))
    return bad, valid, np.array([one[1] for one in case])


def good_share(method: str, case, *, scale: float = 1.0) -> float:
    bad, valid, weight = arrays(case)
    return 1 - float(Combination(method, weight * scale).bad_share(bad, valid))


def by_hand(method: str, case) -> float:
    """In fractions, without any array."""
    known = [(1 - Fraction(bad, valid), Fraction(weight)) for (bad, valid), weight in case if valid]
    if method == MINIMUM:
        return float(min(share for share, _ in known))
    if method == PRODUCT:
        return float(prod(share for share, _ in known))
    return float(sum(share * weight for share, weight in known) / sum(weight for _, weight in known))


@pytest.mark.parametrize("method", METHODS)
@given(case=some)
def test_it_is_what_plain_arithmetic_says(method: str, case) -> None:
    assert good_share(method, case) == pytest.approx(by_hand(method, case), abs=1e-9)


@given(case=some, scale=st.floats(1e-3, 1e3))
def test_only_the_proportion_of_weights_matters(case, scale: float) -> None:
    assert good_share(WEIGHTED, case, scale=scale) == pytest.approx(good_share(WEIGHTED, case), abs=1e-12)


@given(case=some)
def test_the_mean_lies_between_the_worst_and_the_best_and_no_product_is_above_the_worst(case) -> None:
    best = max(1 - bad / valid for (bad, valid), _ in case if valid)
    worst = good_share(MINIMUM, case)
    assert worst - 1e-12 <= good_share(WEIGHTED, case) <= best + 1e-12
    assert good_share(PRODUCT, case) <= worst + 1e-12


@pytest.mark.parametrize("method", METHODS)
@given(count=counts.filter(lambda one: one[1] > 0), weight=weights)
def test_of_one_it_is_that_one(method: str, count, weight: float) -> None:
    bad, valid, weight_ = arrays([(count, weight)])
    how = Combination(method, weight_)
    assert how.amount(bad, valid) == valid[0]
    assert how.bad_share(bad, valid) * valid[0] == pytest.approx(bad[0], abs=1e-9)
    assert how.hits(bad, valid, np.array([True])) == bad[0]


@pytest.mark.parametrize("method", METHODS)
@given(case=some)
def test_contributions_add_up_and_no_guard_sees_more_than_there_was(method: str, case) -> None:
    bad, valid, weight = arrays(case)
    how = Combination(method, weight)
    assert how.contributions(bad, valid).sum() == pytest.approx(float(how.bad_share(bad, valid)), abs=1e-12)
    assert how.hits(bad, valid, np.full(len(bad), True)) <= bad.sum() + 1e-6
    assert how.amount(bad, valid) <= valid.sum() + 1e-6


@given(case=some)
def test_weights_as_the_traffic_make_one_pot_of_all_events(case) -> None:
    bad, valid, _ = arrays(case)
    how = Combination(WEIGHTED, np.where(valid > 0, valid, 1.0))
    assert how.bad_share(bad, valid) == pytest.approx(bad.sum() / valid.sum(), abs=1e-12)
    assert how.amount(bad, valid) == pytest.approx(valid.sum(), rel=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_nothing_is_neither_good_nor_bad(method: str) -> None:
    bad, valid, weight = np.array([1.0, 0.0]), np.array([4.0, 0.0]), np.array([1.0, 3.0])
    lenient, strict = Combination(method, weight), Combination(method, weight, strict=True)
    assert lenient.bad_share(bad, valid) == pytest.approx(0.25)
    assert lenient.amount(bad, valid) == 4
    assert np.isnan(strict.bad_share(bad, valid))
    assert strict.amount(bad, valid) == 0
    assert strict.hits(bad, valid, np.array([True, True])) == 0
    assert np.isnan(lenient.bad_share(bad * 0, valid * 0))


def test_one_failure_that_weighs_as_much_as_thousands_is_one_hit() -> None:
    bad, valid = np.array([1.0, 2.0]), np.array([1.0, 1_000_000.0])
    how = Combination(WEIGHTED, np.array([1.0, 1.0]))
    assert how.bad_share(bad, valid) == pytest.approx(0.5, abs=1e-5)
    assert how.hits(bad, valid, np.array([True, True])) == pytest.approx(1, abs=1e-4)
    outage = np.array([0.0, 1_000_000.0])
    assert how.hits(outage, valid, np.array([True, True])) == 1_000_000
    assert how.hits(bad, valid, np.array([False, True])) > 1_000  # of slices of time one is enough
    assert Combination(MINIMUM, np.array([1.0, 1.0])).hits(bad, valid, np.array([False, True])) == np.inf


def test_any_shape_is_combined_element_by_element() -> None:
    rng = np.random.default_rng(7)
    valid = rng.integers(0, 50, (3, 4, 5)).astype(np.float64)
    bad = np.floor(valid * rng.random((3, 4, 5)))
    for method in METHODS:
        how = Combination(method, np.array([1.0, 2.0, 3.0]))
        whole, amount = how.bad_share(bad, valid), how.amount(bad, valid)
        hits = how.hits(bad, valid, np.array([True, True, True]))
        for at in np.ndindex(4, 5):
            place = (slice(None), *at)
            assert np.array_equal(whole[at], how.bad_share(bad[place], valid[place]), equal_nan=True)
            assert amount[at] == how.amount(bad[place], valid[place])
            assert hits[at] == how.hits(bad[place], valid[place], np.array([True, True, True]))
