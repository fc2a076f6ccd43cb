"""The closed forms give the numbers of the SRE Workbook, chapter 5 (99.9 %, 30 days, constant error rate)."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.stats import burn

T, P = 0.999, 30 * burn.DAY


def exact(value: float, rel: float = 1e-9) -> object:
    """Closed forms are held to a part in 10⁹."""
    return pytest.approx(value, rel=rel)


@pytest.mark.parametrize(
    ("error_rate", "hour", "six_hours", "day", "three_days"),
    [
        (1.0, 51.84, 129.6, 259.2, 259.2),
        (0.5, 103.68, 259.2, 518.4, 518.4),
        (0.15, 345.6, 864, 1_728, 1_728),
        (0.10, 518.4, 1_296, 2_592, 2_592),
        (0.05, 1_036.8, 2_592, 5_184, 5_184),
        (0.02, 2_592, 6_480, 12_960, 12_960),
        (0.01, None, 12_960, 25_920, 25_920),
        (0.005, None, None, 51_840, 51_840),
        (0.002, None, None, None, 129_600),
        (0.001, None, None, None, None),
    ],
)
def test_detection_times(error_rate, hour, six_hours, day, three_days) -> None:
    found = [burn.detection_time(error_rate, T, pair.factor, pair.long_s) for pair in burn.standard_pairs(P)]
    assert found == [None if one is None else exact(one, rel=1e-9) for one in (hour, six_hours, day, three_days)]


def test_the_table_for_thirty_days() -> None:
    pairs = burn.standard_pairs(P)
    assert [pair.factor for pair in pairs] == [exact(14.4), exact(6), exact(3), exact(1)]
    assert [burn.span_label(pair.long_s) for pair in pairs] == ["1h", "6h", "1d", "3d"]
    assert [burn.span_label(pair.short_s) for pair in pairs] == ["5m", "30m", "2h", "6h"]
    assert [pair.severity for pair in pairs] == ["page", "page", "ticket", "ticket"]


def test_the_table_for_twenty_eight_days_keeps_its_windows() -> None:
    factors = [pair.factor for pair in burn.standard_pairs(28 * burn.DAY)]
    assert factors == [exact(13.44), exact(5.6), exact(2.8), exact(14 / 15)]


@pytest.mark.parametrize("days", [1, 7, 28, 30, 90])
def test_every_table_spends_the_same_shares(days: int) -> None:
    period = days * burn.DAY
    for pair, share in zip(burn.standard_pairs(period), (0.02, 0.05, 0.10, 0.10), strict=True):
        assert burn.spent_at_detection(pair.factor, pair.long_s, period) == exact(share)
        assert pair.short_s <= pair.long_s < period
        assert pair.factor > 0.9


def test_reset_times() -> None:
    resets = [burn.reset_time(1.0, T, pair.factor, pair.short_s) for pair in burn.standard_pairs(P)]
    assert resets == [exact(295.68), exact(1_789.2), exact(7_178.4), exact(21_578.4)]
    assert burn.reset_time(0.15, T, 14.4, 300) == exact(271.2)
    assert burn.reset_time(0.01, T, 14.4, 300) is None


def test_statements_of_the_chapter() -> None:
    assert burn.spent_at_detection(36, burn.HOUR, P) == exact(0.05)
    assert burn.detection_time(0.15, T, 14.4, burn.HOUR) == exact(5.76 * 60)
    assert burn.burn_rate(1, 10, T) == exact(100)
    assert [burn.exhausts_in(1, rate, P) for rate in (1, 2, 10, 1_000)] == [P, P / 2, P / 10, exact(43.2 * 60)]


def test_nothing_is_not_zero() -> None:
    assert burn.burn_rate(0, 0, T) is None
    assert burn.budget_left(0, 0, T) is None
    assert burn.exhausts_in(0.5, None, P) is None
    assert burn.exhausts_in(0.5, 0.0, P) is None


def test_a_budget_can_be_overspent() -> None:
    assert burn.budget_left(20, 1_000, 0.99) == exact(-1)
    assert burn.exhausts_in(-1, 5.0, P) == 0


@pytest.mark.parametrize(("factor", "dead_up_to"), [(14.4, 0.9305), (6, 0.8333), (3, 0.6666)])
def test_factors_that_can_never_fire(factor: float, dead_up_to: float) -> None:
    assert not burn.reachable(factor, dead_up_to)
    assert burn.reachable(factor, dead_up_to + 0.0002)


@given(target=st.floats(0.01, 0.9999), days=st.sampled_from([1, 7, 28, 30, 90]))
def test_the_table_for_a_target_can_always_fire(target: float, days: int) -> None:
    for pair in burn.standard_pairs(days * burn.DAY, target):
        assert burn.reachable(pair.factor, target)
        assert burn.detection_time(1.0, target, pair.factor, pair.long_s) is not None


@given(
    bad=st.integers(0, 10_000), valid=st.integers(1, 10_000), target=st.floats(0.01, 0.9999), window=st.floats(1, 1e7)
)
def test_burning_at_rate_one_ends_the_budget_with_the_window(bad, valid, target, window) -> None:
    bad = min(bad, valid)
    left, rate = burn.budget_left(bad, valid, target), burn.burn_rate(bad, valid, target)
    assert left is not None
    assert rate is not None
    assert left == exact(1 - rate)
    assert burn.exhausts_in(1.0, 1.0, window) == window


@given(
    valid=st.integers(1, 10**12),
    share=st.floats(0, 1),
    nines=st.sampled_from(["0.5", "0.9", "0.95", "0.99", "0.999", "0.9999"]),
    days=st.integers(1, 90),
)
def test_the_budget_is_exact(valid: int, share: float, nines: str, days: int) -> None:
    bad, allowed = round(valid * share), 1 - Fraction(nines)
    rate = Fraction(bad, valid) / allowed
    assert burn.burn_rate(bad, valid, float(nines)) == exact(float(rate))
    left = burn.budget_left(bad, valid, float(nines))
    assert left == pytest.approx(float(1 - rate), rel=1e-9, abs=1e-9)
    period = days * burn.DAY
    ends = burn.exhausts_in(left, float(rate), period)
    if rate < 1:
        assert (
            ends is None
            if rate == 0
            else ends == pytest.approx(float(period * (1 - rate) / rate), rel=1e-9, abs=period * 1e-9)
        )
    elif rate > 1:
        assert (left < 0, ends) == (True, 0.0)


def test_nothing_of_nothing_is_no_data() -> None:
    assert burn.burn_rate(0, 0, T) is burn.budget_left(0, 0, T) is None


@given(
    nines=st.sampled_from(
        ["0.5", "0.7", "0.9", "0.93", "0.95", "0.99", "0.995", "0.999", "0.9995", "0.9999", "0.99999"]
    ),
    tenths=st.integers(0, 30),
    size=st.integers(1, 10_000),
)
def test_a_budget_that_is_spent_to_the_last_event_is_spent(nines: str, tenths: int, size: int) -> None:
    """In tenths of the budget: none is shown a hundredth of a per cent short, and nothing left is nothing, not 1e-15."""
    target = Fraction(nines)
    valid = 10 * size * (1 - target).denominator
    bad = valid * (1 - target) * Fraction(tenths, 10)
    assert bad.denominator == 1
    assert burn.budget_left(int(bad), valid, float(nines)) == float(1 - Fraction(tenths, 10))
    assert burn.burn_rate(int(bad), valid, float(nines)) == exact(tenths / 10, rel=1e-12)


def test_the_strictest_promise_still_allows_something() -> None:
    target = 1 - 2**-53
    assert burn.allowance(target) == 2**-53
    assert burn.budget_left(1, 10, target) < 0
