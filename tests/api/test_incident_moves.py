"""Programs and people respond to incidents through the API, by the same verbs as the pages."""

import json
from datetime import datetime

import pytest
from django.test import Client

from alerting.incidents import open_incident
from alerting.models import Incident, Silence
from models_registry.keys import create_key
from models_registry.models import Model, Project


@pytest.fixture
def incident(project: Project, credit_risk: Model, stopped_clock: datetime) -> Incident:
    return open_incident(
        project_id=project.pk,
        model=credit_risk,
        group={"model": "credit-risk"},
        title="Accuracy fell",
        severity="page",
        impact_started_at=stopped_clock,
        now=stopped_clock,
    )


@pytest.fixture
def key(project: Project) -> Client:
    _, token = create_key(project=project, name="gateway", scopes=["read", "respond"])
    return Client(headers={"authorization": f"Bearer {token}"})


def move(client: Client, incident: Incident, verb: str, body: object = None, query: str = "") -> object:
    data = "" if body is None else json.dumps(body)
    return client.post(f"/api/v1/incidents/{incident.number}/{verb}{query}", data, content_type="application/json")


def test_a_key_acknowledges_under_an_account_of_its_own(key: Client, incident: Incident) -> None:
    answer = move(key, incident, "acknowledge")
    assert answer.status_code == 200
    assert answer.json()["state"] == "acknowledged"
    assert answer.json()["acknowledged_by"].startswith("key-")


def test_a_responder_acts_in_their_own_name(as_bia: Client, incident: Incident) -> None:
    assert move(as_bia, incident, "acknowledge", query="?project=aurora").json()["acknowledged_by"] == "bia"


def test_a_comment_lands_in_the_timeline(key: Client, incident: Incident) -> None:
    answer = move(key, incident, "comment", {"text": "Rolled back to 12."})
    assert "Rolled back to 12." in [entry["text"] for entry in answer.json()["timeline"]]


@pytest.mark.parametrize("hours", ["NaN", "Infinity", "1e999", "-1e999", '"NaN"', '"inf"', "9" * 400])
def test_a_silence_without_end_is_refused(key: Client, incident: Incident, hours: str) -> None:
    path = f"/api/v1/incidents/{incident.number}/silence"
    answer = key.post(path, f'{{"hours": {hours}}}', content_type="application/json")
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert not Silence.objects.exists()


def test_a_silence_has_an_owner_and_an_end(key: Client, incident: Incident) -> None:
    assert move(key, incident, "silence", {"hours": 2, "comment": "deploying"}).status_code == 200
    silence = Silence.objects.get()
    assert (silence.ends_at - silence.starts_at).total_seconds() == 7200


def test_a_resolved_incident_cannot_be_acknowledged(key: Client, incident: Incident) -> None:
    assert move(key, incident, "resolve").json()["state"] == "resolved"
    answer = move(key, incident, "acknowledge")
    assert (answer.status_code, answer.json()["code"]) == (409, "refused")


@pytest.mark.parametrize("body", [{}, {"text": ""}, {"text": 3.5, "hours": []}, []])
def test_a_bad_body_is_a_400_or_a_comment(key: Client, incident: Incident, body: object) -> None:
    status = move(key, incident, "comment", body).status_code
    assert status == (200 if body == {"text": 3.5, "hours": []} else 400)


def test_a_reading_key_cannot_act(project: Project, incident: Incident) -> None:
    _, token = create_key(project=project, name="reader", scopes=["read"])
    reader = Client(headers={"authorization": f"Bearer {token}"})
    assert move(reader, incident, "acknowledge").status_code == 403


def test_an_outsider_cannot_act(as_caio: Client, incident: Incident) -> None:
    assert move(as_caio, incident, "acknowledge", query="?project=aurora").status_code == 403


def test_a_session_needs_its_csrf_token(bia: object, incident: Incident) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(bia)
    assert move(strict, incident, "acknowledge", query="?project=aurora").status_code == 403


def test_incidents_and_alerts_page(key: Client, incident: Incident) -> None:
    assert [row["number"] for row in key.get("/api/v1/incidents?state=open").json()["items"]] == [incident.number]
    assert key.get("/api/v1/incidents?state=resolved").json() == {"items": [], "next": None}
    assert key.get("/api/v1/alerts").json() == {"items": [], "next": None}
    assert key.get("/api/v1/incidents/999").status_code == 404
