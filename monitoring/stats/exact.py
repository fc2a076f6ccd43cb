"""Exact sums of floating-point numbers as sparse histograms: any order, any split, and taken back to nothing. Pure numpy.

A double is a whole number of 53 bits times a power of two. It is cut into *limbs* of 32 bits at fixed places of the
binary scale (limb 0 holds 2^0 to 2^31, limb -1 holds 2^-32 to 2^-1, …), and each limb is added up on its own, with its
sign (Kulisch 1971: the long accumulator; here only the limbs that are used exist). Limbs are bins and their sums are
counts, so that buckets merge as all histograms do. Nothing is rounded before the answer; 2^31 numbers fit in one sum.

Several sums share a histogram: sum number s has the bins s·STRIDE to (s + 1)·STRIDE - 1.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
LIMB_BITS: Final = 32
LIMB_MASK: Final = 2**LIMB_BITS - 1
STRIDE: Final = 256
ZEROTH: Final = 128  # where limb 0 stands within a stride
UNIT: Final = 1 << (LIMB_BITS * ZEROTH)
MANTISSA: Final = 53
LIMBS: Final = 3  # 53 bits that begin anywhere in a limb reach into the one after the next
SPLIT: Final = 2.0**27 + 1


def limbs(sum_: int, values: Floats) -> tuple[Integers, Integers]:
    """(bins, amounts) of finite values, each of shape (LIMBS, n); what is empty has the amount 0."""
    fractions, exponents = np.frexp(values)
    whole = np.ldexp(fractions, MANTISSA).astype(np.int64)
    place, shift = np.divmod(exponents.astype(np.int64) - MANTISSA, LIMB_BITS)
    signs, rest = np.sign(whole), np.abs(whole)
    kept = LIMB_BITS - shift
    lowest = (rest & ((1 << kept) - 1)) << shift
    rest >>= kept
    amounts = signs * np.stack([lowest, rest & LIMB_MASK, rest >> LIMB_BITS])
    bins = sum_ * STRIDE + ZEROTH + place + np.arange(LIMBS)[:, np.newaxis]
    return bins, amounts


def square_tail(values: Floats) -> Floats:
    """What rounding takes off each square: v² = fl(v²) + tail, exactly (Dekker 1971), for magnitudes of 1e-60 to 1e60."""
    high = values * SPLIT
    high = high - (high - values)
    low = values - high
    return ((high * high - values * values) + 2 * high * low) + low * low


def sums(bins: Iterable[Any], counts: Iterable[Any]) -> dict[int, int]:
    """Each sum of a histogram of limbs in quanta of 1/UNIT, without any rounding; those that are absent are 0."""
    found: defaultdict[int, int] = defaultdict(int)
    for bin_, count in zip(bins, counts, strict=True):
        sum_, place = divmod(int(bin_), STRIDE)
        found[sum_] += int(count) << (LIMB_BITS * place)
    return found
