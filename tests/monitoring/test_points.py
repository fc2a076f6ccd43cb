"""Data points as streams: laws that hold whatever is told, in whatever pieces."""

from itertools import accumulate, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.stats.points import Explicit, Exponential, Point, State, advance, exponential_ranges
from monitoring.stats.ranges import Ranges, pack_ranges, point, quantile_of, unpack_ranges

MINUTE = 60_000_000
steps = st.lists(st.integers(0, 10**6), min_size=1, max_size=20)
magnitudes = st.floats(1e-9, 1e9)


def counted(points: list[tuple[int, Point]]) -> int:
    """What the points add to n."""
    state, total = State(), 0
    for time, told in points:
        state, change = advance(state, told, time)
        total += int(change.amount or 0) if change else 0
    return total


def cumulative(values: list[int]) -> list[tuple[int, Point]]:
    return [
        (place * MINUTE, Point(kind="counter", start=1, value=float(value))) for place, value in enumerate(values, 1)
    ]


@given(steps)
def test_a_cumulative_sum_adds_what_its_deltas_would(given_steps):
    deltas = [
        (place * MINUTE, Point(kind="counter", delta=True, value=float(step)))
        for place, step in enumerate(given_steps, 1)
    ]
    assert counted(cumulative(list(accumulate(given_steps)))) == counted(deltas) == sum(given_steps)


@given(steps, st.data())
def test_points_that_are_lost_or_repeated_change_nothing_but_when(given_steps, data):
    points = cumulative(list(accumulate(given_steps)))
    kept = data.draw(st.lists(st.sampled_from(points), max_size=10))
    some = sorted([*kept, points[0], points[-1]], key=lambda one: one[0])
    assert counted(some) == sum(given_steps)


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=20))
def test_a_reset_never_takes_anything_away(values):
    added = values[0] + sum(later - earlier if later >= earlier else later for earlier, later in pairwise(values))
    assert counted(cumulative(values)) == added


@given(st.lists(st.tuples(st.integers(-20, 20), st.integers(0, 50)), min_size=1, max_size=8), st.integers(0, 4))
def test_a_coarser_scale_changes_no_count(buckets, by):
    """What an SDK does when the range of its values grows: the same values by a coarser scale."""
    fine, coarse = [0] * 41, [0] * 41
    for index, count in buckets:
        fine[index + 20] += count
        coarse[(index >> by) + 20] += count
    n = sum(count for _, count in buckets)
    state, _ = advance(State(), told(Exponential(4, 0, -20, fine), n), MINUTE)
    twice = told(Exponential(4 - by, 0, -20, [2 * count for count in coarse]), 2 * n)
    _, change = advance(state, twice, 2 * MINUTE)
    assert change is not None
    assert change.n == int(change.ranges.counts.sum()) == n
    once = exponential_ranges(Exponential(4 - by, 0, -20, coarse))
    np.testing.assert_array_equal(pack_ranges(change.ranges), pack_ranges(once))


def told(buckets: Exponential, n: int) -> Point:
    return Point(kind="histogram", start=1, count=n, sum=0.0, exponential=buckets)


def test_far_offsets_cost_no_memory():
    state, _ = advance(State(), told(Exponential(20, 0, 2**50, [1]), 1), MINUTE)
    _, change = advance(state, told(Exponential(20, 0, -(2**50), [1, 1]), 2), 2 * MINUTE)
    assert change is not None
    assert change.n == 1


def test_other_bounds_are_another_histogram():
    state, _ = advance(State(), Point(kind="histogram", count=3, explicit=Explicit([1.0], [1, 2])), MINUTE)
    _, change = advance(state, Point(kind="histogram", count=4, explicit=Explicit([2.0], [1, 3])), 2 * MINUTE)
    assert change is not None
    assert change.n == 4


@given(st.lists(st.one_of(magnitudes, magnitudes.map(lambda value: -value), st.just(0.0)), min_size=1, max_size=60))
def test_values_come_back_within_one_percent(values):
    given_values = np.array(values)
    ranges = unpack_ranges(*pack_ranges(Ranges(given_values, given_values, np.ones(len(values), dtype=np.int64))))
    for q in (0.1, 0.5, 0.9, 1.0):
        expected = np.quantile(given_values, q, method="inverted_cdf")
        assert quantile_of(ranges, q) == pytest.approx(expected, rel=0.011)


@given(st.lists(st.integers(0, 100), min_size=4, max_size=4).filter(any), st.sampled_from([0.05, 0.5, 0.9, 0.99]))
def test_quantiles_of_buckets_are_those_of_prometheus(counts, q):
    bounds = [0.25, 1.0, 10.0]
    highs, lows = [*bounds, 10.0], [0.0, *bounds]
    found = quantile_of(Ranges(np.array(lows), np.array(highs), np.array(counts)), q)
    assert found == pytest.approx(histogram_quantile(q, bounds, counts))


def histogram_quantile(q: float, bounds: list[float], counts: list[int]) -> float:
    """As promql/quantile.go (bucketQuantile) of Prometheus."""
    cumulated = list(accumulate(counts))
    rank = q * cumulated[-1]
    place = next(place for place, count in enumerate(cumulated) if count >= rank)
    if place == len(bounds):
        return bounds[-1]
    below = cumulated[place - 1] if place else 0
    low = bounds[place - 1] if place else 0.0
    return low + (bounds[place] - low) * (rank - below) / counts[place]


def test_nothing_has_no_quantile():
    assert quantile_of(point(1.0, 0), 0.5) is None
