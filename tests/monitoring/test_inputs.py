"""Profiles freeze their bins; a report says first what is broken, then what has drifted, and names what it cannot judge."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.drift import histogram, outlier, power, profile, report
from monitoring.stats.inputs import Report, report_of, worst
from monitoring.stats.profile import (
    ABOVE,
    BELOW,
    INFINITE,
    MISTYPED,
    NULL,
    OTHER,
    STRIDE,
    UNSEEN,
    Feature,
    Profile,
    ProfileError,
    category_codes,
    feature_of,
    numbers,
    numeric_codes,
    profile_of_columns,
    value_counts,
)
from monitoring.stats.profile_data import profile_of_histograms

RNG = np.random.default_rng(3)
INCOME = RNG.lognormal(8, 0.5, 5_000).round(2).tolist()
REGION = RNG.choice(["north", "south", "east"], 5_000, p=[0.5, 0.3, 0.2]).tolist()


def known() -> Profile:
    return profile_of_columns({"income": INCOME, "region": REGION})


def codes_of(feature: Feature, values: np.ndarray, wrong: np.ndarray | None = None) -> np.ndarray:
    return numeric_codes([feature], values[None], None if wrong is None else wrong[None])[0]


def seen(**columns: list) -> Report:
    """The report of a window with these raw values."""
    profile = known()
    rows = []
    for feature in profile.features:
        values = columns[feature.name]
        codes = codes_of(feature, *numbers(values)) if feature.numeric else category_codes(feature, values)
        rows.append(np.bincount(codes, minlength=STRIDE))
    flat = np.array(rows).ravel()
    bins = np.flatnonzero(flat)
    return report_of(profile, len(columns["income"]), bins, flat[bins])


def usual(rows: int = 1_000) -> dict[str, list]:
    rng = np.random.default_rng(rows)
    return {"income": rng.choice(INCOME, rows).tolist(), "region": rng.choice(REGION, rows).tolist()}


def of(report: Report, name: str):
    return next(one for one in report.features if one.feature.name == name)


def test_a_number_has_fifty_quantile_bins_with_open_tails_and_its_range():
    feature = known().features[0]
    assert (feature.name, feature.bins, feature.numeric) == ("income", 50, True)
    assert (feature.low, feature.high) == (min(INCOME), max(INCOME))
    assert feature.counts[:50].tolist() == pytest.approx([100] * 50, abs=2)
    codes = codes_of(feature, np.array([min(INCOME) - 1, max(INCOME) + 1, np.nan, np.inf, -np.inf]))
    assert codes.tolist() == [BELOW, ABOVE, NULL, INFINITE, INFINITE]


def test_few_distinct_values_have_a_bin_each():
    feature = feature_of("late", [0, 0, 1, 3, 3, 3])
    assert feature.bins == 3
    assert feature.counts[:3].tolist() == [2, 1, 3]
    assert codes_of(feature, np.array([0.0, 1.0, 2.0, 3.0])).tolist() == [0, 1, 1, 2]


@given(st.lists(st.none() | st.floats(-1e6, 1e6) | st.integers(-9, 9), min_size=1, max_size=300))
def test_every_row_of_a_reference_is_counted_once_and_none_is_out_of_range(values):
    feature = feature_of("x", values)
    assert feature.counts.sum() == len(values)
    assert not feature.counts[[BELOW, ABOVE, UNSEEN]].any()


@given(
    st.lists(st.lists(st.floats(allow_nan=False), max_size=70, unique=True).map(sorted), min_size=1, max_size=5),
    st.lists(st.floats(), min_size=1, max_size=60),
)
def test_bins_of_several_features_at_once_are_those_of_searchsorted(ladders, drawn):
    features = [Feature(f"f{at}", np.zeros(STRIDE, np.int64), np.array(edges)) for at, edges in enumerate(ladders)]
    own = [np.array(edges[:1] + drawn + edges[-1:]) for edges in ladders]  # on the edges too
    width = min(map(len, own))
    values = np.array([row[:width] for row in own])
    found = numeric_codes(features, values)
    for row, codes, edges in zip(values, found, ladders, strict=True):
        expected = np.searchsorted(np.array(edges), row, side="right")
        expected[np.isinf(row)], expected[np.isnan(row)] = INFINITE, NULL
        assert codes.tolist() == expected.tolist()


def test_words_for_numbers_json_does_not_have_and_what_is_no_number():
    values, wrong = numbers([1, None, "NaN", "Infinity", "twelve", True])
    assert wrong.tolist() == [False, False, False, False, True, False]
    feature = feature_of("x", [0.0, 1.0, 2.0])
    assert codes_of(feature, values, wrong).tolist() == [1, NULL, NULL, INFINITE, MISTYPED, 1]


def test_categories_past_the_table_are_other_and_unknown_ones_never_seen():
    values = [f"c{number:03}" for number in range(60) for _ in range(100 - number)]
    feature = feature_of("c", values)
    codes = category_codes(feature, ["c000", "c049", "c050", "c059", "new", None])
    assert codes.tolist() == [0, 49, OTHER, OTHER, UNSEEN, NULL]
    many = feature_of("id", [f"u{number}" for number in range(3_000)])
    assert many.forgetful
    assert category_codes(many, ["u1", "nobody"])[1] == OTHER


def test_numbers_and_booleans_as_categories():
    feature = feature_of("zip", [1, 1.0, "1", True, None], as_category=True)
    assert feature.categories == ("1", "true")
    assert feature.counts[[0, 1, NULL]].tolist() == [3, 1, 1]


def test_the_same_content_has_the_same_layout_and_other_content_another():
    assert known().layout == known().layout
    assert known().layout != profile_of_columns({"income": INCOME[1:], "region": REGION[1:]}).layout
    assert len(known().layout) <= 32


@pytest.mark.parametrize(
    ("columns", "options", "told"),
    [
        ({}, {}, "at least one row"),
        ({"a": []}, {}, "at least one row"),
        ({'a"b': [1]}, {}, "quotes"),
        ({f"f{n}": [1] for n in range(201)}, {}, "at most 200"),
        ({"a": [1]}, {"categorical": ["b"]}, "no row has: b"),
    ],
)
def test_a_reference_nothing_can_be_compared_with_is_refused(columns, options, told):
    with pytest.raises(ProfileError, match=told):
        profile_of_columns(columns, **options)


def test_no_drift():
    report = seen(**usual())
    assert (report.state, report.drifted, report.broken) == ("judged", [], [])
    assert report.psi < 0.05


def test_drift_passes_both_gates_and_is_ranked():
    window = usual()
    window["income"] = [value * 1.5 for value in window["income"]]
    report = seen(**window)
    assert [one.feature.name for one in report.drifted] == ["income"]
    found = report.features[0]
    assert found.p < 0.03
    assert found.shift.psi == report.psi > 0.3
    assert found.n == 1_000


def test_significant_but_small_is_no_drift():
    profile = known()
    income = profile.features[0]
    flat = np.zeros((2, STRIDE), dtype=np.int64)
    flat[0] = income.counts * 200
    flat[0, :25] = flat[0, :25] * 1.3
    flat[1] = profile.features[1].counts * 200
    flat = flat.ravel()
    bins = np.flatnonzero(flat)
    report = report_of(profile, 1_000_000, bins, flat[bins])
    assert of(report, "income").p < 1e-6
    assert report.drifted == []


def test_large_but_not_significant_is_no_drift():
    window = usual(120)
    window["income"] = [value * 1.08 for value in window["income"]]
    found = of(seen(**window), "income")
    assert (found.state, found.p > 0.03) == ("ok", True)


@pytest.mark.parametrize(
    ("column", "values", "kind"),
    [
        ("income", [None] * 600 + INCOME[:400], "nulls"),
        ("income", ["?"] * 20 + INCOME[:980], "not_numbers"),
        ("income", ["Infinity"] * 20 + INCOME[:980], "not_numbers"),
        ("income", [value * 100 for value in INCOME[:300]] + INCOME[:700], "out_of_range"),
        ("region", ["centre"] * 100 + REGION[:900], "never_seen"),
        ("region", ["north"] * 1_000, "constant"),
        ("region", [None] * 1_000, "nulls"),
    ],
)
def test_a_broken_column_says_how_and_is_not_called_drifted(column, values, kind):
    report = seen(**{**usual(), column: values})
    found = of(report, column)
    assert found.state == "broken"
    assert found.faults[0].kind == kind
    assert (found.shift, found.p) == (None, None)
    assert [one.feature.name for one in report.broken] == [column]
    assert report.drifted == []


def judged(profile: Profile, codes: list[int]):
    """The one feature of a profile, where these codes came."""
    bins, counts = np.unique(codes, return_counts=True)
    return report_of(profile, len(codes), bins, counts).features[0]


def test_constant_is_one_value_or_one_narrow_bin_and_no_tail():
    late = profile_of_columns({"late": [0, 1, 3] * 300})
    assert judged(late, [1] * 500).faults[0].kind == "constant"
    age = profile_of_columns({"age": [*range(60)] * 100})
    one, *_ = age.features[0].singles
    interval, *_ = set(range(age.features[0].bins)) - age.features[0].singles
    income = profile_of_columns({"income": INCOME})
    for given_profile, code in ((age, one), (age, interval), (income, 30)):
        found = judged(given_profile, [code] * 500)
        assert (found.state, found.faults[0].kind, found.shift) == ("broken", "constant", None)
    for code in (0, 49):
        found = judged(income, [code] * 500)
        assert (found.state, found.faults) == ("drifted", ())


@given(stuck=st.floats(0.03, 0.97), rows=st.integers(50, 2_000))
def test_a_number_that_is_stuck_is_broken_and_not_drifted(stuck: float, rows: int):
    """Whatever it is stuck at, between the outer fiftieths of what it was in training."""
    value = float(np.quantile(INCOME, stuck))
    found = of(seen(**{**usual(rows), "income": [value] * rows}), "income")
    assert (found.state, [fault.kind for fault in found.faults]) == ("broken", ["constant"])


def test_ready_made_intervals_and_rare_categories_are_never_one_value():
    sent = profile_of_histograms({"x": {"edges": [1, 2], "counts": [300, 300, 300]}})
    assert judged(sent, [2] * 500).state == "drifted"
    rare = profile_of_histograms({"c": {"categories": {"a": 500, "b": 400}, "other": 100}})
    assert judged(rare, [OTHER] * 500).state == "drifted"
    assert judged(rare, [0] * 500).faults[0].kind == "constant"


def test_sixty_per_cent_nulls_are_found_in_a_small_window_too():
    window = usual(60)
    window["income"] = [None] * 36 + window["income"][:24]
    assert of(seen(**window), "income").faults[0].share == 0.6


def test_few_rows_are_a_state():
    report = seen(**usual(40))
    assert (report.state, report.psi) == ("few_rows", None)
    assert {one.state for one in report.features} == {"few_rows"}


def test_other_features_than_the_references_are_a_state():
    report = seen(income=[None] * 500, region=[None] * 500)
    assert (report.state, report.psi) == ("other_features", None)
    assert len(report.broken) == 2


def test_a_reference_of_nulls_alone_judges_nothing():
    profile = profile_of_columns({"x": [None] * 500})
    flat = np.zeros(STRIDE, dtype=np.int64)
    flat[:10] = 100
    report = report_of(profile, 1_000, np.arange(10), flat[:10])
    assert report.features[0].state in {"broken", "no_reference_values"}
    assert report.psi is None


def test_a_window_of_nothing():
    report = report_of(known(), 0, np.array([], dtype=int), np.array([], dtype=int))
    assert (report.state, report.psi, report.broken) == ("few_rows", None, [])


def test_the_worst_of_several_versions_speaks():
    fine, drifting = seen(**usual(3_000)), seen(**{**usual(), "income": [value * 2 for value in usual()["income"]]})
    assert worst([fine, drifting]) is drifting
    broken = seen(**{**usual(200), "region": [None] * 200})
    assert worst([drifting, broken, fine]) is broken
    assert worst([]) is None


def test_values_out_of_range_count_with_the_tails():
    feature = known().features[0]
    counts = np.zeros(STRIDE, dtype=np.int64)
    counts[[BELOW, ABOVE, 0, NULL]] = 3, 2, 1, 9
    assert value_counts(feature, counts)[[0, -1]].tolist() == [4, 2]


def test_one_outlier_among_20000_rows_moves_psi_by_less_than_0_005():
    assert outlier(np.random.default_rng(1)) < 0.005


def test_power_for_a_psi_of_a_tenth_at_2000_rows():
    assert power(np.random.default_rng(2), 2_000, repeats=60) >= 0.95


def test_twenty_features_that_stay_rarely_alert():
    rng = np.random.default_rng(4)
    stay = profile({f"f{number}": rng.normal(size=20_000) for number in range(20)})
    windows = [histogram(stay, {one.name: rng.normal(size=500) for one in stay.features}) for _ in range(150)]
    assert sum(bool(report(stay, window).drifted) for window in windows) <= 6
