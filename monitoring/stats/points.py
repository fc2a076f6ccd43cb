"""Data points of metrics to what they add: cumulative ones by the difference to the one before, as OpenTelemetry and
Prometheus tell it (opentelemetry.io/docs/specs/otel/metrics/data-model; `increase` of Prometheus). Pure.

Times are epoch µs. One writer (a process, by its resource and the start of its stream) tells the points of a state in turn.
"""

from typing import Final, Literal, NamedTuple

import msgspec
import numpy as np

from monitoring.stats.ranges import NOTHING, Floats, Integers, Ranges, point

Kind = Literal["gauge", "counter", "histogram"]
RECENT: Final = 16  # times of points that are remembered, to know one that is sent again
FRESH_US: Final = 3_600_000_000  # what a process counted in its first hour before it was first heard of is counted then
MAX_POWER: Final = 400.0  # of two: beyond what ranges tell apart


class Exponential(msgspec.Struct, omit_defaults=True, frozen=True):
    """Buckets of an exponential histogram: index i holds (2^(i / 2^scale), 2^((i + 1) / 2^scale)]; lists begin at their offset."""

    scale: int = 0
    zero: int = 0
    offset: int = 0
    counts: list[int] = []
    negative_offset: int = 0
    negative_counts: list[int] = []


class Explicit(msgspec.Struct, omit_defaults=True, frozen=True):
    """Buckets of an explicit histogram: one more than there are bounds (ascending), each up to its bound."""

    bounds: list[float] = []
    counts: list[int] = []


class Point(msgspec.Struct, omit_defaults=True, frozen=True):
    """What a data point says; `start` 0 where it is not told, `sum` None where it is not, `value` None of no reading."""

    kind: Kind = "gauge"
    delta: bool = False
    start: int = 0
    value: float | None = None
    count: int = 0
    sum: float | None = None
    explicit: Explicit | None = None
    exponential: Exponential | None = None


class State(msgspec.Struct, omit_defaults=True, frozen=True):
    """What is remembered of a writer's stream: the newest times, ascending, and the last point (of deltas, where they lead)."""

    recent: list[int] = []
    last: Point | None = None


class Change(NamedTuple):
    """What a point adds: to n, to the exact sum (None adds no sum), to the ranges."""

    n: int
    amount: float | None
    ranges: Ranges


NO_CHANGE: Final = Change(0, None, NOTHING)


def advance(state: State, given: Point, time: int) -> tuple[State, Change | None]:
    """The state after the point, and what it adds; None for one that came before, or too late to be told apart."""
    if _is_known(given, state.recent, time):
        return state, None
    times = sorted([*state.recent, time])[-RECENT:]
    if given.value is None and given.kind != "histogram":
        return State(times, state.last), NO_CHANGE
    return _step(state.last, given, time, times)


def _is_known(given: Point, recent: list[int], time: int) -> bool:
    """Whether it came before; what is cumulative and older than the newest is in that already."""
    if not recent or time in recent:
        return bool(recent)
    if given.delta or given.kind == "gauge":
        return len(recent) >= RECENT and time < recent[0]
    return time < recent[-1]


def _step(last: Point | None, given: Point, time: int, times: list[int]) -> tuple[State, Change]:
    if given.kind == "gauge":
        value = _number(given) + (_number(last) if given.delta and last else 0.0)
        newest = time == times[-1] or given.delta
        return State(times, Point(value=value) if newest else last), Change(1, value, point(value))
    if given.delta:
        return State(times), _whole(given)
    return State(times, given), _since(last, given, time)


def _since(last: Point | None, given: Point, time: int) -> Change:
    """What a cumulative point adds to the one before; all of it after a reset, nothing where it is only a beginning."""
    if last is None:
        is_fresh = 0 < given.start < time <= given.start + FRESH_US
        return _whole(given) if is_fresh else NO_CHANGE
    if given.kind == "counter":
        step = _number(given) - _number(last)
        return Change(1, _number(given) if step < 0 else step, NOTHING)
    return _difference(last, given) or _whole(given)


def _difference(last: Point, given: Point) -> Change | None:
    """Of two histograms; None where the later one does not go on from the earlier."""
    n = given.count - last.count
    amount = given.sum - last.sum if given.sum is not None and last.sum is not None else None
    if n < 0:
        return None
    if given.explicit and last.explicit:
        counts = [now - before for now, before in zip(given.explicit.counts, last.explicit.counts, strict=False)]
        if given.explicit.bounds != last.explicit.bounds or min(counts, default=0) < 0:
            return None
        return Change(n, amount, explicit_ranges(Explicit(given.explicit.bounds, counts)))
    if given.exponential and last.exponential:
        return Change(n, amount, _difference_of(given.exponential, last.exponential))
    return Change(n, amount, NOTHING)


def _whole(given: Point) -> Change:
    if given.kind == "counter":
        return Change(1, _number(given), NOTHING)
    ranges = NOTHING
    if given.explicit:
        ranges = explicit_ranges(given.explicit)
    elif given.exponential:
        ranges = exponential_ranges(given.exponential)
    return Change(given.count, given.sum, ranges)


def _number(given: Point) -> float:
    return given.value or 0.0


def explicit_ranges(given: Explicit) -> Ranges:
    """As `histogram_quantile`: the first bucket begins at 0 where its bound is above, and what is over the last bound is at it."""
    if not given.bounds:
        return NOTHING
    highs = np.array([*given.bounds, given.bounds[-1]], dtype=np.float64)
    first = min(0.0, given.bounds[0])
    lows = np.array([first, *given.bounds], dtype=np.float64)
    return Ranges(lows, highs, np.array(given.counts, dtype=np.int64))


def exponential_ranges(given: Exponential) -> Ranges:
    """Positive, negative and zero buckets."""
    return _ranges(given.scale, given.zero, *_sides(given, given.scale))


def _difference_of(now: Exponential, before: Exponential) -> Ranges:
    """By the coarser scale of both. What fell into a wider zero bucket since is taken from that."""
    scale = min(now.scale, before.scale)
    sides = [_minus(*both) for both in zip(_sides(now, scale), _sides(before, scale), strict=True)]
    lost = sum(missing for _, missing in sides)
    return _ranges(scale, max(0, now.zero - before.zero - lost), *(side for side, _ in sides))


class Side(NamedTuple):
    """Buckets on one side of zero; both of shape (n,), an index may come twice."""

    indices: Integers
    counts: Integers


def _sides(given: Exponential, scale: int) -> tuple[Side, Side]:
    """The positive and the negative side; each step down the scale makes one bucket of two neighbours, exactly."""
    by = min(given.scale - scale, 62)
    above, below = (
        Side((offset + np.arange(len(counts), dtype=np.int64)) >> by, np.array(counts, dtype=np.int64))
        for offset, counts in ((given.offset, given.counts), (given.negative_offset, given.negative_counts))
    )
    return above, below


def _minus(now: Side, before: Side) -> tuple[Side, int]:
    """(differences of at least 0, how many are missing from where they were)."""
    indices, place = np.unique(np.concatenate([now.indices, before.indices]), return_inverse=True)
    counts = np.zeros(len(indices), dtype=np.int64)
    np.add.at(counts, place, np.concatenate([now.counts, -before.counts]))
    return Side(indices, np.maximum(counts, 0)), int(-np.minimum(counts, 0).sum())


def _ranges(scale: int, zero: int, above: Side, below: Side) -> Ranges:
    low, high = _edges(above, scale)
    near, far = _edges(below, scale)
    return Ranges(
        np.concatenate([low, -far, [0.0]]),
        np.concatenate([high, -near, [0.0]]),
        np.concatenate([above.counts, below.counts, np.array([zero], dtype=np.int64)]),
    )


def _edges(side: Side, scale: int) -> tuple[Floats, Floats]:
    low, high = (
        np.exp2(np.clip(indices * 2.0**-scale, -MAX_POWER, MAX_POWER)) for indices in (side.indices, side.indices + 1)
    )
    return low, high
