"""Rules on drift and on data quality: fire, recover, no data; one alert per model, its features ranked."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from alerting.models import AlertRule, Incident
from alerting.validate import rule_problems
from models_registry.models import Model
from monitoring.drain import drain_until_empty
from tests.alerting.rule_cast import HOUR, NOON, alert_of, changes, tick
from tests.monitoring.conftest import micros, put_body
from tests.monitoring.references import applicants, predictions, reference


def rule(model: Model, kind: str = "drift", **more: object) -> AlertRule:
    fields = {"slug": kind, "name": kind, "kind": kind, "model": model, "window": HOUR, **more}
    return AlertRule.objects.create(project=model.project, **fields)


def arrive(model: Model, features: list, *, hours: int = 0) -> None:
    """These rows at NOON + hours."""
    at = NOON + hours * HOUR
    items = predictions(features, prefix=f"{hours}-", ts=micros(at))
    put_body(model.project, "prediction", items, received=at)
    drain_until_empty(now=at)


def nulls(rows: list, share: float) -> list:
    gone = round(len(rows) * share)
    return [{**row, "income": None} for row in rows[:gone]] + rows[gone:]


@pytest.fixture
def model(credit_risk: Model) -> Model:
    reference(credit_risk, NOON - 100 * HOUR)
    return credit_risk


def test_drift_fires_once_for_the_model_with_its_features_ranked_and_recovers(model: Model) -> None:
    found = rule(model)
    arrive(model, [{**row, "region": "south"} if n % 3 else row for n, row in enumerate(applicants(400, shift=1))])
    tick(30, 32)
    alert = alert_of(found)
    assert (alert.state, round(alert.value, 1)) == ("firing", round(max(alert.value, 0.5), 1))
    assert alert.reason.startswith("2 of 2 features have drifted: ")
    first, second = (float(part.split(")")[0]) for part in alert.reason.split("PSI ")[1:])
    assert first >= second
    assert alert.reason.endswith("n 400")
    assert Incident.objects.get().title == "Inputs of Credit risk have drifted from their reference"
    arrive(model, applicants(400, seed=7), hours=3)
    tick(220, 222)
    assert changes(found)[-1] == ("firing", "inactive")


@pytest.mark.parametrize("kind", ["drift", "data_quality"])
def test_the_impact_begins_with_the_hour_that_differs(model: Model, kind: str) -> None:
    rule(model, kind)
    arrive(model, applicants(400, seed=5))
    bad = applicants(300, shift=2) if kind == "drift" else nulls(applicants(300), 0.9)
    arrive(model, bad, hours=1)
    tick(70, 71)
    assert Incident.objects.get().impact_started_at == NOON + HOUR


def test_no_drift_is_fine_with_its_psi(model: Model) -> None:
    found = rule(model)
    arrive(model, applicants(400, seed=5))
    tick(30, 31)
    seen = found.evaluations.latest("slot")
    assert (seen.breached, seen.valid, seen.value < 0.05) == (False, 400, True)


def test_sixty_per_cent_nulls_alert_as_data_quality_and_not_as_drift(model: Model) -> None:
    drift, quality = rule(model), rule(model, "data_quality")
    arrive(model, nulls(applicants(400, seed=5, shift=1), 0.6))
    tick(30, 31)
    assert alert_of(quality).state == "firing"
    assert alert_of(quality).reason == "income: 60\u00a0% null (reference 0\u00a0%)"
    assert alert_of(drift).state == "inactive"
    assert Incident.objects.get().title == "Input columns of Credit risk are broken"


def test_a_column_that_is_mended_ends_the_alert(model: Model) -> None:
    quality = rule(model, "data_quality")
    arrive(model, nulls(applicants(200, seed=5), 1.0))
    tick(30, 31)
    assert alert_of(quality).state == "firing"
    arrive(model, applicants(200, seed=6), hours=2)
    tick(190, 191)
    assert alert_of(quality).state == "inactive"


@pytest.mark.parametrize("kind", ["drift", "data_quality"])
def test_too_few_rows_nothing_at_all_and_no_reference_are_no_data(credit_risk: Model, kind: str) -> None:
    found = rule(credit_risk, kind)
    tick(10, 11)
    assert alert_of(found).state == "no_data"
    arrive(credit_risk, applicants(300))
    tick(30, 31)
    assert found.evaluations.latest("slot").reason == "No predictions in this window of a version that has a reference."
    reference(credit_risk, NOON)
    arrive(credit_risk, applicants(20), hours=1)
    tick(90, 91)
    assert "20 predictions are too few" in found.evaluations.latest("slot").reason


def test_other_features_than_the_references_are_no_drift_but_broken(model: Model) -> None:
    drift, quality = rule(model), rule(model, "data_quality")
    arrive(model, [{"salary": 1.0}] * 200)
    tick(30, 31)
    assert drift.evaluations.latest("slot").reason == "None of the reference's features arrives."
    assert alert_of(quality).value == 2


def test_a_higher_floor_lets_small_drift_pass(model: Model) -> None:
    strict, calm = rule(model), rule(model, slug="calm", threshold=3.0)
    arrive(model, applicants(400, shift=0.6))
    tick(30, 31)
    assert (alert_of(strict).state, alert_of(calm).state) == ("firing", "inactive")


@pytest.mark.parametrize("kind", ["drift", "data_quality"])
def test_a_rule_that_could_never_be_asked_is_refused(credit_risk: Model, support_assistant: Model, kind: str) -> None:
    def problems(**fields: object) -> set[str]:
        given = {"project": credit_risk.project, "kind": kind, "model": credit_risk, "window": HOUR, **fields}
        return set(rule_problems(AlertRule(**given)))

    assert problems() == set()
    assert problems(model=None) == {"model"}
    assert problems(model=support_assistant) == {"model"}
    assert problems(window=timedelta(minutes=5)) == {"window"}
    assert problems(threshold=float("nan")) == {"threshold"}
    with transaction.atomic(), pytest.raises(IntegrityError):
        AlertRule.objects.create(project=credit_risk.project, slug="none", kind=kind)
