"""The tab without labels: estimate and reality, the track record, the assumption, and a name for all that is missing."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from alerting.models import AlertRule
from models_registry.models import Model
from monitoring.drain import drain_until_empty
from tests.monitoring.conftest import micros, put_body
from tests.monitoring.estimators import estimator, scored

DAY = timedelta(days=1)


@pytest.fixture
def model(credit_risk: Model) -> Model:
    Model.objects.update(label_delay=timedelta(hours=1))
    credit_risk.refresh_from_db()
    return credit_risk


def send(model: Model, at: datetime, broken: float = 0.0) -> None:
    served, outcomes = scored(model, 1_500, seed=at.day, prefix=f"{at:%d}-", ts=micros(at), broken=broken)
    put_body(model.project, "prediction", served, received=at)
    put_body(model.project, "outcome", outcomes, received=at)
    drain_until_empty(now=at)


def text(client: Client, model: Model, **query: str) -> str:
    answer = client.get(reverse("panel:model", args=[model.project.slug, model.slug]) + "estimate/", query)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_what_is_missing_has_a_name(as_ana: Client, model: Model, stopped_clock: datetime):
    assert "No predictions with scores in the last 30 days" in text(as_ana, model)
    send(model, stopped_clock - 2 * DAY)
    told = text(as_ana, model)
    assert "No estimator yet" in told
    assert "An estimate assumes no concept drift" in told
    assert "<canvas" not in told
    estimator(model, now=stopped_clock)
    Model.objects.update(label_delay=5 * DAY)
    assert "how right they are is known once the labels have settled" in text(as_ana, model)


def test_the_record_stands_beside_the_estimate(as_ana: Client, model: Model, stopped_clock: datetime):
    estimator(model, now=stopped_clock)
    for days in (3, 2):
        send(model, stopped_clock - days * DAY)
    told = text(as_ana, model, range="7d")
    assert "On 2 days with settled labels the estimate of accuracy was off by" in told
    assert "Track record" in told
    assert "0 caught, 0 missed, 0 false" in told
    assert 'data-chart="estimate-accuracy"' in told
    assert 'data-chart="estimate-roc-auc"' in told
    assert "labelled rows of its reference" in told
    assert "suspected" not in told


def test_reality_that_leaves_the_estimate_is_named_with_its_day_and_missed_alerts(
    as_ana: Client, model: Model, stopped_clock: datetime
):
    estimator(model, now=stopped_clock)
    send(model, stopped_clock - 3 * DAY)
    send(model, stopped_clock - 2 * DAY, broken=0.3)
    fields = {"kind": "threshold", "measure": "accuracy", "comparison": "lt", "threshold": 0.7, "model": model}
    AlertRule.objects.create(project=model.project, slug="accuracy", name="Accuracy", **fields)
    told = text(as_ana, model, range="7d")
    assert "Concept drift suspected" in told
    assert "Reality has left the estimate by more than chance explains" in told
    assert "1 day suspected" in told
    assert "0 caught, 1 missed, 0 false" in told
    assert "limit 70" in told
    as_ana.cookies["django_language"] = "pt-br"
    assert "Suspeita de deriva de conceito" in text(as_ana, model, range="7d")
