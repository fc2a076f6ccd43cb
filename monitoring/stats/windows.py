"""Windows of a question at one or many instants. Pure: no Django, no database.

Whoever judges asks for sums of what adds up, or for a tally per instant, and does not know whether one instant was
read (`Once`) or a past of thousands (`sliding.Sliding`): so a replay judges by the same code as the present.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from monitoring.stats.readers import Amount, Percentile, Reader, Share
from monitoring.stats.tally import Subject, Tally

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
# What adds up: the numbers of two tallies together are the sums of their numbers.
Form = Callable[[Tally], tuple[int, ...]]


class Windows(Protocol):
    """The windows between neighbouring edges (`parts`), at each instant."""

    def __len__(self) -> int:
        """How many instants."""

    @property
    def edges(self) -> Integers:
        """(parts + 1, instants), epoch seconds, ascending along the first axis."""

    def sums(self, form: Form) -> Integers:
        """(numbers of the form, parts, instants)."""

    def tallies(self) -> Iterator[Sequence[Tally]]:
        """For each instant the tallies of its parts; cells that did not change since the instant before are the same object."""

    def quantiles(self, metric: str, q: float) -> tuple[Floats, Integers] | None:
        """The q-quantile of a metric over the last part in quanta, NaN of nothing, and the number of events; None where
        only a tally tells.
        """

    def past_sums(self, form: Form) -> Integers:
        """(numbers of the form, earlier windows, instants): the whole window so much earlier, the nearest first."""

    def pasts(self) -> Sequence[Iterable[Tally]]:
        """For each earlier window, the nearest first, its tally at each instant."""


@dataclass(frozen=True, slots=True)
class Once:
    """What was read for one instant."""

    parts: Sequence[Tally]

    def __len__(self) -> int:
        return 1

    @property
    def edges(self) -> Integers:
        """Of the one instant."""
        marks = [self.parts[0].start, *(part.end for part in self.parts)]
        return np.array([[int(mark.timestamp())] for mark in marks], dtype=np.int64)

    def sums(self, form: Form) -> Integers:
        """One column."""
        return np.array([form(part) for part in self.parts], dtype=np.int64).T[:, :, None]

    def tallies(self) -> Iterator[Sequence[Tally]]:
        """One."""
        yield self.parts

    def quantiles(self, metric: str, q: float) -> None:
        """A tally tells."""

    def past_sums(self, form: Form) -> Integers:
        """Of the last part, which is the only one where a past is asked."""
        found = [form(past) for past in self.parts[-1].past]
        width = len(form(self.parts[-1]))
        return np.array(found, dtype=np.int64).reshape(len(found), width).T[:, :, None]

    def pasts(self) -> Sequence[Iterable[Tally]]:
        """Of the last part, too."""
        return [[past] for past in self.parts[-1].past]


def epoch(at: datetime) -> int:
    """Whole seconds, cut down."""
    return int(at.timestamp() // 1)


@dataclass(frozen=True, slots=True)
class Readings:
    """A measure at each instant, NaN for no data, and the events it rests on."""

    value: Floats
    n: Integers


def read_each(read: Reader, subject: Subject, windows: Windows) -> Readings:
    """A reader over the last part of the windows at each instant; what adds up is read by sums."""
    if isinstance(read, Share) and read.adds_up(subject):
        return _of_sums(windows.sums(lambda tally: read.counts(tally, subject))[:, -1])
    if isinstance(read, Amount):
        some, n = windows.sums(lambda tally: read.counts(tally, subject))[:, -1]
        return Readings(some.astype(np.float64), n)
    if isinstance(read, Percentile) and (found := windows.quantiles(read.metric, read.q)) is not None:
        return Readings(found[0] / read.per, found[1])
    return _of_tallies(read, subject, (parts[-1] for parts in windows.tallies()), len(windows))


def read_past(read: Reader, subject: Subject, windows: Windows) -> Floats:
    """The reader over the earlier windows, NaN for no data: (earlier windows, instants), the nearest first."""
    if isinstance(read, Share) and read.adds_up(subject):
        return _of_sums(windows.past_sums(lambda tally: read.counts(tally, subject))).value
    return np.array([_of_tallies(read, subject, past, len(windows)).value for past in windows.pasts()])


def _of_sums(sums: Integers) -> Readings:
    good, valid = sums
    held = np.clip(good, 0, valid).astype(np.float64)
    return Readings(np.divide(held, valid, out=np.full(valid.shape, np.nan), where=valid > 0), valid)


def _of_tallies(read: Reader, subject: Subject, tallies: Iterable[Tally], count: int) -> Readings:
    values, ns = np.full(count, np.nan), np.zeros(count, dtype=np.int64)
    for place, tally in enumerate(tallies):
        reading = read(tally, subject)
        values[place] = np.nan if reading.value is None else reading.value
        ns[place] = reading.n
    return Readings(values, ns)
