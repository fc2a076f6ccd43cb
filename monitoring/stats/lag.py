"""How long labels take, learned from cohorts of predictions that are still getting theirs. Pure: no Django, no database.

Of a young cohort only the quick labels are there yet, so that plain shares would call every model quick. The curve is
the maximum-likelihood one for such right-truncated times (Kalbfleisch and Lawless 1989; actuaries know it as the chain
ladder): going back from the longest lag, the share of labels that took longer than a lag is estimated from the cohorts
that are old enough to have seen it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitoring.stats.histogram import Bins, Counts
from monitoring.stats.layouts import GAMMA, ZERO_BIN

SETTLED = 0.95
ENOUGH = 200  # labels
US_PER_S = 1e6
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Cohort:
    """The labels of the predictions of a window: their lags (log-1, µs), and the age of its youngest prediction."""

    age_s: float
    bins: Bins
    counts: Counts


@dataclass(frozen=True, slots=True)
class LagCurve:
    """By `lags_s[i]` after its prediction a label has arrived with probability `shares[i]`, if it ever comes; ascending.

    `labels` were seen, and cohorts up to `oldest_s` old.
    """

    lags_s: tuple[float, ...]
    shares: tuple[float, ...]
    labels: int
    oldest_s: float

    def share(self, age_s: float) -> float:
        """What part of the labels has arrived at this age."""
        place = int(np.searchsorted(self.lags_s, age_s, side="right"))
        return self.shares[place - 1] if place else 0.0

    def lag_of(self, share: float) -> float:
        """The age in seconds at which this part has arrived."""
        return self.lags_s[min(int(np.searchsorted(self.shares, share - ROUNDING)), len(self.lags_s) - 1)]

    def settle_s(self, declared_s: float) -> float | None:
        """When SETTLED of the labels have arrived; None while history is too short to know.

        It takes ENOUGH labels, and cohorts that are older than what was declared and twice as old as what was learned: of
        a model that is a week old nobody can say that no label comes after a month.
        """
        if self.labels < ENOUGH:
            return None
        settled = self.lag_of(SETTLED)
        return settled if self.oldest_s >= max(declared_s, 2 * settled) else None


def learn(cohorts: Sequence[Cohort]) -> LagCurve | None:
    """The curve of these cohorts; None without a label that its whole cohort is old enough for."""
    seen = [(cohort, cohort.counts * (upper_s(cohort.bins) <= cohort.age_s)) for cohort in cohorts]
    bins = np.unique(np.concatenate([[], *(cohort.bins[counts > 0] for cohort, counts in seen)])).astype(np.int64)
    if not len(bins):
        return None
    table = np.zeros((len(seen), len(bins)), dtype=np.int64)
    for row, (cohort, counts) in zip(table, seen, strict=True):
        kept = counts > 0
        row[np.searchsorted(bins, cohort.bins[kept])] = counts[kept]
    lags = upper_s(bins)
    ages = np.array([cohort.age_s for cohort, _ in seen])
    old_enough = ages[:, np.newaxis] >= lags
    at_lag = (table * old_enough).sum(axis=0)
    up_to_lag = (np.cumsum(table, axis=1) * old_enough).sum(axis=0)
    kept_share = 1 - at_lag / np.maximum(up_to_lag, 1)
    shares = np.append(np.cumprod(kept_share[::-1])[::-1][1:], 1.0)
    oldest = max((cohort.age_s for cohort, counts in seen if counts.sum()), default=0.0)
    return LagCurve(tuple(lags.tolist()), tuple(shares.tolist()), int(table.sum()), float(oldest))


def upper_s(bins: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
    """The longest lag of each bin, in seconds."""
    return np.where(bins == ZERO_BIN, 0.0, GAMMA ** bins.astype(np.float64) / US_PER_S)
