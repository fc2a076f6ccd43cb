"""The tab without labels: estimate and reality, the track record, the assumption, and a name for all that is missing."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from alerting.models import AlertRule
from models_registry.jobs import run_jobs
from models_registry.models import Model
from monitoring.drain import drain_until_empty
from monitoring.models import LossTrees
from tests.monitoring.conftest import micros, put_body
from tests.monitoring.estimators import estimator, scored
from tests.monitoring.trees import estimator as trees_of
from tests.monitoring.trees import home

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


def test_a_regression_tells_how_much_of_the_past_its_estimator_has_estimated(
    as_ana: Client, model: Model, stopped_clock: datetime
):
    Model.objects.update(kind="regression", slug="rent")
    model.refresh_from_db()
    assert "No predictions of a number in the last 30 days" in text(as_ana, model)
    at = stopped_clock - 2 * DAY
    items = [home(f"h{n}", 50.0, "castle", ts=micros(at)) for n in range(10)]
    put_body(model.project, "prediction", items, received=at)
    said = [{"id": f"o{n}", "prediction_id": f"h{n}", "label": 321 - n, "ts": micros(at)} for n in range(10)]
    put_body(model.project, "outcome", said, received=at)
    drain_until_empty(now=at)
    assert "fitted by itself on a reference whose rows have" in text(as_ana, model)
    trees_of(model.versions.get(), now=stopped_clock)
    told = text(as_ana, model)
    assert "The estimator has counted no prediction of these days" in told
    assert "Predictions from before the estimator are being estimated by it: 0" in told
    run_jobs(now=stopped_clock)
    told = text(as_ana, model)
    assert "On 1 day with settled labels the estimate of mean absolute error was off by" in told
    assert "being estimated" not in told
    LossTrees.objects.update(partial_before=int(at.timestamp()))
    assert "are not estimated, because their raw events are gone" in text(as_ana, model)
    LossTrees.objects.update(reach=5, job=None)
    as_ana.cookies["django_language"] = "pt-br"
    assert "a estimativa das predições anteriores ao estimador foi interrompida" in text(as_ana, model)
