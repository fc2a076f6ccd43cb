"""Shares of several objectives made one. Pure numpy; the first axis of every array is the components.

A share of bad events is combined, and not one of good ones, so that what is perfect stays perfect to the last bit:

    weighted   Σ w·r / Σ w          r = bad / valid of a component, w its weight
    minimum    the largest r         (the worst of them)
    product    1 - Π (1 - r)         (all are needed, one after the other)

Where nothing came of a component (0 of 0), it says nothing: it is left out, or the whole says nothing (`strict`).

`valid` of the whole is no sum: it is as many events of one objective as would tell its share equally well (equal variance
at equal shares; Kish, Survey Sampling, 1965, 11.7: n = 1 / Σ w²/n, with weights that sum to one). It is the number of
events of a single component, and all events of several whose weights are as their traffic. A guard against low traffic asks
for bad events (`hits`), and by the same rule: a failure that weighs as much as thousands counts as one.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
WEIGHTED, MINIMUM, PRODUCT = "weighted", "minimum", "product"
DECIMALS: Final = 9  # of counts that are none


@dataclass(frozen=True, eq=False)
class Combination:
    """How: a method, a weight for each component, and whether one without data leaves the whole without."""

    method: str
    weights: Floats
    strict: bool = False

    def bad_share(self, bad: NDArray[Any], valid: NDArray[Any]) -> Floats:
        """Of the whole; NaN where nothing came. `bad` may be of a part of what `valid` is of."""
        shares = _divide(bad, valid)
        if self.method == MINIMUM:
            told = shares.max(axis=0)
        elif self.method == PRODUCT:
            with np.errstate(divide="ignore"):  # all bad: the logarithm of nothing
                told = -np.expm1(np.log1p(-np.minimum(shares, 1.0)).sum(axis=0))
        else:
            told = (self.parts_of(valid) * shares).sum(axis=0)
        return np.where(self.known(valid), told, np.nan)

    def amount(self, bad: NDArray[Any], valid: NDArray[Any]) -> Floats:
        """Events of one objective that would tell as much; 0 where nothing came."""
        there = valid > 0
        each = np.divide(1.0, valid, out=np.zeros(valid.shape), where=there)
        if self.method == MINIMUM:
            told = np.where(self._is_worst(bad, valid), valid, 0).sum(axis=0)
        elif self.method == PRODUCT:
            told = _divide(there.sum(axis=0), each.sum(axis=0))
        else:
            told = _divide(1.0, (self.parts_of(valid) ** 2 * each).sum(axis=0))
        return np.where(self.known(valid), np.round(told, DECIMALS), 0.0)

    def hits(self, bad: NDArray[Any], valid: NDArray[Any], guarded: NDArray[np.bool_]) -> Floats:
        """Bad events as a guard counts them; of components that are not `guarded`, which have a minimum of their own, one is
        enough.
        """
        each = np.divide(1.0, valid, out=np.zeros(valid.shape), where=valid > 0)
        if self.method == MINIMUM:
            each = np.where(self._is_worst(bad, valid), 1.0, 0.0)
        elif self.method != PRODUCT:
            each = each * self.parts_of(valid)
        total, squares = (each * bad).sum(axis=0), (each**2 * bad * _along(guarded, valid)).sum(axis=0)
        some = np.where(total > 0, np.inf, 0.0)
        told = np.divide(total**2, squares, out=some, where=squares > 0)
        return np.where(self.known(valid), np.round(told, 6), 0.0)

    def parts_of(self, valid: NDArray[Any]) -> Floats:
        """Weights of those of which something came, which sum to one."""
        weights = np.where(valid > 0, _along(self.weights, valid), 0.0)
        return _divide(weights, weights.sum(axis=0))

    def contributions(self, bad: Floats, valid: Floats) -> Floats:
        """What each component adds to the bad share of the whole: of a product as its own share is of all of theirs."""
        whole = self.bad_share(bad, valid)
        shares = _divide(bad, valid)
        if np.isnan(whole):
            return np.zeros(len(valid))
        if self.method == MINIMUM:
            return np.where(self._is_worst(bad, valid), whole, 0.0)
        if self.method == PRODUCT:
            return np.asarray(_divide(shares, shares.sum()) * whole)
        return np.asarray(self.parts_of(valid) * shares)

    def known(self, valid: NDArray[Any]) -> NDArray[np.bool_]:
        """Where there is anything to say."""
        there = valid > 0
        return np.asarray(there.all(axis=0) if self.strict else there.any(axis=0))

    def _is_worst(self, bad: NDArray[Any], valid: NDArray[Any]) -> NDArray[np.bool_]:
        """Which one it is; of equals that of which the fewest events came."""
        shares = np.where(valid > 0, _divide(bad, valid), -1.0)
        places = np.argmin(np.where(shares == shares.max(axis=0), valid, np.inf), axis=0)
        return np.asarray(_along(np.arange(len(valid)), valid) == places)


def _along(values: NDArray[Any], like: NDArray[Any]) -> NDArray[Any]:
    """One for each component."""
    return values.reshape(-1, *([1] * (like.ndim - 1)))


def _divide(some: Any, by: Any) -> Floats:
    """0 where nothing came."""
    some, by = np.broadcast_arrays(np.asarray(some, dtype=np.float64), np.asarray(by, dtype=np.float64))
    found: Floats = np.divide(some, by, out=np.zeros(by.shape), where=by > 0)
    return found
