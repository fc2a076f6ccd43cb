"""The compatibility modes give what the tools themselves gave for the same rows (tests/oracles/make.py)."""

import json
from pathlib import Path

import pytest
from scipy.stats import ks_2samp

from monitoring.stats.compat import evidently, nannyml
from tests.oracles.rows import SIZES, both

FOLDER = Path(__file__).parent.parent / "oracles"
EVIDENTLY, NANNYML = (json.loads((FOLDER / f"{tool}.json").read_text()) for tool in ("evidently", "nannyml"))
CASES = [(size, column) for size in SIZES for column in EVIDENTLY[size]]
TEXTS = {"two", "five"}


def ks(first, second) -> float:
    return float(ks_2samp(first, second).pvalue)


@pytest.mark.parametrize(("size", "column"), CASES)
def test_evidently(size: str, column: str):
    before, after = both(size)
    found = evidently.values_of(before[column], after[column], numeric=column not in TEXTS, ks=ks)
    expected = dict(EVIDENTLY[size][column])
    name, *told = expected.pop("default")
    assert (found[0].method, found[0].chosen) == (name.replace("_p_value", ""), True)
    assert [found[0].drifted, found[0].threshold] == told[1:]
    assert found[0].value == pytest.approx(told[0], rel=1e-9, abs=1e-14)
    mine = {one.method: one for one in found}
    for method, (value, drifted, threshold) in expected.items():
        assert mine[method].value == pytest.approx(value, rel=1e-9, abs=1e-14), method
        assert (mine[method].drifted, mine[method].threshold) == (drifted, threshold)


@pytest.mark.parametrize(("size", "column"), CASES)
def test_nannyml(size: str, column: str):
    before, after = both(size)
    found = nannyml.values_of(before[column], after[column], numeric=column not in TEXTS)
    assert (found[0].method, found[0].chosen) == ("jensen_shannon", True)
    assert {one.method for one in found} == NANNYML[size][column].keys()
    for one in found:
        value, drifted, threshold = NANNYML[size][column][one.method]
        assert one.value == pytest.approx(value, rel=1e-9, abs=1e-14), one.method
        assert one.drifted == drifted, one.method
        assert one.threshold == (0.05 if one.method == "chi2" else pytest.approx(threshold, rel=1e-9)), one.method


@pytest.mark.parametrize("numeric", [True, False])
@pytest.mark.parametrize(
    ("before", "after"), [([], [1.0]), ([1.0] * 20, []), ([None] * 20, [1.0]), ([1.0] * 20, [None])]
)
def test_a_side_without_values_has_no_value(before: list, after: list, numeric: bool):
    assert evidently.values_of(before, after, numeric=numeric, ks=ks) == []
    assert nannyml.values_of(before, after, numeric=numeric) == []


def test_one_value_alone_is_no_drift():
    for numeric in (True, False):
        found = evidently.values_of([1.0] * 20, [1.0] * 9, numeric=numeric, ks=ks)
        assert found[0].method == "z"
        assert not any(one.drifted for one in found)
        assert not any(one.drifted for one in nannyml.values_of([1.0] * 20, [1.0] * 9, numeric=numeric))


def test_half_of_the_columns_drift_a_data_set():
    assert [evidently.is_drifted(*pair) for pair in ((1, 2), (9, 20), (0, 0))] == [True, False, False]
