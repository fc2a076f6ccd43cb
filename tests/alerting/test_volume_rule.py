"""Rules on volume and on drift against the past: silence, far too few, far too many; matched hours; what is not known."""

from datetime import timedelta

import pytest

from alerting.models import AlertRule
from alerting.validate import rule_problems
from models_registry.models import Model
from monitoring.drain import drain_until_empty
from tests.alerting.rule_cast import HOUR, NOON, alert_of, changes, tick
from tests.monitoring.conftest import micros, put_body
from tests.monitoring.references import applicants, predictions, reference

WEEK, DAY = timedelta(days=7), timedelta(days=1)


def rule(model: Model, kind: str = "volume", **more: object) -> AlertRule:
    fields = {"slug": kind, "name": kind, "kind": kind, "model": model, "window": HOUR, **more}
    return AlertRule.objects.create(project=model.project, **fields)


def arrive(model: Model, features: list, *, ago: timedelta = timedelta(0)) -> None:
    """These rows shortly after NOON, so much earlier."""
    at = NOON - ago
    items = predictions(features, prefix=f"{ago}-", ts=micros(at))
    put_body(model.project, "prediction", items, received=at)
    drain_until_empty(now=NOON)


def usual(model: Model, count: int = 100) -> None:
    for weeks in range(1, 5):
        arrive(model, [None] * (count + weeks), ago=weeks * WEEK)


@pytest.mark.parametrize(
    ("count", "state", "told"),
    [
        (0, "firing", "silent: none in 1\u00a0h, where the same hours of the past had 102"),
        (20, "firing", "20 in 1\u00a0h, 0.19 times the 102 that the same hours of the past had"),
        (400, "firing", "400 in 1\u00a0h, 3.90 times the 102"),
        (80, "inactive", ""),
        (190, "inactive", ""),
    ],
)
def test_silence_and_counts_far_from_the_same_hour_of_earlier_weeks_alert(
    credit_risk: Model, count: int, state: str, told: str
) -> None:
    usual(credit_risk)
    arrive(credit_risk, [None] * count)
    found = rule(credit_risk)
    tick(30, 32)
    alert = alert_of(found)
    assert alert.state == state
    assert told in alert.reason


def test_without_a_past_nobody_knows_what_is_usual(credit_risk: Model) -> None:
    arrive(credit_risk, [None] * 50, ago=WEEK)
    found = rule(credit_risk)
    tick(30, 31)
    found.refresh_from_db()
    assert (found.health, "nobody knows what is usual" in found.last_error) == ("no_data", True)


def test_it_recovers_when_traffic_is_back(credit_risk: Model) -> None:
    usual(credit_risk)
    found = rule(credit_risk)
    tick(30, 31)
    arrive(credit_risk, [None] * 101)
    tick(32, 34)
    assert changes(found)[-1] == ("firing", "inactive")


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"model": None}, "model"),
        ({"threshold": 0.5}, "threshold"),
        ({"threshold": float("nan")}, "threshold"),
        ({"window": timedelta(seconds=5)}, "window"),
        ({"against": "reference_week"}, "against"),
    ],
)
def test_a_rule_that_could_not_be_asked_says_which_field(credit_risk: Model, more: dict, field: str) -> None:
    fields = {"slug": "v", "name": "v", "kind": "volume", "model": credit_risk, "window": HOUR, **more}
    assert field in rule_problems(AlertRule(project=credit_risk.project, **fields))


def test_drift_against_the_same_hour_of_earlier_weeks_is_silent_where_the_reference_would_shout(
    credit_risk: Model,
) -> None:
    reference(credit_risk, NOON - 60 * DAY)
    for weeks in (1, 2):
        arrive(credit_risk, applicants(300, seed=weeks, shift=1), ago=weeks * WEEK)
    arrive(credit_risk, applicants(300, seed=9, shift=1))
    plain, matched = rule(credit_risk, "drift"), rule(credit_risk, "drift", slug="matched", against="week")
    tick(30, 32)
    assert (alert_of(plain).state, alert_of(matched).state) == ("firing", "inactive")
    assert matched.evaluations.latest("slot").valid == 300


@pytest.mark.parametrize(
    ("against", "told"),
    [("day", "too few predictions to compare with"), ("reference_week", "not taken from a past window")],
)
def test_a_past_that_is_not_there_is_no_data(credit_risk: Model, against: str, told: str) -> None:
    reference(credit_risk, NOON - 60 * DAY)
    arrive(credit_risk, applicants(300))
    found = rule(credit_risk, "drift", against=against)
    tick(30, 31)
    found.refresh_from_db()
    assert (found.health, told in found.last_error) == ("no_data", True)
