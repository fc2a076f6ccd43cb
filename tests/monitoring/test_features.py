"""Folding features: any order, any split and any batch give the same sums; a row taken back leaves nothing."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.drain.fold import Folds
from monitoring.drain.fold.inputs import read_features
from monitoring.drain.rows import PredictionRow
from monitoring.selectors.plans import Plan
from monitoring.stats.profile import profile_of_columns
from tests.monitoring.references import applicants
from tests.monitoring.test_fold import SERVED, sums

TRAINED = applicants(200)
PROFILE = profile_of_columns({name: [row[name] for row in TRAINED] for name in ("income", "region")})
OTHER = profile_of_columns({"income": [1.0, 2.0, 3.0]})
PLANS = {1: [Plan(10, 50, PROFILE), Plan(50, None, OTHER)]}
VALUES = st.none() | st.floats(-1e9, 1e9) | st.integers(-(2**63), 2**63 - 1) | st.booleans() | st.text(max_size=5)
FEATURES = st.none() | st.fixed_dictionaries(
    {}, optional={"income": VALUES, "region": st.sampled_from(["north", "south", "west", None, 3]), "else": VALUES}
)
PAYLOADS = FEATURES.map(lambda features: json.dumps({"features": features, "segments": {"a": 1}}) if features else "{}")
GIVEN: dict[str, Any] = {**SERVED, "payload": PAYLOADS, "id": st.integers(0, 99), "version_id": st.integers(1, 2)}
ROWS = st.lists(
    st.builds(PredictionRow, **GIVEN, prediction=st.just("yes"), score=st.none(), label=st.none()), max_size=12
)


def folded(*batches: list[PredictionRow], sign: int = 1) -> Folds:
    folds = Folds(PLANS)
    for batch in batches:
        folds.add_all(batch, sign)
    return folds


@given(ROWS, st.integers(0, 12), st.randoms(use_true_random=False))
def test_any_order_and_any_split_fold_to_the_same_sums(rows, cut, rng):
    shuffled = rng.sample(rows, len(rows))
    assert sums(folded(shuffled[:cut], shuffled[cut:])) == sums(folded(rows))


@given(ROWS)
def test_what_is_taken_back_leaves_nothing(rows):
    folds = folded(rows)
    folds.add_all(rows, -1)
    assert sums(folds) == {}


@given(ROWS, ROWS)
def test_amending_labels_leaves_the_features(rows, others):
    folds = folded(rows)
    before = {key: value for key, value in sums(folds).items() if key[1].metric == "features"}
    folds.amend(others, [row._replace(label="no") for row in others], {})
    after = {key: value for key, value in sums(folds).items() if key[1].metric == "features"}
    assert after == before


@given(ROWS)
def test_features_are_folded_after_an_amend_that_failed(rows):
    folds = folded()
    with pytest.raises(TypeError):
        folds.amend(None, [], {})
    folds.add_all(rows)
    assert sums(folds) == sums(folded(rows))


@given(ROWS)
def test_each_row_counts_once_per_feature_by_the_reference_of_its_place(rows):
    found = {(key[0], key[1].layout): cell for key, cell in sums(folded(rows)).items() if key[1].metric == "features"}
    for profile, low, high in ((PROFILE, 10, 50), (OTHER, 50, 1_000)):
        mine = [row for row in rows if row.version_id == 1 and low <= row.id < high]
        cells = [cell for (_, layout), cell in found.items() if layout == profile.layout]
        assert sum(n for n, _, _ in cells) == len(mine)
        assert sum(sum(bins.values()) for _, _, bins in cells) == len(mine) * len(profile.features)


def test_one_odd_value_does_not_change_how_the_others_are_read():
    plain = [json.dumps({"features": row}) for row in applicants(5)]
    odd = json.dumps({"features": {"income": "?", "region": "north"}})
    alone, as_known = read_features(PROFILE, {"payload": plain})
    together, strict = read_features(PROFILE, {"payload": [*plain, odd]})
    assert (as_known, strict) == (True, False)
    assert together[:5] == alone
    assert together[5] == ("?", "north")
