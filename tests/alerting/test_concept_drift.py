"""Rules on concept drift: fire where reality leaves the estimate, keep quiet where chance or drift of the inputs explains it."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from alerting.models import AlertRule, Incident
from alerting.validate import rule_problems
from models_registry.models import Model
from monitoring.drain import drain_until_empty
from monitoring.models import Estimator
from tests.alerting.rule_cast import HOUR, NOON, alert_of, changes, tick
from tests.monitoring.conftest import micros, put_body
from tests.monitoring.estimators import estimator, scored

pytestmark = pytest.mark.django_db


def rule(model: Model, **more: object) -> AlertRule:
    fields = {"slug": "concept", "name": "Concept", "kind": "concept_drift", "model": model, "window": HOUR, **more}
    return AlertRule.objects.create(project=model.project, **fields)


def arrive(model: Model, n: int, *, broken: float = 0.0, hours: int = 0, labelled: bool = True) -> None:
    at = NOON + hours * HOUR
    served, outcomes = scored(model, n, seed=hours, prefix=f"{hours}-", ts=micros(at), broken=broken)
    put_body(model.project, "prediction", served, received=at)
    if labelled:
        put_body(model.project, "outcome", outcomes, received=at)
    drain_until_empty(now=at)


@pytest.fixture
def model(credit_risk: Model) -> Model:
    credit_risk.label_delay = timedelta(0)
    credit_risk.save()
    estimator(credit_risk, now=NOON)
    return credit_risk


def test_it_fires_when_labels_no_longer_follow_the_scores_and_recovers(model: Model):
    found = rule(model)
    arrive(model, 2_000, broken=0.2)
    tick(30, 32)
    alert = alert_of(found)
    assert alert.state == "firing"
    assert alert.value > 0.05
    assert alert.reason.endswith("the scores no longer mean what they meant; n 2000")
    assert Incident.objects.get().title == "Concept drift suspected in Credit risk"
    arrive(model, 2_000, hours=3)
    tick(220, 222)
    assert changes(found)[-1] == ("firing", "inactive")


def test_it_is_quiet_while_scores_mean_what_they_meant(model: Model):
    found = rule(model, measure="f1")
    arrive(model, 3_000)
    tick(30, 32)
    assert (alert_of(found).state, alert_of(found).rule.health) == ("inactive", "ok")


def test_without_labels_or_without_estimator_it_says_no_data(model: Model):
    found = rule(model)
    arrive(model, 100, labelled=False)
    tick(30, 31)
    found.refresh_from_db()
    assert (found.health, found.last_error) == ("no_data", "0 labelled events, 3 are needed to judge.")
    Estimator.objects.all().delete()
    tick(31, 32)
    found.refresh_from_db()
    assert found.last_error == "There is no estimate: the version needs scores and an estimator."


def test_problems_name_the_mend(model: Model):
    assert rule_problems(AlertRule(project=model.project, kind="concept_drift", window=HOUR)) == {
        "model": "This rule watches the estimates of one model: choose it."
    }
    wrong = AlertRule(project=model.project, kind="concept_drift", model=model, measure="latency_p95", threshold=2)
    assert set(rule_problems(wrong)) == {"measure", "threshold", "window"}
    model.kind = Model.Kind.LLM
    assert "choose a classifier" in rule_problems(rule(model))["model"]
    with pytest.raises(IntegrityError), transaction.atomic():
        AlertRule.objects.create(project=model.project, slug="none", name="None", kind="concept_drift")
