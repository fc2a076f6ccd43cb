"""Drift statistics against scipy on the same bins, their properties, and both gates."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats
from scipy.spatial.distance import jensenshannon

from monitoring.stats.drift import (
    chi_square,
    chi_square_tail,
    compare,
    corrected,
    groups_of,
    js_distance,
    kolmogorov_tail,
    ks_distance,
    psi,
    psi_by_chance,
    shares,
)

FILLED = arrays.arrays(np.int64, st.just(12), elements=st.integers(0, 5_000)).filter(lambda counts: counts.sum() > 0)
COMMON = arrays.arrays(np.int64, st.just(12), elements=st.integers(50, 5_000))


@given(FILLED, FILLED)
def test_psi_is_both_relative_entropies_of_the_smoothed_shares(reference, current):
    used = (reference + current) > 0
    p, q = shares(current[used]), shares(reference[used])
    assert psi(reference, current) == pytest.approx(stats.entropy(p, q) + stats.entropy(q, p), abs=1e-12)


@given(FILLED, FILLED)
def test_js_is_scipys_distance_to_base_2(reference, current):
    assert js_distance(reference, current) == pytest.approx(jensenshannon(reference, current, base=2), abs=1e-7)


@given(FILLED, FILLED)
def test_ks_is_scipys_on_the_numbers_of_the_bins(reference, current):
    places = np.arange(len(reference))
    exact = stats.ks_2samp(np.repeat(places, reference), np.repeat(places, current), method="asymp").statistic
    assert ks_distance(reference, current) == pytest.approx(exact, abs=1e-12)


@given(COMMON, COMMON)
def test_chi_square_is_scipys_where_no_bin_is_rare(reference, current):
    scale = min(reference.sum(), current.sum()) / (reference.sum() + current.sum())
    statistic, df = chi_square(reference, current)
    if ((reference + current) * scale >= 5).all():
        expected = stats.chi2_contingency(np.array([reference, current]), correction=False)
        assert (statistic, df) == (pytest.approx(expected.statistic, rel=1e-9), expected.dof)
    assert 0 <= chi_square_tail(statistic, df) <= 1


@pytest.mark.parametrize("df", [1, 2, 3, 4, 9, 10, 51])
def test_tails_are_scipys(df):
    for value in (0.01, 0.7, 3.0, 11.0, 40.0, 200.0):
        assert chi_square_tail(value, df) == pytest.approx(stats.chi2.sf(value, df), rel=1e-9)
        assert kolmogorov_tail(value) == pytest.approx(stats.kstwobign.sf(value), rel=1e-6, abs=1e-12)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_correction_for_many_is_scipys(p):
    assert corrected(p) == pytest.approx(list(stats.false_discovery_control(p)))


@given(FILLED, FILLED, st.booleans())
def test_every_figure_is_in_its_range_and_nothing_differs_from_itself(reference, current, ordered):
    seen = compare(reference, current, ordered=ordered)
    assert seen.psi >= 0
    assert 0 <= seen.js <= 1
    assert 0 <= seen.p <= 1
    assert (seen.ks is None) == (not ordered)
    same = compare(reference, reference, ordered=ordered)
    assert (same.psi, same.js, same.p) == (0, pytest.approx(0, abs=1e-7), 1)


@given(FILLED)
def test_groups_are_neighbours_and_come_from_the_reference_alone(reference):
    groups = groups_of(reference)
    assert set(np.diff(groups).tolist()) <= {0, 1}
    assert groups[0] == 0
    assert groups.max() < 10


def test_psi_without_drift_is_nothing_on_the_average():
    rng = np.random.default_rng(5)
    shares_ = np.full(10, 0.1)
    found = [
        psi(first, second) - psi_by_chance(first, second)
        for first, second in ((rng.multinomial(4_000, shares_), rng.multinomial(1_000, shares_)) for _ in range(4_000))
    ]
    assert abs(np.mean(found)) < 3 * np.std(found) / np.sqrt(len(found)) + 5e-5


def test_one_event_in_an_empty_bin_of_20000_is_not_drift():
    reference = np.append(np.full(10, 2_000), 0)
    current = np.append(np.full(10, 2_000), 1)
    assert compare(reference, current, ordered=False).psi < 0.005


def test_p_values_without_drift_are_uniform_even_in_small_windows():
    rng = np.random.default_rng(11)
    shares_ = rng.dirichlet(np.full(8, 2.0))
    reference = rng.multinomial(50_000, shares_)
    p = [compare(reference, rng.multinomial(150, shares_), ordered=True).p for _ in range(2_000)]
    assert 0.03 < np.mean(np.array(p) < 0.05) < 0.07
