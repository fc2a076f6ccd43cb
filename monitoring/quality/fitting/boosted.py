"""The one module that calls scikit-learn's boosted trees; found by its dotted path, so that only a fit imports it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from monitoring.stats.trees import LEAVES, Forest, Split, Tree

Floats = NDArray[np.float64]
Categories = Sequence[Sequence[int] | None]
TREES = 100
GREATEST = 1e300
ROWS_OF_A_LEAF = 100  # one loss says little: a leaf is the mean of many


def boosted(columns: Floats, categories: Categories, losses: Floats) -> tuple[Forest, float]:
    """(trees, spread of what is left) of losses by columns, shape (rows, features), NaN where something is missing.

    `categories` of each feature: the codes that are there, None of a number. A column in which all is missing is left out.
    """
    order = places_of(columns, categories)
    given = bounded(columns)[:, order]
    model = HistGradientBoostingRegressor(
        max_iter=TREES,
        max_leaf_nodes=LEAVES,
        min_samples_leaf=ROWS_OF_A_LEAF,
        categorical_features=[place for place, feature in enumerate(order) if categories[feature] is not None],
        early_stopping=False,
        random_state=0,
    )
    with threadpool_limits(limits=1, user_api="openmp"):  # whoever waits for a processor beside it is slower by far
        model.fit(given, losses)
        left = losses - model.predict(given)
    return forest_of(model, order, categories, float(losses.mean())), float(left.std())


def bounded(columns: Floats) -> Floats:
    """What has no end at an end that scikit-learn can count with: no threshold lies beyond."""
    return np.clip(columns, -GREATEST, GREATEST)


def places_of(columns: Floats, categories: Categories) -> list[int]:
    """The features that say something; categories first, as scikit-learn numbers them within its trees."""
    told = np.flatnonzero(~np.isnan(columns).all(axis=0)).tolist()
    return sorted(told, key=lambda feature: categories[feature] is None)


def forest_of(model: Any, order: Sequence[int], categories: Categories, mean: float) -> Forest:
    """The trees of a fitted model; `order` are the places of its features."""
    known = [categories[feature] or () for feature in order]
    trees = tuple(_tree(grown, order, known) for (grown,) in model._predictors)
    return Forest(float(model._baseline_prediction.item()), trees, mean)


def _tree(grown: Any, order: Sequence[int], known: Sequence[Sequence[int]]) -> Tree:
    """One tree: leaves are numbered as a walk meets them that turns left first."""
    splits: list[Split] = []
    values: list[float] = []

    def walk(place: int) -> None:
        node = grown.nodes[place]
        if node["is_leaf"]:
            values.append(float(node["value"]))
            return
        first = len(values)
        walk(int(node["left"]))
        leaves = len(values) - first
        walk(int(node["right"]))
        test = _test(node, grown.raw_left_cat_bitsets, known)
        splits.append(Split(order[node["feature_idx"]], *test, bool(node["missing_go_to_left"]), first, leaves))

    walk(0)
    return Tree(tuple(splits), tuple(values))


def _test(node: Any, sets: Any, known: Sequence[Sequence[int]]) -> tuple[float, tuple[int, ...]]:
    """(threshold of a number, categories that go left: scikit-learn has numbered those that are there)."""
    if not node["is_categorical"]:
        return float(node["num_threshold"]), ()
    bits = np.unpackbits(sets[node["bitset_idx"]].astype("<u4").view(np.uint8), bitorder="little")
    return 0.0, tuple(known[node["feature_idx"]][number] for number in np.flatnonzero(bits).tolist())
