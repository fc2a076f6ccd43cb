"""The reference by API: set from rows, histograms or a window; refused with the mend; read back."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from models_registry.jobs import run_jobs
from models_registry.keys import create_key
from models_registry.models import Job, Model
from monitoring.drain import drain_until_empty
from monitoring.models import Reference
from monitoring.selectors.references import read_sample
from tests.monitoring.conftest import put_body
from tests.monitoring.references import applicants, predictions

PATH = "/api/v1/models/credit-risk/versions/1/reference"


@pytest.fixture
def api(credit_risk: Model, stopped_clock: datetime) -> Client:
    _, token = create_key(project=credit_risk.project, name="training", scopes=["admin", "read", "ingest"])
    return Client(headers={"authorization": f"Bearer {token}"})


def post(client: Client, body: Any, path: str = PATH):
    return client.post(path, json.dumps(body), content_type="application/json")


def test_rows_become_the_reference_and_can_be_read_back(api: Client):
    assert api.get(PATH).status_code == 404
    answer = post(api, {"rows": applicants(300), "categorical": ["region"]})
    assert answer.status_code == 201
    told = answer.json()
    assert (told["origin"], told["rows"]) == ("rows", 300)
    assert [(one["name"], one["kind"]) for one in told["features"]] == [("income", "number"), ("region", "category")]
    assert api.get(PATH).json() == told


def test_ready_made_histograms(api: Client):
    histograms = {
        "income": {"edges": [10.0, 20.0], "counts": [5, 3, 2], "nulls": 1, "low": 0, "high": 50},
        "region": {"categories": {"north": 7, "south": 3}, "other": 1},
    }
    told = post(api, {"histograms": histograms}).json()
    assert (told["origin"], told["rows"], told["features"][0]["bins"]) == ("histograms", 11, 3)


def test_a_past_window(api: Client, credit_risk: Model, now: datetime):
    items = predictions(applicants(120), ts=int(now.timestamp() * 1e6))
    put_body(credit_risk.project, "prediction", items, received=now)
    drain_until_empty(now=now)
    window = {"from": (now - timedelta(hours=1)).isoformat(), "to": (now + timedelta(hours=1)).isoformat()}
    assert post(api, {"window": window}).json()["rows"] == 120


@pytest.mark.parametrize(
    ("body", "pointer", "told"),
    [
        ({}, "/rows", "exactly one"),
        ([], "", "Send a JSON object."),
        ({"rows": [{"a": 1}], "histograms": {}}, "/rows", "exactly one"),
        ({"rows": []}, "/rows", "at least one row"),
        ({"rows": [1]}, "/rows", "list of objects"),
        ({"rows": [{"a": [1]}]}, "/rows", "numbers, texts"),
        ({"rows": [{"a": 1}], "categorical": "a"}, "/categorical", "list of names"),
        ({"rows": [{"a": 1}], "categorical": ["b"]}, "/rows", "no row has"),
        ({"rows": [{}]}, "/rows", "at least one row"),
        ({"histograms": {"a": 1}}, "/histograms", "'a'"),
        ({"histograms": {}}, "/histograms", "at least one feature"),
        ({"window": {"from": "yesterday"}}, "/window/from", "not a time"),
        ({"window": {}}, "/window", "RFC 3339"),
        ({"window": {"from": "2026-03-02T00:00:00Z", "to": "2026-03-01T00:00:00Z"}}, "/window", "later"),
        ({"window": {"from": "2026-03-01T00:00:00Z", "to": "2026-03-02T00:00:00Z"}}, "/window", "no stored"),
    ],
)
def test_what_cannot_be_a_reference_is_refused_with_the_mend(api: Client, body, pointer, told):
    answer = post(api, body)
    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert error["pointer"] == pointer
    assert told in error["detail"]


def test_unknown_models_and_versions_are_named(api: Client):
    body = {"rows": [{"a": 1}]}
    assert "no model" in post(api, body, PATH.replace("credit-risk", "other")).json()["detail"]
    assert "no such version" in post(api, body, PATH.replace("versions/1", "versions/2")).json()["detail"]


def test_a_key_that_may_only_ingest_cannot_set_it(api: Client, credit_risk: Model):
    _, token = create_key(project=credit_risk.project, name="service", scopes=["ingest", "read"])
    answer = post(Client(headers={"authorization": f"Bearer {token}"}), {"rows": [{"a": 1}]})
    assert answer.status_code == 403
    assert "admin" in answer.json()["detail"]


def test_the_models_own_paths_still_answer(api: Client):
    assert api.get("/api/v1/models/credit-risk").json()["slug"] == "credit-risk"
    assert len(api.get("/api/v1/models").json()["items"]) == 1


def test_another_versions_reference_without_its_answers(api: Client, credit_risk: Model):
    rows = [{**row, "prediction": "paid", "score": 0.3, "label": "paid"} for row in applicants(300)]
    first = post(api, {"rows": rows}).json()
    assert [(one["name"], one["source"]) for one in first["features"]][1] == ("prediction", "prediction")
    credit_risk.versions.create(version="2")
    path = PATH.replace("versions/1", "versions/2")
    told = post(api, {"version": "1"}, path).json()
    assert (told["origin"], told["rows"], told["history"]["state"]) == ("version", 300, "complete")
    assert [one["name"] for one in told["features"]] == ["income", "region"]
    sample = read_sample(Reference.objects.latest("id"))
    assert (sample.label[0], sample.score, sample.rows) == ("paid", [], 300)
    for name in ("3", 1):
        [error] = post(api, {"version": name}, path).json()["errors"]
        assert (error["pointer"], error["detail"][:30]) == ("/version", "Name a version of this model t")


def test_histograms_of_answers_are_told_from_features(api: Client):
    given = {
        "prediction": {"categories": {"paid": 3}},
        "score": {"edges": [0.5], "counts": [2, 1]},
        "a": {"edges": [1], "counts": [2, 1]},
    }
    told = post(api, {"histograms": given}).json()
    assert {one["name"]: one["source"] for one in told["features"]} == {
        "a": "input",
        "prediction": "prediction",
        "score": "score",
    }


def test_how_far_back_it_reaches_is_told_with_the_job(api: Client, credit_risk: Model, now: datetime):
    items = predictions(applicants(20), ts=int(now.timestamp() * 1e6))
    put_body(credit_risk.project, "prediction", items, received=now)
    drain_until_empty(now=now)
    told = post(api, {"rows": applicants(300)}).json()["history"]
    job = Job.objects.get()
    assert told == {"state": "folding", "since": None, "share": 0.0, "job": job.pk}
    run_jobs(now=now)
    assert api.get(PATH).json()["history"] == {"state": "complete", "since": None, "share": None, "job": job.pk}
