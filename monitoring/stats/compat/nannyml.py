"""The values of NannyML 0.13.1 for one column: `drift.univariate.methods`. Pure.

- Jensen-Shannon to base 2 is the default of both types. A number's bins are Doane's, of the reference alone, with one
  more for what lies outside of them; a category's are those of the reference and one for all others.
- From 10,000 reference rows on, KS and Wasserstein are read over 10,000 equal widths.
- A value alerts above the mean plus three deviations of the values of ten chunks of the reference itself; chi-square
  alerts by p < 0.05, whatever else is said.
- Nulls are dropped, after the reference has been cut into chunks.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from monitoring.stats.compat.distances import Floats, edges_by, finite, jensen_shannon, kolmogorov_smirnov, wasserstein
from monitoring.stats.compat.value import ToolValue
from monitoring.stats.drift import chi_square_tail

VERSION: Final = "0.13.1"
CHUNKS: Final = 10
BINS: Final = 10_000
DEVIATIONS: Final = 3
LIMITED: Final = frozenset({"jensen_shannon", "kolmogorov_smirnov", "l_infinity"})  # at most 1
DEFAULT: Final = "jensen_shannon"
Calculate = Callable[[Any], float]
Fit = Callable[[Any], Calculate]


def values_of(reference: list[Any], current: list[Any], *, numeric: bool) -> list[ToolValue]:
    """Every method, the default one first; none where either side has no value or the reference too few for chunks."""
    clean = finite if numeric else _texts
    first, second = clean(reference), clean(current)
    if len(reference) < CHUNKS or not len(first) or not len(second):
        return []
    chunks = [clean(chunk) for chunk in _chunks(reference)]
    found = []
    for name, fit in (NUMBERS if numeric else CATEGORIES).items():
        calculate = fit(first)
        value = calculate(second)
        if name == "chi2":
            p = _chi_square(Counter(first), Counter(second))[1]
            found.append(ToolValue(name, value, 0.05, p < 0.05, False))
            continue
        threshold = _threshold([calculate(chunk) for chunk in chunks if len(chunk)], name)
        found.append(ToolValue(name, value, threshold, value > threshold, name == DEFAULT))
    return found


def _chunks(rows: list[Any]) -> list[list[Any]]:
    size = len(rows) // CHUNKS
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def _threshold(values: list[float], name: str) -> float:
    found = float(np.mean(values) + DEVIATIONS * np.std(values))
    return min(found, 1.0) if name in LIMITED else found


def _texts(values: list[Any]) -> list[str]:
    return [str(value) for value in values if value is not None]


def _binned(distance: Callable[[Floats, Floats], float]) -> Fit:
    """Over Doane's bins of the reference; what lies outside has a bin of its own, which the reference leaves empty."""

    def fit(reference: Floats) -> Calculate:
        edges = edges_by("doane", reference)
        before = np.histogram(reference, edges)[0] / len(reference)
        return lambda values: distance(*_with_rest(before, np.histogram(values, edges)[0] / len(values)))

    return fit


def _named(distance: Callable[[Floats, Floats], float]) -> Fit:
    """Over the categories of the reference; all others have a bin of their own."""

    def fit(reference: list[str]) -> Calculate:
        keys, counts = np.unique(reference, return_counts=True)

        def calculate(values: list[str]) -> float:
            found = Counter(values)
            return distance(*_with_rest(counts / len(reference), np.array([found[key] / len(values) for key in keys])))

        return calculate

    return fit


def _with_rest(before: Floats, after: Floats) -> tuple[Floats, Floats]:
    rest = 1 - after.sum()
    return (np.append(before, 0), np.append(after, rest)) if rest > 0 else (before, after)


def _hellinger(before: Floats, after: Floats) -> float:
    return float(np.sqrt(((np.sqrt(before) - np.sqrt(after)) ** 2).sum()) / np.sqrt(2))


def _fit_ks(reference: Floats) -> Calculate:
    if len(reference) < BINS:
        return lambda values: kolmogorov_smirnov(reference, values)
    counts, edges = np.histogram(reference, np.linspace(reference.min(), reference.max(), BINS + 1))
    before = np.cumsum(counts / len(reference))

    def calculate(values: Floats) -> float:
        below = (values < edges[0]).sum() / len(values)
        return float(np.abs(before - below - np.cumsum(np.histogram(values, edges)[0] / len(values))).max())

    return calculate


def _fit_wasserstein(reference: Floats) -> Calculate:
    if len(reference) < BINS:
        return lambda values: wasserstein(reference, values)
    counts, edges = np.histogram(reference, bins=BINS)
    before = np.cumsum(counts / len(reference))

    def calculate(values: Floats) -> float:
        lower, upper = values[values < edges[0]], values[values > edges[-1]]
        left, share = _tail(np.append(lower, edges[0]), len(values)) if len(lower) else (0.0, 0.0)
        right = _tail(np.append(upper, edges[-1]), len(values), upper=True)[0] if len(upper) else 0.0
        after = np.cumsum(np.histogram(values, edges)[0] / len(values)) + share
        return float((np.abs(before - after) * (edges[1] - edges[0])).sum() + left + right)

    return calculate


def _tail(values: Floats, of: int, *, upper: bool = False) -> tuple[float, float]:
    """(area beyond an end of the reference, the share that lies there: one more than there is, as the tool counts)."""
    places, counts = np.unique(values, return_counts=True)
    below = np.cumsum(counts) / len(values)
    area = float(((1 - below if upper else below)[:-1] * np.diff(places)).sum())
    share = len(values) / of
    return area * share, share


def _fit_chi_square(reference: list[str]) -> Calculate:
    known = Counter(reference)
    return lambda values: _chi_square(known, Counter(values))[0]


def _chi_square(first: Counter[str], second: Counter[str]) -> tuple[float, float]:
    """(statistic, p) of two samples, with Yates's correction for two categories as scipy has it by default."""
    keys = sorted(first.keys() | second.keys())
    table = np.array([[first[key], second[key]] for key in keys], dtype=np.float64)
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True) / table.sum()
    if len(keys) == 1:
        return 0.0, 1.0
    gap = np.abs(table - expected)
    if len(keys) == 2:
        gap -= np.minimum(0.5, gap)
    statistic = float((gap**2 / expected).sum())
    return statistic, chi_square_tail(statistic, len(keys) - 1)


def _fit_l_infinity(reference: list[str]) -> Calculate:
    known = Counter(reference)

    def calculate(values: list[str]) -> float:
        found = Counter(values)
        keys = known.keys() | found.keys()
        return max(abs(known[key] / len(reference) - found[key] / len(values)) for key in keys)

    return calculate


def _base_two(before: Floats, after: Floats) -> float:
    return jensen_shannon(before, after, base=2)


NUMBERS: Final[Mapping[str, Fit]] = {
    DEFAULT: _binned(_base_two),
    "kolmogorov_smirnov": _fit_ks,
    "wasserstein": _fit_wasserstein,
    "hellinger": _binned(_hellinger),
}
CATEGORIES: Final[Mapping[str, Fit]] = {
    DEFAULT: _named(_base_two),
    "chi2": _fit_chi_square,
    "hellinger": _named(_hellinger),
    "l_infinity": _fit_l_infinity,
}
