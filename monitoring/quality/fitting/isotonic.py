"""The one module that calls scikit-learn's isotonic regression; found by its dotted path, so that only a fit imports it."""

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression


def isotonic(places: NDArray[np.int64], shares: NDArray[np.float64], n: NDArray[np.float64]) -> NDArray[np.float64]:
    """The non-decreasing shares that are nearest to those of n events at each place (ascending)."""
    fitted = IsotonicRegression(y_min=0.0, y_max=1.0).fit_transform(places, shares, sample_weight=n)
    return np.asarray(fitted, dtype=np.float64)
