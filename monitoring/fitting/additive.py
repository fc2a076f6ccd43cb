"""The one module that calls scikit-learn's ridge regression; found by its dotted path, so that only a fit imports it."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import Ridge

PENALTY = 1.0


def additive(bins: NDArray[np.int64], losses: NDArray[np.float64]) -> tuple[float, dict[int, float], float]:
    """(mean, weight of each bin, spread of what is left) of losses by the bin of every feature; bins (features, rows).

    The weights of a feature are centred on the rows, so that a bin that was never seen adds nothing.
    """
    features, rows = bins.shape
    found, columns = np.unique(bins, return_inverse=True)
    places = np.tile(np.arange(rows), features)
    hot = csr_matrix((np.ones(features * rows), (places, columns.ravel())), shape=(rows, len(found)))
    model = Ridge(alpha=PENALTY, solver="sparse_cg").fit(hot, losses)
    left = losses - model.predict(hot)
    weights = np.asarray(model.coef_, dtype=np.float64)
    owners = np.empty(len(found), dtype=np.int64)
    owners[columns.ravel()] = np.repeat(np.arange(features), rows)
    shares = np.asarray(hot.sum(axis=0)).ravel() / rows
    weights -= np.bincount(owners, weights * shares, features)[owners]
    return float(losses.mean()), dict(zip(found.tolist(), weights.tolist(), strict=True)), float(left.std())
