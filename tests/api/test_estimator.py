"""Estimates beside reality by API: the record, named states, fits as jobs, refusals with the mend."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from models_registry.keys import create_key
from models_registry.models import Job, Model, ModelVersion
from monitoring.drain import drain_until_empty
from tests.monitoring.conftest import micros, put_body
from tests.monitoring.estimators import estimator, scored
from tests.monitoring.trees import estimator as trees_of

PATH = "/api/v1/models/credit-risk/versions/1/estimator"
HOUR = timedelta(hours=1)


@pytest.fixture
def api(credit_risk: Model, stopped_clock: datetime) -> Client:
    ModelVersion.objects.get_or_create(model=credit_risk, version="1")
    Model.objects.update(label_delay=HOUR)
    credit_risk.refresh_from_db()
    _, token = create_key(project=credit_risk.project, name="training", scopes=["admin", "read"])
    return Client(headers={"authorization": f"Bearer {token}"})


def post(client: Client, body: Any, path: str = PATH):
    return client.post(path, json.dumps(body), content_type="application/json")


def send(model: Model, at: datetime, broken: float = 0.0) -> None:
    served, outcomes = scored(model, 1_000, seed=at.hour, prefix=f"{at:%H}-", ts=micros(at), broken=broken)
    put_body(model.project, "prediction", served, received=at)
    put_body(model.project, "outcome", outcomes, received=at)
    drain_until_empty(now=at)


def test_estimates_and_reality_with_their_record(api: Client, credit_risk: Model, stopped_clock: datetime):
    now = stopped_clock.replace(minute=0, second=0, microsecond=0)
    fitted = estimator(credit_risk, now=now)
    send(credit_risk, now - 3 * HOUR)
    send(credit_risk, now - 2 * HOUR, broken=0.3)
    asked = {"from": (now - 4 * HOUR).isoformat(), "to": now.isoformat(), "step": "1h", "below": "0.7"}
    told = api.get(PATH, asked).json()
    assert (told["assumes"], told["state"], told["estimator"]["id"]) == ("assumes no concept drift", "ok", fitted.pk)
    assert [window["state"] for window in told["windows"]] == ["no_estimate", "mature", "mature", "no_estimate"]
    good, bad = told["windows"][1:3]
    assert good["estimated"]["low"] < good["realised"]["value"] < good["estimated"]["high"]
    assert (good["suspected"], bad["suspected"]) == (False, True)
    record = told["record"]
    assert (record["windows"], record["coverage"], record["suspected"]) == (2, 0.5, 1)
    assert record["alerts"] == {"caught": 0, "missed": 1, "false": 0}
    assert told["bounds"] == {"low": 0.7, "high": None}
    assert told["baseline"] == {"value": 0.75, "n": 100_000, "spread": 0.01}


def test_without_scores_and_without_an_estimator_the_state_says_so(api: Client, credit_risk: Model):
    told = api.get(PATH).json()
    assert (told["state"], told["estimator"], told["baseline"], told["record"]["windows"]) == (
        "no_scores",
        None,
        None,
        0,
    )


def test_a_fit_is_a_job(api: Client, stopped_clock: datetime):
    answer = post(api, {"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"})
    assert answer.status_code == 202
    job = Job.objects.get()
    assert answer.json() == {"job": job.pk, "state": "queued"}
    assert (job.kind, job.arguments["from"]) == ("fit_estimator", "2026-01-01T00:00:00+00:00")


@pytest.mark.parametrize(
    ("body", "pointer", "told"),
    [
        ({}, "/from", "Give `from` and `to`"),
        ([], "", "Send a JSON object."),
        ({"from": "yesterday", "to": "2026-02-01T00:00:00Z"}, "/from", "is not a time"),
        ({"from": "2026-02-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"}, "/to", "later"),
        ({"reference": True}, "/reference", "no reference whose rows are kept"),
    ],
)
def test_a_fit_that_cannot_be_names_the_mend(api: Client, body: Any, pointer: str, told: str):
    answer = post(api, body)
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error["pointer"] == pointer
    assert told in error["detail"]
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"measure": "latency_p95"}, "Not estimated; one of accuracy"),
        ({"below": "low"}, "A number"),
        ({"above": "nan"}, "A number"),
        ({"step": "1m"}, "ask for a larger step"),
    ],
)
def test_a_question_that_cannot_be_answered_names_the_mend(api: Client, asked: dict[str, str], told: str):
    answer = api.get(PATH, asked)
    assert answer.status_code == 400
    assert told in answer.content.decode()


def test_calls_of_language_models_are_not_estimated(api: Client):
    Model.objects.update(kind="llm")
    told = api.get(PATH).json()
    assert (told["state"], told["windows"]) == ("not_estimated", [])
    assert post(api, {"reference": True}).status_code == 400


def test_of_a_regression_the_history_that_is_estimated_is_told(
    api: Client, credit_risk: Model, stopped_clock: datetime
):
    estimator(credit_risk, now=stopped_clock)
    assert api.get(PATH).json()["estimator"]["history"] is None
    Model.objects.update(kind="regression")
    assert api.get(PATH).json()["state"] == "no_scores"
    trees_of(credit_risk.versions.get(), now=stopped_clock)
    told = api.get(PATH).json()
    assert (told["measure"], told["state"]) == ("mae", "no_estimate")
    assert told["estimator"]["history"] == {"state": "complete", "since": None, "share": None, "job": None}
