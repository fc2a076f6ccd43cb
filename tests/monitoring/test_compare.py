"""Differences and their intervals against published values, scipy and simulation; verdicts in words."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from models_registry.keys import create_key
from models_registry.models import Model, Project
from monitoring.measures.comparison import Side, compare, difference_figure
from monitoring.selectors.summaries import Scope
from monitoring.stats.compare import difference, judge
from monitoring.stats.intervals import Reading, ratio
from tests.monitoring.series import class_code, labelled, served

HOUR = timedelta(hours=1)


# Newcombe 1998 (Statistics in Medicine 17:873–890), table II, method 10.
@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0000),
        ((10, 10), (0, 10), 0.6075, 1.0000),
    ],
)
def test_two_proportions_differ_as_newcombe_published(first, second, low, high):
    found = difference(ratio(*second), ratio(*first))
    assert (found.low, found.high) == (pytest.approx(low, abs=6e-5), pytest.approx(high, abs=6e-5))


def test_the_interval_covers_what_it_says():
    rng = np.random.default_rng(5)
    hits = 0
    for a, b in zip(rng.binomial(300, 0.8, 2_000), rng.binomial(400, 0.85, 2_000), strict=True):
        found = difference(ratio(int(a), 300), ratio(int(b), 400))
        hits += found.low <= 0.05 <= found.high
    assert 0.935 <= hits / 2_000 <= 0.965


def test_of_symmetric_intervals_it_is_the_normal_one():
    z = norm.ppf(0.975)
    one, other = Reading(10.0, 50, 10 - z * 2, 10 + z * 2), Reading(14.0, 50, 14 - z * 1.5, 14 + z * 1.5)
    found = difference(one, other)
    assert found.high - found.value == pytest.approx(z * np.hypot(2, 1.5))
    assert found.value - found.low == pytest.approx(z * np.hypot(2, 1.5))


COUNTS = st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(COUNTS, COUNTS)
def test_the_other_way_round_it_is_the_same_with_another_sign(one, other):
    there, back = difference(ratio(*one), ratio(*other)), difference(ratio(*other), ratio(*one))
    assert (there.value, there.low, there.high) == pytest.approx((-back.value, -back.high, -back.low))
    assert there.low <= there.value <= there.high
    assert there.is_significant == back.is_significant


def test_judgements_need_an_interval_and_a_direction():
    worse, better = ratio(50, 100), ratio(90, 100)
    gap = difference(worse, better)
    assert [judge(gap, way) for way in ("higher", "lower", "neither")] == ["better", "worse", "different"]
    assert judge(difference(ratio(50, 100), ratio(52, 100)), "higher") == "same"
    assert judge(difference(Reading(None, 0), better), "higher") == "no_data"
    assert judge(difference(Reading(1.0, 5), better), "higher") == "unjudged"


@pytest.fixture
def two_versions(credit_risk: Model, now: datetime) -> Model:
    """Version 1 answers right in 800 of 1,000, version 2 in 870 of 1,000; both fail in 10 of 1,000."""
    credit_risk.versions.create(version="2")
    class_code(credit_risk, "default", 1)
    class_code(credit_risk, "paid", 2)
    for version, right in (("1", 800), ("2", 870)):
        labelled(credit_risk, now - HOUR, [(1, 1)] * right + [(1, 2)] * (1_000 - right), version=version)
        served(credit_risk, now - HOUR, ok=990, failed=10, version=version)
    return credit_risk


def sides(model: Model, *versions: str) -> list[Side]:
    return [
        Side(name, Scope(model.project_id, model.pk, model.versions.get_or_create(version=name)[0].pk))
        for name in versions
    ]


def test_the_verdict_is_a_sentence(two_versions: Model, now: datetime):
    one, two, none = sides(two_versions, "1", "2", "3")
    window = {"start": now - 2 * HOUR, "end": now, "now": now + 30 * 24 * HOUR}
    found = compare(two_versions, one, two, **window)
    assert found.verdict == "better"
    assert found.sentence == ("2 is better than 1: Accuracy +7.0 points (95%: 3.8 to 10.2), n 1,000 and 1,000.")
    rows = {row.measure.name: row for row in found.rows}
    assert rows["error_rate"].verdict == "same"
    assert rows["error_rate"].sentence.startswith("No difference that n 1,000 and 1,000 could show: Error rate ±0")
    assert rows["requests"].verdict == "unjudged"
    assert "roc_auc" not in rows, "what neither has is not listed"
    assert compare(two_versions, two, one, **window).verdict == "worse"
    nothing = compare(two_versions, one, none, **window)
    assert nothing.verdict == "no_data"
    assert "cannot be compared" in nothing.sentence
    with translation.override("pt-br"):
        told = compare(two_versions, one, two, **window).sentence
    assert told.startswith("2 é melhor que 1: Acurácia +7,0 pontos")


def test_labels_that_may_still_come_are_said(two_versions: Model, now: datetime):
    two_versions.label_delay = HOUR
    two_versions.save()
    found = compare(two_versions, *sides(two_versions, "1", "2"), start=now - 2 * HOUR, end=now, now=now)
    assert "may still arrive" in found.sentence
    assert {row.measure.name for row in found.rows if row.provisional} >= {"accuracy", "recall"}


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.041, "ratio", "+4.1 points"),
        (-0.0012, "ratio", "−0.12 points"),
        (-12.4, "ms", "−12\u00a0ms"),
        (-125.0, "s", "−2\u00a0min\u00a05\u00a0s"),
        (-15.88, "usd", "−US$15.88"),
        (0.000061, "usd", "+US$0.0000610"),
        (0.0, "score", "±0.000"),
        (1234.0, "count", "+1,234"),
        (2.0, "value", "+2.00"),
    ],
)
def test_a_difference_has_a_sign_and_a_unit(value, unit, text):
    assert difference_figure(value, unit) == text


@pytest.fixture
def get(project: Project, stopped_clock: datetime) -> Any:
    _, token = create_key(project=project, name="tests", scopes=["read"])
    client = Client(headers={"authorization": f"Bearer {token}"})
    return lambda **params: client.get("/api/v1/models/credit-risk/compare", params)


def test_the_endpoint_tells_both_sides_and_the_difference(two_versions: Model, get: Any):
    body = get(champion="1", challenger="2").json()
    assert (body["verdict"], body["champion"], body["challenger"]) == ("better", "1", "2")
    [row] = [row for row in body["measures"] if row["measure"] == "accuracy"]
    assert (row["champion"]["value"], row["challenger"]["value"], row["champion"]["n"]) == (0.8, 0.87, 1_000)
    assert row["difference"]["value"] == pytest.approx(0.07)
    assert row["difference"]["low"] > 0


@pytest.mark.parametrize(
    ("params", "status", "told"),
    [
        ({"champion": "1"}, 400, "Name two versions"),
        ({"champion": "1", "challenger": "1"}, 400, "not compared with itself"),
        ({"champion": "1", "challenger": "9"}, 404, "no version '9'"),
        ({"champion": "1", "challenger": "2", "from": "x"}, 400, "from"),
        ({"champion": "1", "challenger": "2", "from": "1773000000", "to": "1772000000"}, 400, "later"),
    ],
)
def test_what_cannot_be_compared_is_told(two_versions: Model, get: Any, params: Any, status: int, told: str):
    response = get(**params)
    assert response.status_code == status
    assert told in response.content.decode()
