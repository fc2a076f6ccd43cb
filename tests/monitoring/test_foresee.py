"""What forms foretell: the closed forms of the SRE Workbook, meeting traffic; thresholds; and factors that can fire."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.stats.burn import DAY, HOUR, MINUTE, Guard, Pair, reachable, spent_at_detection, standard_pairs
from monitoring.stats.foresee import Clocks, feasible, foresee_pair, foresee_threshold

T, P = 0.999, 30 * DAY
HOURLY = standard_pairs(P)[0]


def test_the_workbook_by_the_table() -> None:
    """Chapter 5 at 99.9 % over 30 days: detection, reset, and the share of the budget whatever the severity."""
    total = [foresee_pair(pair, T, P, 1.0) for pair in standard_pairs(P)]
    assert [one.detected_s for one in total] == [pytest.approx(at, rel=1e-9) for at in (51.84, 129.6, 259.2, 259.2)]
    assert [one.reset_s for one in total] == [
        pytest.approx(at, rel=1e-9) for at in (295.68, 1_789.2, 7_178.4, 21_578.4)
    ]
    assert [one.spent for one in total] == [pytest.approx(share, rel=1e-9) for share in (0.02, 0.05, 0.1, 0.1)]
    assert foresee_pair(HOURLY, T, P, 0.1).spent == pytest.approx(0.02, rel=1e-9)
    assert foresee_pair(HOURLY, T, P, 0.01).never == "small"


def test_a_guard_waits_for_its_events() -> None:
    """At one request a minute the third failure of a total outage is the one that pages."""
    guarded = foresee_pair(HOURLY, T, P, 1.0, guard=Guard(3, 2), per_second=1 / 60)
    assert (guarded.detected_s, guarded.reset_s) == (180, 180)
    assert guarded.spent == pytest.approx(180 / (0.001 * P), rel=1e-9)
    assert foresee_pair(HOURLY, T, P, 0.1, guard=Guard(3, 2), per_second=1 / 60).never == "guard"
    plenty = foresee_pair(HOURLY, T, P, 1.0, guard=Guard(3, 2), per_second=1_000)
    assert plenty.detected_s == pytest.approx(51.84, rel=1e-9)
    assert foresee_pair(HOURLY, T, P, 1.0, guard=Guard(3, 2), per_second=0.0).never == "guard"


@given(
    target=st.floats(0.5, 0.9999),
    share=st.floats(0.001, 1),
    per_second=st.floats(0, 100),
    hold=st.floats(0, 3_600),
    long=st.integers(0, 5),
    short=st.integers(0, 5),
)
def test_traffic_and_for_only_add(target, share, per_second, hold, long, short) -> None:
    for pair in standard_pairs(P, target):
        free = foresee_pair(pair, target, P, share)
        held = foresee_pair(
            pair, target, P, share, guard=Guard(long, short), per_second=per_second, clocks=Clocks(hold)
        )
        if free.detected_s is None:
            assert (held.detected_s, held.never) == (None, "small")
            continue
        assert free.spent == pytest.approx(spent_at_detection(pair.factor, pair.long_s, P), rel=1e-9)
        assert 0 <= free.detected_s <= pair.long_s
        assert 0 <= free.reset_s <= pair.short_s
        if held.detected_s is not None:
            assert held.detected_s >= free.detected_s + hold
            assert held.reset_s is not None
            assert -1e-6 <= held.reset_s <= free.reset_s + 1e-6


def test_thresholds_fill_their_window() -> None:
    total = foresee_threshold(0.1, 300, 1.0)
    assert (total.detected_s, total.reset_s) == (pytest.approx(30, rel=1e-9), pytest.approx(270, rel=1e-9))
    assert foresee_threshold(0.1, 300, 0.1).never == "small"
    usual = foresee_threshold(0.1, 300, 0.5, usual=0.02, clocks=Clocks(60, 120), recovery=0.05)
    assert usual.detected_s == pytest.approx(300 * 0.08 / 0.48 + 60, rel=1e-9)
    assert usual.reset_s == pytest.approx(300 * 0.45 / 0.48 + 120, rel=1e-9)
    assert foresee_threshold(0.1, 300, 1.0, minimum=10, per_second=1 / 60).never == "guard"


@given(
    factor=st.floats(0.1, 200),
    target=st.floats(0.05, 0.9999),
    long_m=st.integers(2, 6_000),
)
def test_a_proposal_can_always_fire(factor, target, long_m) -> None:
    pair = Pair(long_m * MINUTE, MINUTE, factor, "page")
    other = feasible(pair, target)
    assert reachable(other.factor, target)
    assert other.short_s < other.long_s
    if other.long_s != pair.long_s:
        assert other.factor * other.long_s <= factor * pair.long_s


def test_the_same_share_of_the_budget_over_longer_windows() -> None:
    assert feasible(HOURLY, 0.9) == Pair(3 * HOUR, 15 * MINUTE, 4.8, "page")
    assert feasible(HOURLY, T) == HOURLY
