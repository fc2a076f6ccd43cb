"""Distances between samples, as scipy computes them. Pure."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rule = Literal["sturges", "doane"]


def finite(values: list[Any]) -> Floats:
    """The finite numbers among values; anything else is dropped, as both tools drop it."""
    numbers = np.array([value if isinstance(value, int | float) else np.nan for value in values], dtype=np.float64)
    return numbers[np.isfinite(numbers)]


def edges_by(rule: Rule, values: Floats) -> Floats:
    """Equal-width bins by a rule of numpy's."""
    return np.histogram_bin_edges(values, bins=rule)


def jensen_shannon(p: Floats, q: Floats, *, base: float | None = None) -> float:
    """The distance between two histograms, which need not sum to one; natural logarithm unless a base is given."""
    p, q = p / p.sum(), q / q.sum()
    middle = (p + q) / 2
    divergence = (relative_entropy(p, middle) + relative_entropy(q, middle)) / 2
    return float(np.sqrt(max(0.0, divergence / (1.0 if base is None else np.log(base)))))


def relative_entropy(p: Floats, q: Floats) -> float:
    """Σ p · ln(p / q); infinite where q has nothing and p has something."""
    used = p > 0
    if (q[used] == 0).any():
        return float("inf")
    return float((p[used] * np.log(p[used] / q[used])).sum())


def wasserstein(first: Floats, second: Floats) -> float:
    """The area between two empirical distribution functions."""
    both = np.sort(np.concatenate([first, second]))
    before, after = (_below(values, both[:-1]) for values in (first, second))
    return float((np.abs(before - after) * np.diff(both)).sum())


def kolmogorov_smirnov(first: Floats, second: Floats) -> float:
    """The largest distance between two empirical distribution functions."""
    both = np.concatenate([first, second])
    return float(np.abs(_below(first, both) - _below(second, both)).max())


def _below(values: Floats, moments: Floats) -> Floats:
    """Share of the values that are at most each moment."""
    found: Floats = np.searchsorted(np.sort(values), moments, side="right") / len(values)
    return found
