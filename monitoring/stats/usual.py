"""What is usual, by values of the same hours of earlier weeks: robust, so that one bad week does not teach. Pure.

The centre is the median, the spread the median absolute deviation, scaled to the standard deviation of a normal
distribution (Hampel 1974); and never less than a share of the centre, or a perfectly regular past would call any change
an anomaly.
"""

from typing import Final

import numpy as np

from monitoring.stats.windows import Floats

FEWEST: Final = 3
NORMAL: Final = 1.482602218505602  # 1 / Φ⁻¹(3/4)
LEAST: Final = 0.02


def band(past: Floats, factor: float) -> tuple[Floats, Floats]:
    """(low, high) of what is usual at each instant, from (earlier windows, instants) with NaN for no data; NaN where too
    few of them are known.
    """
    known = ~np.isnan(past)
    few = known.sum(axis=0) < FEWEST
    filled = np.where(known | few, past, np.nan)
    filled[:, few] = 0.0
    centre = np.nanmedian(filled, axis=0)
    spread = NORMAL * np.nanmedian(np.abs(filled - centre), axis=0)
    reach = factor * np.maximum(spread, LEAST * np.abs(centre))
    return np.where(few, np.nan, centre - reach), np.where(few, np.nan, centre + reach)
