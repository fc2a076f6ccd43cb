"""How many events came lately, and how many of them were bad: what forms reckon with. Pure: no Django, no database."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitoring.stats.intervals import wilson

INSTANTS: Final = 48  # of the time seen, evenly; with two weeks they fall on every hour of the day


@dataclass(frozen=True, slots=True)
class Traffic:
    """Valid and bad events in slots of `width_s` seconds, one after another, from the first that held any."""

    valid: NDArray[np.float64]
    bad: NDArray[np.float64]
    width_s: int

    @property
    def seconds(self) -> int:
        """How long was looked at."""
        return len(self.valid) * self.width_s

    @property
    def events(self) -> float:
        """Valid events in all."""
        return float(self.valid.sum())

    @property
    def per_second(self) -> float:
        """Valid events a second, on average."""
        return self.events / self.seconds

    @property
    def share(self) -> float:
        """The bad share of them."""
        return float(self.bad.sum()) / self.events

    @property
    def interval(self) -> tuple[float, float]:
        """Between which the true share is, 95 % (Wilson)."""
        return wilson(float(self.bad.sum()), self.events) or (0.0, 1.0)

    def volumes(self, spans_s: Iterable[int]) -> dict[int, NDArray[np.float64]]:
        """By window, the events in the window before each of some instants; the time seen goes round, events are even in a slot."""
        slots = len(self.valid)
        ends = np.linspace(0, slots, INSTANTS, endpoint=False)
        return {span: self._until(ends) - self._until(ends - span / self.width_s) for span in spans_s}

    def _until(self, at: NDArray[np.float64]) -> NDArray[np.float64]:
        slots = len(self.valid)
        sums = np.concatenate([[0.0], self.valid.cumsum()])
        rounds = np.floor(at / slots)
        return np.asarray(rounds * sums[-1] + np.interp(at - rounds * slots, np.arange(slots + 1), sums))


def traffic_of(valid: NDArray[np.float64], bad: NDArray[np.float64], width_s: int) -> Traffic | None:
    """From the first slot with events on; None without any."""
    some = np.flatnonzero(valid)
    if not len(some):
        return None
    first = int(some[0])
    return Traffic(valid[first:], bad[first:], width_s)
