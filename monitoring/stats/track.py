"""An estimator's track record: what was estimated beside what was realised once labels were in. Pure: no Django.

An estimate stands on nothing but its assumption that a score still means what it meant. So the record says how far it was
off, and reality that strays further than chance explains says that the assumption may be gone: concept drift suspected.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import sqrt
from statistics import fmean
from typing import Final, Literal

from monitoring.stats.estimate import Estimate
from monitoring.stats.fitted import Baseline
from monitoring.stats.intervals import Z_95, Reading

# Both gates of a suspicion: significant (chance alone passes it in one window of 16,000) and large.
SIGNIFICANT: Final = 4.0
FLOOR: Final = 0.02
SIGMAS: Final = 3.0  # from the baseline to what counts as an alert, unless a bound is given
EntryState = Literal["mature", "provisional", "no_estimate", "no_labels"]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a figure must stay within; None is no bound on that side."""

    low: float | None = None
    high: float | None = None

    def crossed_by(self, value: float) -> bool:
        """Whether this value would raise an alert."""
        return (self.low is not None and value < self.low) or (self.high is not None and value > self.high)


@dataclass(frozen=True, slots=True)
class Entry:
    """One window: the estimate over its predictions, and what its labelled ones realised."""

    start: datetime
    end: datetime
    estimate: Estimate
    realised: Reading
    state: EntryState

    @property
    def stray(self) -> float:
        """Realised − estimated."""
        return (self.realised.value or 0.0) - (self.estimate.value or 0.0)

    @property
    def error(self) -> float:
        """The standard error of the stray: that of the estimate, for as many events as are labelled."""
        return self.estimate.error * sqrt(max(1.0, self.estimate.n / max(1, self.realised.n)))

    @property
    def is_covered(self) -> bool:
        """Whether reality lies within the 95 % band."""
        return abs(self.stray) <= Z_95 * self.error

    def is_suspect(self, floor: float = FLOOR) -> bool:
        """Whether reality has left the estimate by more than chance and by more than the floor."""
        return self.state == "mature" and abs(self.stray) > max(SIGNIFICANT * self.error, floor)


@dataclass(frozen=True, slots=True)
class Record:
    """How right the estimates of the mature windows were; None of no such window. `bias` is estimated − realised.

    An alert is *caught* where both estimate and reality cross the bounds, *missed* where only reality does, *false* where
    only the estimate does.
    """

    windows: int
    mean_absolute_error: float | None
    bias: float | None
    coverage: float | None
    caught: int
    missed: int
    false: int


def entry_of(start: datetime, end: datetime, estimate: Estimate, realised: Reading, *, is_mature: bool) -> Entry:
    """A window with its state."""
    state: EntryState = "mature" if is_mature else "provisional"
    if estimate.value is None:
        state = "no_estimate"
    elif realised.value is None:
        state = "no_labels" if is_mature else "provisional"
    return Entry(start, end, estimate, realised, state)


def record_of(entries: Iterable[Entry], bounds: Bounds) -> Record:
    """The record of the mature ones."""
    mature = [entry for entry in entries if entry.state == "mature"]
    if not mature:
        return Record(0, None, None, None, 0, 0, 0)
    told = [
        (bounds.crossed_by(entry.estimate.value or 0.0), bounds.crossed_by(entry.realised.value or 0.0))
        for entry in mature
    ]
    return Record(
        windows=len(mature),
        mean_absolute_error=fmean(abs(entry.stray) for entry in mature),
        bias=fmean(-entry.stray for entry in mature),
        coverage=fmean(entry.is_covered for entry in mature),
        caught=told.count((True, True)),
        missed=told.count((False, True)),
        false=told.count((True, False)),
    )


def bounds_of(baseline: Baseline | None, entries: Sequence[Entry]) -> Bounds:
    """Three standard deviations around what was realised when the estimator was fitted: of its parts, and where these
    were too few of the windows at hand.
    """
    if baseline is None:
        return Bounds()
    errors = [entry.estimate.error for entry in entries if entry.estimate.value is not None]
    sigma = baseline.spread if baseline.spread is not None else fmean(errors) if errors else 0.0
    return Bounds(baseline.value - SIGMAS * sigma, baseline.value + SIGMAS * sigma) if sigma else Bounds()
