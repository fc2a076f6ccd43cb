"""False alarms in closed form equal their definition, counted out, and a simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.stats.burn import DAY, HOUR, MINUTE, Guard, Pair, spans, standard_pairs
from monitoring.stats.false_alarms import MONTH_S, false_alarms

PAIRS = standard_pairs(30 * DAY)
OFF = Guard(0, 0)


def steady(pairs, per_hour: float) -> dict[int, np.ndarray]:
    return {span: np.array([per_hour * span / HOUR]) for span in spans(pairs)}


def poisson(mean: float, top: int = 80) -> np.ndarray:
    """Probabilities of 0, 1, 2, …, by the recurrence."""
    found = [np.exp(-mean)]
    for count in range(1, top):
        found.append(found[-1] * mean / count)
    return np.array(found)


def counted_out(pair: Pair, target: float, share: float, per_hour: float, guard: Guard) -> float:
    """The definition for one pair, summed over every number of bad events in the short and in the rest of the long window."""
    bad = share * per_hour / HOUR
    long, short = (
        max(least, int(pair.factor * (1 - target) * per_hour * span / HOUR + 1e-9) + 1)
        for span, least in ((pair.long_s, guard.long), (pair.short_s, guard.short))
    )
    now, before = poisson(bad * pair.short_s), poisson(bad * (pair.long_s - pair.short_s))
    begins = sum(
        now[some] * before[more]
        for some in range(80)
        for more in range(80)
        if (some + 1 >= short and some + more + 1 >= long) and not (some >= short and some + more >= long)
    )
    return bad * begins * MONTH_S


@pytest.mark.parametrize("guard", [OFF, Guard(3, 0), Guard(3, 2), Guard(5, 5)])
@pytest.mark.parametrize("per_hour", [1, 10, 60, 300])
@pytest.mark.parametrize("pair", PAIRS[:2])
def test_one_pair_counted_out(pair: Pair, per_hour: float, guard: Guard) -> None:
    found = false_alarms([pair], 0.999, 0.0005, steady([pair], per_hour), [guard])
    assert found == pytest.approx(counted_out(pair, 0.999, 0.0005, per_hour, guard), rel=1e-9, abs=1e-11)


def test_the_promise_for_little_traffic() -> None:
    assert false_alarms(PAIRS[:2], 0.999, 0.0005, steady(PAIRS[:2], 60)) == pytest.approx(0.05065, abs=1e-4)


def test_a_busy_noon_does_not_blur_a_quiet_night() -> None:
    """Each instant is reckoned by itself, whatever the others hold."""
    night, noon = steady(PAIRS[:2], 20), steady(PAIRS[:2], 60_000)
    both = {span: np.concatenate([night[span], noon[span]]) for span in night}
    alone = [false_alarms(PAIRS[:2], 0.995, 0.001, volumes) for volumes in (night, noon)]
    assert false_alarms(PAIRS[:2], 0.995, 0.001, both) == pytest.approx(sum(alone) / 2, rel=1e-9)
    assert alone[1] < 1e-6 < alone[0] < 1.0


@settings(max_examples=60)
@given(
    per_hour=st.floats(0.5, 5_000),
    share=st.floats(1e-5, 1e-3),
    long=st.integers(0, 6),
    short=st.integers(0, 3),
)
def test_more_guard_and_fewer_failures_mean_no_more_alarms(per_hour, share, long, short) -> None:
    volumes, pages = steady(PAIRS[:2], per_hour), PAIRS[:2]
    both = false_alarms(pages, 0.999, share, volumes, [Guard(long, short)] * 2)
    one_by_one = [false_alarms([pair], 0.999, share, volumes, [Guard(long, short)]) for pair in pages]
    slack = 1e-9 * (1 + sum(one_by_one))
    assert 0 <= both <= sum(one_by_one) + slack  # what one has begun, the other does not begin again
    assert both <= share * per_hour * 720 + slack  # no more often than something is bad
    assert false_alarms(pages, 0.999, share, volumes, [Guard(long + 1, short + 1)] * 2) <= both + slack


def test_a_service_at_its_limit_and_one_that_stands_still() -> None:
    volumes = steady(PAIRS, 1e6)
    assert false_alarms(PAIRS[:2], 0.999, 0.0005, volumes) < 1e-9
    assert false_alarms(PAIRS[2:], 0.999, 0.001, volumes) > 1
    assert false_alarms(PAIRS, 0.999, 0.0005, {span: np.zeros(3) for span in volumes}) == 0


def test_a_simulation_agrees() -> None:
    """Half a year of minutes without a guard: enough beginnings to tell."""
    dice, minutes, per_hour, pages = np.random.default_rng(5), 180 * 1_440, 60, PAIRS[:2]
    bad = dice.poisson(per_hour * 0.0005 / 60, minutes)
    sums = np.concatenate([[0], (bad + dice.poisson(per_hour * 0.9995 / 60, minutes)).cumsum()])
    wrong = np.concatenate([[0], bad.cumsum()])
    at = np.arange(360, minutes + 1)
    fires = np.zeros(len(at), dtype=bool)
    for pair in pages:
        backs = (pair.long_s // MINUTE, pair.short_s // MINUTE)
        fires |= np.logical_and.reduce(
            [wrong[at] - wrong[at - back] > pair.factor * 0.001 * (sums[at] - sums[at - back]) for back in backs]
        )
    begun = int((np.diff(fires.astype(int)) == 1).sum()) / 6
    assert false_alarms(pages, 0.999, 0.0005, steady(pages, per_hour), [OFF] * 2) == pytest.approx(begun, rel=0.15)
