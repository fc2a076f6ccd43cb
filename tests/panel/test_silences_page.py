"""The pages of silences, and the same by the API."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from alerting.models import Incident, Notification, Silence
from alerting.notify.enqueue import enqueue
from models_registry.keys import create_key
from models_registry.models import Model, User
from tests.panel import story

LIST = "/p/aurora/silences/"
ASKED = {"matchers": 'model="credit-risk"\nseverity=page', "hours": "2", "comment": "deploying"}


@pytest.fixture
def incident(credit_risk: Model, stopped_clock: datetime) -> Incident:
    return story.make_incident(story.make_rule(credit_risk), stopped_clock - timedelta(hours=2))


def test_what_re2_says_of_a_matcher_is_told_as_text(incident: Incident, as_bia: Client) -> None:
    page = as_bia.post(f"{LIST}new/", {**ASKED, "matchers": 'a=~"("', "preview": "1"}).content.decode()
    assert "that RE2 understands, or too large a one: missing ): (" in page
    assert "b&#x27;" not in page


def test_a_silence_is_looked_at_before_it_is_made(incident: Incident, as_bia: Client, bia: User) -> None:
    page = as_bia.post(f"{LIST}new/", {**ASKED, "preview": "1"}).content.decode()
    assert "It would hide now: 1 alert" in page
    assert "deploying" in page
    assert not Silence.objects.exists()
    page = as_bia.post(f"{LIST}new/", ASKED, follow=True).content.decode()
    made = Silence.objects.get()
    assert (made.owner, made.ends_at - made.starts_at) == (bia, timedelta(hours=2))
    assert "It hides now: 1 alert" in page
    assert "severity=&quot;page&quot;" in as_bia.get(LIST).content.decode()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"matchers": "model"}, "is no matcher"),
        ({"matchers": 'model=~"("'}, "no regular expression"),
        ({"matchers": ""}, "Write at least one matcher"),
        ({"hours": "0"}, "0.01"),
        ({"hours": "9999"}, "720"),
        ({"hours": "nan"}, "number"),
        ({"starts": "tomorrow"}, "valid date"),
    ],
)
def test_what_makes_no_sense_is_told_and_nothing_written_is_lost(
    incident: Incident, as_bia: Client, change: dict[str, str], says: str
) -> None:
    answer = as_bia.post(f"{LIST}new/", {**ASKED, **change})
    assert answer.status_code == 400
    assert says in answer.content.decode()
    assert "deploying" in answer.content.decode()
    assert not Silence.objects.exists()


def test_what_it_hid_is_shown_and_it_can_be_extended_and_ended(
    incident: Incident, as_bia: Client, bia: User, stopped_clock: datetime
) -> None:
    story_channel = incident.project.channels.create(name="Ops", kind="console")
    as_bia.post(f"{LIST}new/", ASKED)
    enqueue(incident, reason="opened", now=stopped_clock)
    made = Silence.objects.get()
    page = as_bia.get(f"{LIST}{made.pk}/").content.decode()
    assert "1 message held back" in page
    assert str(story_channel) in page
    assert "INC-7" in page
    as_bia.post(f"{LIST}{made.pk}/extend/", {"hours": "8"})
    made.refresh_from_db()
    assert made.ends_at == stopped_clock + timedelta(hours=8)
    as_bia.post(f"{LIST}{made.pk}/expire/")
    made.refresh_from_db()
    assert made.ends_at == stopped_clock
    assert "ended already" in as_bia.post(f"{LIST}{made.pk}/extend/", {"hours": "8"}, follow=True).content.decode()
    assert Notification.objects.get().decision == "silenced"


def test_a_viewer_sees_but_cannot_silence_and_an_outsider_learns_nothing(
    incident: Incident, as_bia: Client, as_caio: Client
) -> None:
    as_bia.post(f"{LIST}new/", ASKED)
    path = f"{LIST}{Silence.objects.get().pk}/"
    client = Client()
    client.force_login(story.make_viewer())
    for page in (LIST, path):
        assert client.get(page).status_code == 200
        assert b'<form method="post" action="/p/aurora/silences' not in client.get(page).content
        assert as_caio.get(page).status_code == 404
    for act in (f"{LIST}new/", f"{path}extend/", f"{path}expire/"):
        assert client.post(act, ASKED).status_code == 403
        assert as_bia.get(act).status_code == 405
    assert Silence.objects.count() == 1


def test_programs_do_the_same(incident: Incident, stopped_clock: datetime) -> None:
    _, token = create_key(project=incident.project, name="ops", scopes=["read", "respond"])
    key = Client(headers={"Authorization": f"Bearer {token}"})
    path, asked = "/api/v1/silences", {"matchers": ['model="credit-risk",severity="page"']}
    seen = key.post(f"{path}/preview", asked, "application/json").json()["hides"]
    assert [(alert["incident"], alert["labels"]["alertname"]) for alert in seen] == [(7, seen[0]["rule"])]
    ends = (stopped_clock + timedelta(hours=3)).isoformat()
    made = key.post(path, {**asked, "ends_at": ends}, "application/json")
    assert made.status_code == 201
    assert made.json()["matchers"] == ['model="credit-risk"', 'severity="page"']
    one = f"{path}/{made.json()['id']}"
    later = (stopped_clock + timedelta(hours=5)).isoformat()
    assert key.patch(one, {"ends_at": later}, "application/json").status_code == 200
    assert [row["state"] for row in key.get(path, {"state": "active"}).json()["items"]] == ["active"]
    assert key.delete(one).json()["state"] == "expired"
    assert key.patch(one, {"ends_at": later}, "application/json").status_code == 409
    assert key.get(path, {"state": "active"}).json() == {"items": []}
    assert key.get(path, {"state": "nonsense"}).status_code == 400
    for wrong in ({"matchers": []}, {"matchers": ["a=~.*"]}, {"matchers": "a=b"}, {}):
        assert key.post(path, {**wrong, "ends_at": ends}, "application/json").status_code == 400
    assert key.post(path, {**asked, "ends_at": stopped_clock.isoformat()}, "application/json").status_code == 409
    for listed in ("maintenance-windows", "inhibitions"):
        assert key.get(f"/api/v1/{listed}").json() == {"items": []}
