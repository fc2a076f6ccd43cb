"""The lag of labels, learned from cohorts that are still getting theirs."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from monitoring.stats.histogram import merge, pack
from monitoring.stats.lag import ENOUGH, SETTLED, Cohort, LagCurve, learn
from monitoring.stats.layouts import GAMMA, log_bins

DAY = 86_400.0
NOTHING = np.zeros(0)


def cohort(age_s: float, lags_s: NDArray[np.float64]) -> Cohort:
    """What of these lags is known when the youngest prediction is so old (all are as old, which is the hardest case)."""
    known = [round(lag * 1e6) for lag in lags_s if lag <= age_s]
    return Cohort(age_s, *merge([pack(Counter(log_bins(known)))]))


def daily(draw, days: int = 30, n: int = 400, seed: int = 3) -> list[Cohort]:
    rng = np.random.default_rng(seed)
    return [cohort(day * DAY, draw(rng, n)) for day in range(days)]


def test_old_cohorts_give_the_plain_shares() -> None:
    lags = np.arange(1, 101) * 60.0
    curve = learn([cohort(10 * DAY, lags)])
    assert curve is not None
    for share in (0.1, 0.5, 0.95):
        assert curve.lag_of(share) == pytest.approx(np.quantile(lags, share, method="inverted_cdf"), rel=0.021)
    assert (curve.share(50 * 60 * 1.03), curve.share(0.0), curve.share(20 * DAY)) == (pytest.approx(0.5), 0.0, 1.0)
    assert curve.labels == 100


def test_young_cohorts_do_not_make_labels_look_quick() -> None:
    """Labels take two weeks or so, and nearly half of the cohorts are younger: plain shares would say they take less."""
    cohorts = daily(lambda rng, n: rng.gamma(9, 1.5, n) * DAY)
    curve = learn(cohorts)
    assert curve is not None
    truth = np.random.default_rng(1).gamma(9, 1.5, 200_000) * DAY
    for share in (0.25, 0.5, 0.75, 0.95):
        assert curve.lag_of(share) == pytest.approx(np.quantile(truth, share), rel=0.05)
    plain = np.concatenate([np.repeat(one.bins, one.counts) for one in cohorts])
    biased = GAMMA ** np.quantile(plain, 0.5) / 1e6
    assert biased < 0.92 * np.quantile(truth, 0.5)


def test_settled_is_when_enough_of_the_labels_have_come() -> None:
    curve = learn(daily(lambda rng, n: rng.exponential(2 * DAY, n)))
    assert curve is not None
    settle = curve.settle_s(declared_s=DAY)
    assert settle is not None
    assert settle == pytest.approx(2 * DAY * -np.log(1 - SETTLED), rel=0.05)
    assert curve.share(settle) >= SETTLED


@pytest.mark.parametrize(
    ("days", "n", "declared_days"),
    [(30, 6, 1), (5, 400, 1), (30, 400, 60)],
    ids=["few labels", "younger than twice the lag", "younger than declared"],
)
def test_a_short_history_says_nothing(days: int, n: int, declared_days: int) -> None:
    curve = learn(daily(lambda rng, n: rng.exponential(2 * DAY, n), days=days, n=n))
    assert curve is not None
    assert curve.settle_s(declared_days * DAY) is None


@pytest.mark.parametrize("cohorts", [[], [cohort(DAY, NOTHING)], [cohort(DAY, np.array([2 * DAY]))]])
def test_nothing_is_nothing(cohorts: list[Cohort]) -> None:
    assert learn(cohorts) is None


@given(
    st.lists(
        st.tuples(st.floats(0, 30 * DAY), st.lists(st.floats(0, 30 * DAY), max_size=8).map(np.array)),
        min_size=1,
        max_size=6,
    ),
    st.randoms(use_true_random=False),
)
def test_a_curve_rises_to_one_whatever_the_order(given: list[tuple[float, NDArray[np.float64]]], rng) -> None:
    cohorts = [cohort(age, lags) for age, lags in given]
    curve, shuffled = learn(cohorts), learn(rng.sample(cohorts, len(cohorts)))
    assert curve == shuffled
    if curve is not None:
        assert list(curve.shares) == sorted(curve.shares)
        assert list(curve.lags_s) == sorted(set(curve.lags_s))
        assert curve.shares[-1] == 1.0
        assert curve.shares[0] >= 0.0
        assert isinstance(curve, LagCurve)
        assert (curve.settle_s(0.0) is None) or curve.labels >= ENOUGH
