"""How likely an event is, given its score: a frozen table of what a reference showed. Pure: no Django, no scikit-learn.

The table is what an isotonic regression over bins of scores leaves: blocks of neighbouring bins, each with the share of
positives among the labelled events in it. It is fitted by a job (`monitoring.quality.fitting.isotonic`) and only read here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from monitoring.stats.layouts import score_values

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class Blocks(msgspec.Struct):
    """Blocks as they are stored, ascending: first and last bin, share of positives, events."""

    first: list[int]
    last: list[int]
    share: list[float]
    n: list[int]


@dataclass(frozen=True, eq=False, slots=True)
class Calibration:
    """Probability of a score bin: the share of its block; between blocks linear in the score; beyond them as at the end."""

    first: Integers
    last: Integers
    share: Floats
    n: Floats

    @property
    def blocks(self) -> int:
        """Number of blocks."""
        return len(self.first)

    @property
    def variance(self) -> Floats:
        """Squared standard error of each block's share; half an event is added on either side, so that 0 and 1 are unsure too."""
        share = (self.share * self.n + 0.5) / (self.n + 1)
        return share * (1 - share) / self.n

    def probabilities(self, bins: Integers) -> Floats:
        """The probability of each bin."""
        ends = np.stack([self.first, self.last], axis=1).ravel()
        shares = np.repeat(self.share, 2)
        kept = np.flatnonzero(np.diff(ends, prepend=ends[0] - 1))  # a block of one bin has one point
        return np.interp(score_values(bins), score_values(ends[kept]), shares[kept])

    def block_of(self, bins: Integers) -> Integers:
        """The block that speaks for each bin: its own, or the one below it."""
        return np.maximum(np.searchsorted(self.first, bins, side="right") - 1, 0)


def calibration_of(bins: Integers, shares: Sequence[float] | Floats, n: Integers) -> Calibration:
    """Neighbouring bins (ascending) of the same share become one block."""
    given = np.asarray(shares, dtype=np.float64)
    heads = np.flatnonzero(np.diff(given, prepend=-1.0))
    tails = np.append(heads[1:], len(given)) - 1
    return Calibration(bins[heads], bins[tails], given[heads], np.add.reduceat(n, heads).astype(np.float64))


def to_blocks(calibration: Calibration) -> Blocks:
    """What `from_blocks` reads."""
    first, last, n = (column.astype(int).tolist() for column in (calibration.first, calibration.last, calibration.n))
    return Blocks(first, last, calibration.share.tolist(), n)


def from_blocks(blocks: Blocks) -> Calibration:
    """The calibration that was stored."""
    first, last = (np.array(column, dtype=np.int64) for column in (blocks.first, blocks.last))
    return Calibration(first, last, np.array(blocks.share), np.array(blocks.n, dtype=np.float64))
