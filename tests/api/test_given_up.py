"""One message that was given up, one dead letter, and how alerts become incidents: by API as in the admin."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from alerting.models import Channel, IncidentEvent, IncidentPolicy, Notification, incident_policy
from models_registry.keys import create_key
from models_registry.models import Project
from monitoring.models import DeadLetter
from tests.cast import NOW, make_incident, make_person

pytestmark = pytest.mark.django_db


def holder(project: Project, *scopes: str) -> Client:
    token = create_key(project=project, name="k", scopes=scopes)[1]
    return Client(headers={"Authorization": f"Bearer {token}"})


def send(api: Client, method: str, path: str, body: Any = None) -> Any:
    return getattr(api, method)(f"/api/v1/{path}", body, content_type="application/json")


def person_of(role: str) -> Client:
    client = Client()
    client.force_login(make_person(role, role))
    return client


@pytest.fixture
def dead(project: Project, stopped_clock: datetime) -> Notification:
    channel = Channel.objects.create(project=project, name="log", kind="console")
    return Notification.objects.create(
        uid=uuid4(),
        incident=make_incident(project),
        channel=channel,
        generation="1",
        reason="opened",
        state="dead",
        attempts=5,
        last_error="410 Gone",
        created_at=NOW,
        not_before=NOW,
    )


def test_one_message_gets_another_round_and_the_timeline_says_who_asked(project: Project, dead: Notification) -> None:
    other = Notification.objects.create(
        uid=uuid4(), incident=dead.incident, channel=dead.channel, generation="2", reason="opened", state="dead",
        created_at=NOW, not_before=NOW,
    )  # fmt: skip
    api = holder(project, "read", "respond")
    before = send(api, "get", f"notifications/{dead.uid}").json()
    assert (before["state"], before["attempts"], before["last_error"]) == ("dead", 5, "410 Gone")
    again = send(api, "post", f"notifications/{dead.uid}/requeue")
    assert again.status_code == 200, again.content
    assert (again.json()["id"], again.json()["state"], again.json()["attempts"]) == (str(dead.uid), "queued", 0)
    event = IncidentEvent.objects.get()
    assert (event.kind, event.data["id"]) == ("requeued", str(dead.uid))
    refused = send(api, "post", f"notifications/{dead.uid}/requeue")
    assert (refused.status_code, refused.json()["code"]) == (409, "refused")
    other.refresh_from_db()
    assert other.state == "dead"


def test_tests_of_channels_are_not_sent_again(project: Project, dead: Notification) -> None:
    Notification.objects.filter(pk=dead.pk).update(incident=None, reason="test")
    refused = send(holder(project, "respond"), "post", f"notifications/{dead.uid}/requeue")
    assert (refused.status_code, "the channel's test" in refused.json()["detail"]) == (409, True)


def test_who_may_requeue(project: Project, dead: Notification) -> None:
    stranger = holder(Project.objects.create(slug="other", name="Other"), "read", "respond")
    url = f"notifications/{dead.uid}"
    assert send(stranger, "get", url).status_code == 404
    assert send(stranger, "post", f"{url}/requeue").status_code == 404
    assert send(holder(project, "read"), "post", f"{url}/requeue").status_code == 403
    codes = {
        role: send(person_of(role), "post", f"{url}/requeue?project=aurora").status_code
        for role in ("viewer", "responder")
    }
    assert codes == {"viewer": 403, "responder": 200}


def test_a_dead_letter_is_read_whole(project: Project, stopped_clock: datetime) -> None:
    item = b'{"id": "a", "message": "' + b"m" * 5_000 + b'"}'
    letter = DeadLetter.objects.create(project=project, kind="log", item=item, error="broken", at=NOW)
    api = holder(project, "read")
    assert len(send(api, "get", "dead-letters").json()["items"][0]["item"]) == 4_000
    whole = send(api, "get", f"dead-letters/{letter.pk}").json()
    assert (whole["item"], whole["error"], whole["kind"]) == (item.decode(), "broken", "log")
    other = Project.objects.create(slug="other", name="Other")
    assert send(holder(other, "read"), "get", f"dead-letters/{letter.pk}").status_code == 404


def test_the_incident_policy_is_read_and_changed(project: Project, stopped_clock: datetime) -> None:
    api = holder(project, "read", "admin")
    defaults = {"labels": ["model"], "reopen_within_s": 1_800.0, "hold_flapping": True}
    assert send(api, "get", "incident-policy").json() == defaults
    assert not IncidentPolicy.objects.exists(), "to look is no decision"
    changed = send(api, "patch", "incident-policy", {"labels": ["model", "environment"]})
    assert (changed.status_code, changed.json()) == (200, {**defaults, "labels": ["model", "environment"]})
    changed = send(api, "patch", "incident-policy", {"reopen_within_s": 0, "hold_flapping": False})
    assert changed.json() == {"labels": ["model", "environment"], "reopen_within_s": 0.0, "hold_flapping": False}
    assert incident_policy(project.pk).reopen_within == timedelta(0)
    assert IncidentPolicy.objects.count() == 1
    assert send(api, "patch", "incident-policy", {"labels": []}).json()["labels"] == []


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"labels": ["no-name"]}, "/labels"),
        ({"labels": "model"}, "/labels"),
        ({"reopen_within_s": 8 * 86_400}, "/reopen_within_s"),
        ({"reopen_within_s": -1}, "/reopen_within_s"),
        ({"reopen": 1}, "/reopen"),
    ],
)
def test_a_policy_that_cannot_be_is_refused(
    project: Project, stopped_clock: datetime, given: dict[str, Any], pointer: str
) -> None:
    refused = send(holder(project, "admin"), "patch", "incident-policy", given)
    [error] = refused.json()["errors"]
    assert (refused.status_code, error["pointer"]) == (400, pointer)
    assert not IncidentPolicy.objects.exists()


def test_who_may_decide_on_incidents(project: Project, stopped_clock: datetime) -> None:
    change = {"hold_flapping": False}
    assert send(holder(project, "read", "respond"), "patch", "incident-policy", change).status_code == 403
    for role, code in (("viewer", 403), ("responder", 403), ("editor", 200)):
        person = person_of(role)
        assert send(person, "get", "incident-policy?project=aurora").status_code == 200
        assert send(person, "patch", "incident-policy?project=aurora", change).status_code == code
