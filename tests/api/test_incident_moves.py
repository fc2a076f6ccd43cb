"""Programs and people respond to incidents through the API, by the same verbs as the pages."""

import json
from datetime import datetime

import pytest
from django.test import Client

from alerting.incidents.course import open_incident
from alerting.models import Incident, Silence
from models_registry.keys import create_key
from models_registry.models import Model, Project
from tests import cast


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
def test_a_bad_body_is_a_400(key: Client, incident: Incident, body: object) -> None:
    assert move(key, incident, "comment", body).status_code == 400


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


def test_a_whole_life_by_program(key: Client, as_bia: Client, bia: object, incident: Incident) -> None:
    seen = move(key, incident, "acknowledge").json()["revision"]
    for verb, body, after in (
        ("assign", {"assignee": "bia", "revision": seen}, {"assignee": "bia"}),
        ("severity", {"severity": "ticket", "text": "Only a test set."}, {"severity": "ticket"}),
        ("snooze", {"hours": 2}, {"state": "acknowledged"}),
        ("wake", None, {"snoozed_until": None}),
        ("mitigate", {}, {"state": "mitigated"}),
        ("resolve", None, {"state": "resolved"}),
        ("close", {"without_review": "A drill."}, {"state": "closed"}),
        ("reopen", {"text": "No drill."}, {"state": "open", "closed_at": None}),
    ):
        answer = move(key, incident, verb, body)
        assert answer.status_code == 200, answer.content
        assert {name: answer.json()[name] for name in after} == after
    titles = [entry["title"] for entry in answer.json()["timeline"] if entry["kind"] != "suppressed"]
    assert titles[-3:] == ["Resolved", "Closed", "Reopened"]


@pytest.mark.parametrize(
    ("verb", "body", "status", "said"),
    [
        ("assign", {"assignee": "nobody-here"}, 400, "nobody of this user name"),
        ("assign", {}, 400, "required"),
        ("snooze", {}, 400, "Give either"),
        ("snooze", {"hours": 1, "until": "2026-03-11T00:00:00Z"}, 400, "Give either"),
        ("snooze", {"until": "2020-01-01T00:00:00Z"}, 409, "later than now"),
        ("merge", {"into": 99}, 400, "no incident with this number"),
        ("merge", {"into": 1}, 409, "itself"),
        ("severity", {"severity": "terrible"}, 400, "terrible"),
        ("severity", {"severity": "ticket", "revision": 41}, 409, "has moved on"),
        ("close", {}, 409, "INC-1 is open. Possible now: acknowledge it"),
        ("reopen", {"revision": -1}, 400, "greater than or equal to 0"),
    ],
)
def test_what_cannot_be_done_says_why(
    key: Client, incident: Incident, verb: str, body: object, status: int, said: str
) -> None:
    answer = move(key, incident, verb, body)
    assert answer.status_code == status, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert said in answer.content.decode()


def test_a_duplicate_is_merged_by_number(key: Client, project: Project, incident: Incident) -> None:
    other = cast.make_incident(project, 8)
    answer = move(key, other, "merge", {"into": incident.number}).json()
    assert (answer["state"], answer["merged_into"]) == ("merged", 1)
    answer = move(key, other, "acknowledge")
    assert (answer.status_code, answer.json()["code"]) == (409, "refused")
    assert "INC-8 was merged into INC-1" in answer.json()["detail"]


def test_a_list_narrowed_by_states_and_person(key: Client, bia: object, project: Project, incident: Incident) -> None:
    cast.make_incident(project, 8, state="closed", assignee=bia)
    cast.make_incident(project, 9, state="resolved")

    def numbers(query: str) -> list[int]:
        return [row["number"] for row in key.get(f"/api/v1/incidents?{query}").json()["items"]]

    assert numbers("state=open,closed") == [8, 1]
    assert numbers("assignee=bia") == [8]
    assert key.get("/api/v1/incidents?state=open,burning").status_code == 400


def test_incidents_and_alerts_page(key: Client, incident: Incident) -> None:
    assert [row["number"] for row in key.get("/api/v1/incidents?state=open").json()["items"]] == [incident.number]
    assert key.get("/api/v1/incidents?state=resolved").json() == {"items": [], "next": None}
    assert key.get("/api/v1/alerts").json() == {"items": [], "next": None}
    assert key.get("/api/v1/incidents/999").status_code == 404
