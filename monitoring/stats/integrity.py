"""Whether a column is fit to be judged at all: missing, mistyped, out of range, never seen, constant. Pure.

Data quality comes before drift. Each share is compared with the reference's own: a fault is significantly above it (one
sided z test of two proportions, p at most ALPHA) and above it by at least a floor. A broken column is not called drifted.
"""

from dataclasses import dataclass
from math import erfc, log, sqrt
from typing import Final, Literal

from monitoring.stats.profile import ABOVE, BELOW, INFINITE, MISTYPED, NULL, UNSEEN, VALUES, Feature, Integers

ALPHA: Final = 0.001
MINIMUM: Final = 50  # rows below which nothing is said
Kind = Literal["nulls", "not_numbers", "out_of_range", "never_seen", "constant"]
# Codes that are counted, and how far above the reference their share must be.
CHECKS: Final[tuple[tuple[Kind, tuple[int, ...], float], ...]] = (
    ("nulls", (NULL,), 0.05),
    ("not_numbers", (MISTYPED, INFINITE), 0.01),
    ("out_of_range", (BELOW, ABOVE), 0.10),
    ("never_seen", (UNSEEN,), 0.05),
)
# A constant column is a fault where so many equal values would be as unlikely as this.
BY_CHANCE: Final = 1e-6
# Share of the reference up to which a bin between others is so narrow that all in there is a number that stands still.
NARROW: Final = 0.05


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a column: a share of its rows, where the reference has `usual`."""

    kind: Kind
    share: float
    usual: float


def faults_of(feature: Feature, current: Integers) -> tuple[Fault, ...]:
    """What is wrong with the column whose histogram is `current` (STRIDE counts), the worst first."""
    n, m = int(current.sum()), int(feature.counts.sum())
    if n < MINIMUM or not m:
        return ()
    found = []
    for kind, codes, floor in CHECKS:
        bad, usual = int(current[list(codes)].sum()), int(feature.counts[list(codes)].sum())
        if bad / n - usual / m >= floor and more_often(bad, n, usual, m) <= ALPHA:
            found.append(Fault(kind, bad / n, usual / m))
    if not found and _is_constant(feature, current):
        found.append(Fault("constant", 1.0, _commonest(feature.counts)))
    return tuple(sorted(found, key=lambda fault: fault.usual - fault.share))


def more_often(bad: int, n: int, usual: int, m: int) -> float:
    """p of the one-sided z test that bad/n is not above usual/m."""
    pooled = (bad + usual) / (n + m)
    spread = sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    if spread == 0:
        return 1.0
    return erfc((bad / n - usual / m) / spread / sqrt(2)) / 2


def _is_constant(feature: Feature, current: Integers) -> bool:
    """One value holds every row that has any, which the reference makes very unlikely.

    A number that is stuck lies between two quantiles as a rule, so a narrow bin counts as one value. A wide one, the rare
    categories or an open tail tell nothing of one value: all in there is drift.
    """
    held = current[:VALUES].nonzero()[0].tolist()
    if len(held) != 1 or not (feature.is_one_value(held[0]) or _is_narrow(feature, held[0])):
        return False
    n, usual = int(current[held[0]]), _commonest(feature.counts)
    return n >= MINIMUM and 0 < usual < 1 and n * log(usual) < log(BY_CHANCE)


def _is_narrow(feature: Feature, code: int) -> bool:
    """Whether it is a bin of a number, between two others, that holds little of the reference."""
    inner = feature.numeric and 0 < code < feature.bins - 1
    return inner and 0 < feature.counts[code] <= NARROW * feature.counts[:VALUES].sum()


def _commonest(counts: Integers) -> float:
    """Share of the commonest value bin."""
    values = counts[:VALUES]
    n = int(values.sum())
    return int(values.max()) / n if n else 0.0
