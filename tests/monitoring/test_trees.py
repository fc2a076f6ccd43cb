"""Frozen trees against scikit-learn's own predictions, on data of every shape."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from monitoring.quality.fitting.boosted import boosted, bounded, forest_of, places_of
from monitoring.stats.trees import LEAVES, MISSING, Forest, Frozen, Split, Tree, Trees, pack, unpack

Floats = NDArray[np.float64]
NOTHING = Forest(0.0, (), 0.0)
CODES = (0, 1, 2, 5, 7, 50)  # with gaps, as where some are not in the rows


def columns(rng: np.random.Generator, rows: int, kinds: list[str], codes: tuple[int, ...]) -> Floats:
    """Numbers with ties, none, and no end; categories."""
    made = []
    for kind in kinds:
        column = rng.normal(size=rows) * 10.0 ** rng.integers(-6, 7)
        if kind == "steps":
            column = np.round(column / np.abs(column).max() * 5)
        if kind == "category":
            column = rng.choice(codes, rows).astype(np.float64)
        column[rng.random(rows) < rng.choice([0, 0.1])] = np.nan
        if kind == "endless":
            column[rng.random(rows) < 0.05] = rng.choice([np.inf, -np.inf])
        made.append(column)
    return np.stack(made, axis=1)


def asked(frozen: Frozen, given: Floats) -> tuple[Trees, list[NDArray[Any]]]:
    """The trees, and a column for each feature that they ask for."""
    trees = unpack(pack(frozen)[1])
    missing = np.where(np.isnan(given), MISSING, given)
    return trees, [
        given[:, place] if frozen.categories[place] is None else missing[:, place].astype(np.int64)
        for place in trees.features
    ]


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.lists(st.sampled_from(["number", "steps", "endless", "category"]), min_size=1, max_size=5),
    st.integers(2, LEAVES),
    st.floats(-12, 12),
)
def test_losses_are_what_scikit_learn_predicts(seed: int, kinds: list[str], leaves: int, scale: float):
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(40, 400))
    known = columns(rng, rows, kinds, CODES)
    losses = rng.gamma(1.0, 10**scale, rows) * (1 + np.nan_to_num(known[:, 0] > 0))
    categories = tuple(
        tuple(np.unique(column[~np.isnan(column)]).astype(int).tolist()) if kind == "category" else None
        for kind, column in zip(kinds, known.T, strict=True)
    )
    order = places_of(known, categories)
    with threadpool_limits(limits=1, user_api="openmp"):
        model = HistGradientBoostingRegressor(
            max_iter=8,
            max_leaf_nodes=leaves,
            min_samples_leaf=int(rng.integers(1, 20)),
            categorical_features=[place for place, feature in enumerate(order) if categories[feature] is not None],
            early_stopping=False,
        ).fit(bounded(known)[:, order], losses)
        unseen = columns(rng, 700, kinds, (*CODES, 3, 9, 51, 60))
        expected = model.predict(unseen[:, order])
    forest = forest_of(model, order, categories, float(losses.mean()))
    trees, values = asked(Frozen(forest, forest, categories), unseen)
    fine = trees.fine(values, len(unseen))
    unit = trees.quanta[0] / 2 ** trees.shifts[0]
    np.testing.assert_allclose(fine[0] * unit, expected, rtol=1e-9, atol=1e-12 * forest.bound)
    assert (fine[0] == fine[1]).all()
    whole = trees.losses(values, len(unseen))
    assert np.abs(whole[0] * trees.quanta[0] - fine[0] * unit).max() <= trees.quanta[0] / 2
    cut = int(rng.integers(1, len(unseen)))
    parts = [
        trees.losses([column[part] for column in values], n)
        for part, n in ((slice(cut), cut), (slice(cut, None), len(unseen) - cut))
    ]
    assert (np.concatenate(parts, axis=1) == whole).all(), "in any batch"


def test_a_small_tree_by_hand():
    tree = Tree((Split(0, 1.5, (), False, 0, 2), Split(1, 0.0, (3,), True, 0, 1)), (1.0, 2.0, 40.0))
    frozen = Frozen(Forest(100.0, (tree,), 100.0), NOTHING, (None, (3, 4)))
    trees = unpack(pack(frozen)[1])
    numbers = np.array([1.5, 1.5, 1.5, 1.5, 1.6, np.nan, -np.inf, np.inf])
    codes = np.array([3, 4, MISSING, 9, 3, 3, 4, 4])
    found = trees.losses([numbers, codes], 8)
    assert (found[0] * trees.quanta[0]).tolist() == [101, 102, 101, 101, 140, 140, 102, 140]
    assert (found[1] == 0).all()
    assert pack(frozen)[0] == pack(frozen)[0] != pack(Frozen(NOTHING, NOTHING, (None,)))[0]


def test_what_is_always_missing_or_always_the_same_is_asked_for_by_no_tree():
    rng = np.random.default_rng(1)
    size = rng.uniform(0, 10, 2_000)
    given = np.stack([size, np.full(2_000, np.nan), np.full(2_000, np.nan), np.ones(2_000)], axis=1)
    forest, spread = boosted(given, (None, None, (), None), size + rng.normal(0, 0.1, 2_000))
    trees, values = asked(Frozen(forest, NOTHING, (None, None, (), None)), given)
    assert trees.features == [0]
    assert np.abs(trees.losses(values, 2_000)[0] * trees.quanta[0] - size).mean() < 0.3
    assert 0 < spread < 0.5


def test_losses_that_are_all_the_same_need_no_split():
    given = np.random.default_rng(2).normal(size=(600, 2))
    for loss in (0.0, 1e-60, 7.0, 1e120):
        forest, spread = boosted(given, (None, None), np.full(600, loss))
        trees, values = asked(Frozen(forest, NOTHING, (None, None)), given)
        assert trees.losses(values, 600)[0] * trees.quanta[0] == pytest.approx(np.full(600, loss), rel=1e-6)
        assert spread == 0
