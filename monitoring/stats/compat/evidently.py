"""The values of Evidently 0.7.23 for one column: `legacy.calculations.stattests`. Pure.

- By default the method follows the reference's rows, the type and the number of distinct values over both samples.
- Histograms of a number with more than 20 distinct values are Sturges' equal widths over reference *and* current values;
  other columns have a bin per value. Empty bins count as 0.0001, or as a millionth of the smallest one below that.
- Jensen-Shannon is to base e; chi-square has one sample: the reference's shares are taken as exact.
- Nulls and infinities are dropped before anything is compared.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from math import erfc, sqrt
from typing import Any, Final

import numpy as np

from monitoring.stats.compat.distances import (
    Floats,
    edges_by,
    finite,
    jensen_shannon,
    relative_entropy,
    wasserstein,
)
from monitoring.stats.compat.value import ToolValue
from monitoring.stats.drift import chi_square_tail

VERSION: Final = "0.7.23"
DRIFT_SHARE: Final = 0.5
SMALL: Final = 1_000  # rows of a reference up to which p-values decide
BINNED: Final = 20
P_VALUES: Final = frozenset({"ks", "chisquare", "z"})
KSTest = Callable[[Floats, Floats], float]
Method = Callable[[Any, Any], float]


def values_of(reference: list[Any], current: list[Any], *, numeric: bool, ks: KSTest) -> list[ToolValue]:
    """Every method that applies, the default one first; none where either side has no value. `ks`: p of the KS test."""
    first, second = (finite(side) if numeric else _texts(side) for side in (reference, current))
    if not len(first) or not len(second):
        return []
    distinct = len(set(first) | set(second))
    default = _default(len(first), distinct, numeric)
    methods = _methods(numeric, distinct, ks)
    found = [_judged(name, methods[name](first, second), chosen=name == default) for name in methods]
    return sorted(found, key=lambda one: not one.chosen)


def is_drifted(drifted: int, columns: int) -> bool:
    """Whether Evidently calls the data set drifted."""
    return columns > 0 and drifted / columns >= DRIFT_SHARE


def _default(rows: int, distinct: int, numeric: bool) -> str:
    if rows <= SMALL:
        if numeric and distinct > 5:
            return "ks"
        return "chisquare" if distinct > 2 else "z"
    return "wasserstein" if numeric and distinct > 5 else "jensenshannon"


def _methods(numeric: bool, distinct: int, ks: KSTest) -> Mapping[str, Method]:
    methods: dict[str, Method] = {
        "psi": lambda one, two: _psi(*_shares(one, two, numeric)),
        "jensenshannon": lambda one, two: jensen_shannon(*_shares(one, two, numeric, fill=False)),
        "kl_div": lambda one, two: _kl(*_shares(one, two, numeric)),
        "hellinger": _hellinger_of_numbers if numeric else _hellinger_of_categories,
    }
    if numeric:
        methods |= {"ks": ks, "wasserstein": _wasserstein}
    if not numeric or distinct <= 5:
        methods["chisquare"] = _chi_square
    if distinct <= 2:
        methods["z"] = _z
    return methods


def _judged(name: str, value: float, *, chosen: bool) -> ToolValue:
    if name in P_VALUES:
        return ToolValue(name, value, 0.05, value <= 0.05 if name == "ks" else value < 0.05, chosen)
    return ToolValue(name, value, 0.1, value >= 0.1, chosen)


def _texts(values: list[Any]) -> list[str]:
    return [str(value) for value in values if value is not None]


def _shares(first: Any, second: Any, numeric: bool, *, fill: bool = True) -> tuple[Floats, Floats]:
    if numeric and len(set(first)) > BINNED:
        edges = edges_by("sturges", np.concatenate([first, second]))
        found = [np.histogram(side, edges)[0] / len(side) for side in (first, second)]
    else:
        keys, counted = sorted(set(first) | set(second)), (Counter(first), Counter(second))
        found = [
            np.array([counts[key] / len(side) for key in keys])
            for counts, side in zip(counted, (first, second), strict=True)
        ]
    return (_filled(found[0]), _filled(found[1])) if fill else (found[0], found[1])


def _filled(shares: Floats) -> Floats:
    least = shares[shares > 0].min()
    return np.where(shares == 0, least / 10**6 if least <= 0.0001 else 0.0001, shares)


def _psi(reference: Floats, current: Floats) -> float:
    return float(((reference - current) * np.log(reference / current)).sum())


def _kl(reference: Floats, current: Floats) -> float:
    return relative_entropy(reference / reference.sum(), current / current.sum())


def _hellinger_of_categories(first: list[str], second: list[str]) -> float:
    one, two = Counter(first), Counter(second)
    shared = sum(sqrt(one[key] / len(first) * (two[key] / len(second))) for key in one.keys() & two.keys())
    return sqrt(1 - min(1.0, max(0.0, shared)))


def _hellinger_of_numbers(first: Floats, second: Floats) -> float:
    """Over Sturges' bins of the *distinct* values."""
    edges = edges_by("sturges", np.array(sorted(set(first) | set(second))))
    width = (edges.max() - edges.min()) / (len(edges) - 1)
    one, two = (np.histogram(side, edges, density=True)[0] for side in (first, second))
    return sqrt(1 - min(1.0, max(0.0, float((np.sqrt(one * two) * width).sum()))))


def _wasserstein(first: Floats, second: Floats) -> float:
    return wasserstein(first, second) / max(float(first.std()), 0.001)


def _chi_square(first: Any, second: Any) -> float:
    one, two = Counter(first), Counter(second)
    keys = one.keys() | two.keys()
    if any(not one[key] for key in keys):
        return 0.0  # what the reference never had is infinitely far from what was expected
    scale = len(second) / len(first)
    statistic = sum((two[key] - one[key] * scale) ** 2 / (one[key] * scale) for key in keys)
    return chi_square_tail(statistic, len(keys) - 1)


def _z(first: Any, second: Any) -> float:
    keys = sorted(set(first) | set(second))
    if len(keys) == 1:
        return 1.0
    n, m = len(first), len(second)
    one, two = (sum(value != keys[0] for value in side) / len(side) for side in (first, second))
    pooled = (one * n + two * m) / (n + m)
    return erfc(abs(one - two) / sqrt(pooled * (1 - pooled) * (1 / n + 1 / m)) / sqrt(2))
