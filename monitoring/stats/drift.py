"""Whether two histograms over the same frozen bins come from the same source. Pure: no Django, no database.

Two gates to call it drift: the difference is *significant* (p of the two-sample chi-square test, corrected by
Benjamini and Hochberg over the features of a window, at most Q) and it is *large* (PSI at least FLOOR).

- PSI = Σ (p − q) · ln(p / q), which is KL(p‖q) + KL(q‖p), over at most 10 groups of neighbouring bins with shares
  smoothed by half an event. Without drift it would be (groups − 1) · (1/n + 1/m) on the average (Yurdakul, "Statistical
  properties of the population stability index", 2018): that is taken off.
- Jensen-Shannon distance to base 2 (the root of the divergence, 0 to 1), as `scipy.spatial.distance.jensenshannon`.
- Kolmogorov-Smirnov over all bins, with the limiting distribution: on binned values its p is too large, never too small.
- Chi-square of homogeneity over the same groups; those with fewer than 5 expected events are added up (Cochran's rule).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import erfc, exp, pi, sqrt
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Q: Final = 0.03
FLOOR: Final = 0.05
GROUPS: Final = 10
SMALLEST_EXPECTED: Final = 5
HALF: Final = 0.5
Counts = NDArray[np.integer[Any]]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Shift:
    """How far `n` current events are from `m` events of the reference; `ks` is None for categories."""

    n: int
    m: int
    psi: float
    js: float
    ks: float | None
    ks_p: float | None
    chi2: float
    df: int
    p: float


def compare(reference: Counts, current: Counts, *, ordered: bool, frozen: Counts | None = None) -> Shift:
    """Both histograms over the same bins, neither empty; `ordered` bins are intervals, others are names.

    `frozen` has the mass by which bins are grouped, where that is not the reference's own.
    """
    n, m = int(current.sum()), int(reference.sum())
    first, second = reference, current
    if ordered:
        groups = groups_of(reference if frozen is None else frozen)
        first = np.bincount(groups, reference).astype(np.int64)
        second = np.bincount(groups, current).astype(np.int64)
    ks = ks_distance(reference, current) if ordered else None
    statistic, df = chi_square(first, second)
    return Shift(
        n=n,
        m=m,
        psi=max(0.0, psi(first, second) - psi_by_chance(first, second)),
        js=js_distance(first, second),
        ks=ks,
        ks_p=None if ks is None else kolmogorov_tail(ks * sqrt(n * m / (n + m))),
        chi2=statistic,
        df=df,
        p=chi_square_tail(statistic, df),
    )


def groups_of(reference: Counts) -> NDArray[np.int64]:
    """The group of each bin, ascending: about GROUPS groups of equal mass in the reference; depends on nothing else."""
    middle = np.cumsum(reference) - reference / 2
    groups = np.minimum(GROUPS * middle / reference.sum(), GROUPS - 1).astype(np.int64)
    return np.cumsum(np.diff(groups, prepend=groups[:1]) > 0)


def shares(counts: Counts) -> Floats:
    """Shares smoothed by half an event, so that none is zero and one event more is one event more."""
    smoothed: Floats = (counts + HALF) / (counts.sum() + HALF * len(counts))
    return smoothed


def psi(reference: Counts, current: Counts) -> float:
    """The population stability index of smoothed shares, over the bins that either has."""
    used = (reference + current) > 0
    p, q = shares(current[used]), shares(reference[used])
    return float(((p - q) * np.log(p / q)).sum())


def psi_by_chance(reference: Counts, current: Counts) -> float:
    """What PSI is on the average when nothing has changed."""
    used = int(((reference + current) > 0).sum())
    return (used - 1) * (1 / int(reference.sum()) + 1 / int(current.sum()))


def js_distance(reference: Counts, current: Counts) -> float:
    """Jensen-Shannon distance to base 2: 0 the same, 1 nothing in common."""
    p, q = current / current.sum(), reference / reference.sum()
    middle = (p + q) / 2
    divergence = (_entropy(p, middle) + _entropy(q, middle)) / 2
    return sqrt(min(1.0, max(0.0, divergence)))


def ks_distance(reference: Counts, current: Counts) -> float:
    """The largest distance between the two cumulated histograms."""
    return float(np.abs(np.cumsum(current) / current.sum() - np.cumsum(reference) / reference.sum()).max())


def chi_square(reference: Counts, current: Counts) -> tuple[float, int]:
    """(statistic, degrees of freedom) of homogeneity; (0, 0) where fewer than two bins are left."""
    n, m = int(current.sum()), int(reference.sum())
    both = reference + current
    reference, current, both = reference[both > 0], current[both > 0], both[both > 0]
    rare = both * min(n, m) / (n + m) < SMALLEST_EXPECTED
    first, second = _joined(reference, rare), _joined(current, rare)
    if len(first) < 2:
        return 0.0, 0
    gap = first * sqrt(n / m) - second * sqrt(m / n)
    return float((gap**2 / (first + second)).sum()), len(first) - 1


def chi_square_tail(statistic: float, df: int) -> float:
    """P(X ≥ statistic) for chi-square with `df` degrees of freedom: the finite sums of Abramowitz and Stegun 26.4.4–5."""
    if df <= 0 or statistic <= 0:
        return 1.0
    half = statistic / 2
    total: float
    if df % 2:
        total, term = erfc(sqrt(half)), 2 * sqrt(half / pi) * exp(-half)
        places = [place + HALF for place in range(1, (df + 1) // 2)]
    else:
        total, term = 0.0, exp(-half)
        places = [float(place) for place in range(1, df // 2 + 1)]
    for place in places:
        total += term
        term *= half / place
    return min(1.0, total)


def kolmogorov_tail(value: float) -> float:
    """P(K ≥ value) of Kolmogorov's limiting distribution: 2 · Σ (−1)^(k−1) · exp(−2 k² value²)."""
    if value < 0.2:  # 1 to twelve digits, where the alternating sum converges slowly
        return 1.0
    total = sum((exp(-2 * (k * value) ** 2) if k % 2 else -exp(-2 * (k * value) ** 2)) for k in range(1, 30))
    return min(1.0, max(0.0, 2 * total))


def corrected(p: Sequence[float]) -> list[float]:
    """p-values corrected for being many (Benjamini and Hochberg 1995), in their order; a value at most Q is a finding."""
    order = np.argsort(p, kind="stable")[::-1]
    places = np.arange(len(p), 0, -1)
    steps = np.minimum.accumulate(np.array(p, dtype=np.float64)[order] * len(p) / places)
    found = np.empty(len(p))
    found[order] = np.minimum(steps, 1.0)
    return [float(value) for value in found]


def _entropy(p: Floats, q: Floats) -> float:
    used = p > 0
    return float((p[used] * np.log2(p[used] / q[used])).sum())


def _joined(counts: Counts, rare: NDArray[np.bool_]) -> Floats:
    """Rare bins as one."""
    kept = counts[~rare].astype(np.float64)
    return np.append(kept, counts[rare].sum()) if rare.any() else kept
