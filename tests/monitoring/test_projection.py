"""The month's end by its days so far: equal to scipy by hand, and its interval holds what it says."""

from datetime import UTC, datetime, timedelta
from math import sqrt

import numpy as np
import pytest
from scipy import stats

from monitoring.stats.projection import EPOCH, project_month

START = datetime(2026, 11, 1, tzinfo=UTC)
FIRST = (START - EPOCH).days


def at(days: float) -> datetime:
    return START + timedelta(days=days)


def test_ten_days_and_a_half_by_hand():
    costs = [10.0, 12, 8, 11, 9, 10, 14, 6, 10, 10]
    by_day = {FIRST + day: cost for day, cost in enumerate([*costs, 5.5])}
    found = project_month(by_day, start=START, end=at(10.5))
    assert found is not None
    rate, left = 105.5 / 10.5, 19.5
    half = stats.t.ppf(0.975, 9) * np.std(costs, ddof=1) * sqrt(left + left**2 / 10)
    assert (found.value, found.spent, found.days) == (pytest.approx(105.5 + rate * left), 105.5, 10)
    assert (found.low, found.high) == (
        pytest.approx(found.value - half, rel=1e-6),
        pytest.approx(found.value + half, rel=1e-6),
    )


def test_the_window_of_a_week_tells_the_month_too():
    by_day = {FIRST + day: 10.0 for day in range(13, 20)}
    found = project_month(by_day, start=at(13), end=at(20))
    assert found is not None
    assert (found.value, found.low, found.high, found.spent) == (
        pytest.approx(300),
        pytest.approx(300),
        pytest.approx(300),
        70,
    )


def test_an_application_that_began_late_has_the_rate_since_then():
    found = project_month({FIRST + 15: 10.0, FIRST + 16: 10.0}, start=START, end=at(17))
    assert found is not None
    assert found.value == pytest.approx(20 + 13 * 10)


def test_a_window_that_ends_with_the_month_is_what_was_spent():
    by_day = {FIRST + day: float(day) for day in range(30)}
    found = project_month(by_day, start=START, end=at(30))
    assert found is not None
    assert found.value == found.low == found.high == found.spent == sum(range(30))


def test_little_is_told_of_little():
    assert project_month({}, start=START, end=at(3)) is None
    assert project_month({FIRST: 0.0}, start=START, end=at(3)) is None
    found = project_month({FIRST: 4.0}, start=START, end=at(0.5))
    assert found is not None
    assert (found.value, found.low, found.high, found.days) == (pytest.approx(240), None, None, 0)


def test_the_interval_holds_19_months_of_20():
    rng, held = np.random.default_rng(1), 0
    for _ in range(2_000):
        month = rng.gamma(9, 1, 30)
        by_day = {FIRST + day: float(cost) for day, cost in enumerate(month[:12])}
        found = project_month(by_day, start=START, end=at(12))
        assert found is not None
        assert found.low is not None
        assert found.high is not None
        held += found.low <= month.sum() <= found.high
    assert 0.93 < held / 2_000 < 0.97
