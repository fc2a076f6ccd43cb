"""How often a rule fires although nothing is wrong. Pure: no Django, no database.

Bad events of a healthy service come one by one, by chance: a Poisson process whose rate is the volume times a small share. A
pair fires where both of its windows hold more bad events than factor × budget × volume, and at least as many as its guard
asks for. It can only begin to fire when a bad event arrives, and an arrival finds the windows as any instant does (Mecke's
formula; R. Serfozo, Basics of Applied Stochastic Processes, 2009), so that

    beginnings per second = rate of bad events × (P[fires, one event more in every window] - P[fires])

which is exact for a rule that is asked at every instant of a known volume. Asked once a minute it can only miss some, and
`for` and `keep_firing_for` leave out more: the figure is an upper limit. `bench/low_traffic.py` holds it against a simulation.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitoring.stats.burn import DAY, GUARD, Guard, Pair, allowance, spans

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
MONTH_S: Final = 30 * DAY
TINY: Final = float(np.finfo(np.float64).tiny)
MOST: Final = 160  # counts that are told apart; beyond, events count in batches, which only adds chance


def false_alarms(
    pairs: Sequence[Pair],
    target: float,
    share: float,
    volumes: Mapping[int, Floats],
    guards: Sequence[Guard] | None = None,
) -> float:
    """Expected beginnings of an alert in 30 days while a `share` of the events is bad by chance.

    `volumes`: by window in seconds, the events in the window before each of some instants that stand for the whole time.
    A window that holds nothing has nothing bad. `guards`: of each pair, `GUARD` unless given.
    """
    windows = spans(pairs)
    needed = _needed(pairs, target, volumes, guards or [GUARD] * len(pairs))
    means = np.stack([share * volumes[span] for span in windows])
    rate = means[0] / windows[0]
    begins = np.zeros(len(rate))
    sizes = _batches(needed)
    for size in np.unique(
        sizes
    ):  # of each instant its own: what is told of a quiet night is not blurred by a busy noon
        there = sizes == size
        some = [-(-rows[:, there] // size) for rows in needed]
        within = means[:, there] / size
        begins[there] = rate[there] * (_fires(within, some, more=1) - _fires(within, some, more=0))
    return float(np.mean(np.maximum(begins, 0.0)) * MONTH_S)


def _needed(
    pairs: Sequence[Pair], target: float, volumes: Mapping[int, Floats], guards: Sequence[Guard]
) -> list[Integers]:
    """Of each pair the bad events at which its windows are bad enough: (windows, instants), 0 in windows of others."""
    windows = spans(pairs)
    found = []
    for pair, guard in zip(pairs, guards, strict=True):
        rows = np.zeros((len(windows), len(volumes[windows[0]])), dtype=np.int64)
        for span, least in ((pair.long_s, guard.long), (pair.short_s, guard.short)):
            by_share = np.floor(pair.factor * allowance(target) * volumes[span] + 1e-9).astype(np.int64) + 1
            place = windows.index(span)
            rows[place] = np.maximum(rows[place], np.maximum(by_share, least))
        found.append(rows)
    return found


def _batches(needed: list[Integers]) -> Integers:
    """By instant, how many events count as one."""
    most = np.maximum.reduce([rows.max(axis=0) for rows in needed])
    return np.asarray(np.maximum(1, -(-most // MOST)))


def _fires(means: Floats, needed: list[Integers], *, more: int) -> Floats:
    """The probability that any pair fires, at each instant; `more` events stand in every window beside those by chance."""
    total = np.zeros(means.shape[1])
    for size in range(1, len(needed) + 1):
        sign = 1 if size % 2 else -1
        for some in combinations(needed, size):
            total += sign * _at_least(means, np.maximum.reduce(some) - more)
    return total


def _at_least(means: Floats, least: Integers) -> Floats:
    """The probability that every one of nested windows holds at least so many events; windows grow along the first axis."""
    top = max(1, int(least.max(initial=0)))
    held = np.zeros((means.shape[1], top + 1))  # by instant: so many events in the window, the last for more too
    held[:, 0] = 1.0
    counts = np.arange(top + 1)
    for mean, some in zip(np.diff(means, axis=0, prepend=0.0), least, strict=True):
        held = _add(held, np.maximum(mean, 0.0))
        held[counts[None, :] < some[:, None]] = 0.0
    return np.asarray(held.sum(axis=1))


def _add(held: Floats, mean: Floats) -> Floats:
    """Poisson many events of this mean more, whatever does not fit in the last place."""
    width = held.shape[1]
    arriving = np.exp(_log_poisson(width, mean))
    size = 2 * width
    both = np.fft.irfft(np.fft.rfft(held, size) * np.fft.rfft(arriving, size), size)[:, :width]
    both = np.maximum(both, 0.0)
    rest = held.sum(axis=1) - both[:, :-1].sum(axis=1)
    both[:, -1] = np.maximum(rest, 0.0)
    return both


def _log_poisson(width: int, mean: Floats) -> Floats:
    counts = np.arange(width)
    factorials = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, width)))])
    powers = counts[None, :] * np.log(np.maximum(mean, TINY))[:, None]
    return np.asarray(powers - mean[:, None] - factorials[None, :])
