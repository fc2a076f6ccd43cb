"""Two taps from a message to an acknowledged incident: signed, without a login, and never by a program that follows links."""

import json
import re
from datetime import timedelta

import pytest
from django.test import Client

from alerting.incidents.course import resolve_incident
from alerting.models import Incident, IncidentEvent, Notification
from alerting.notify.ack import ASKS, LASTS, sign_ack
from alerting.notify.enqueue import enqueue
from alerting.notify.send import send
from alerting.selectors.incidents import incident_timeline
from lib.clock import real_now
from models_registry.models import User
from tests.alerting.notify_cast import HandClock, make_channel, make_incident
from tests.receiver import receiver

pytestmark = pytest.mark.django_db
PORTUGUESE = {"HTTP_ACCEPT_LANGUAGE": "pt-BR"}


@pytest.fixture
def incident(credit_risk, now, settings, stopped_clock) -> Incident:
    settings.INCIDENT_LINKS = []
    settings.OUTGOING_ALLOW_PRIVATE = True
    settings.PUBLIC_URL = "https://panel.example"
    return make_incident(credit_risk, now)


def link_of(incident: Incident, *, owner: User | None = None, until=None) -> str:
    channel = make_channel(incident.project, name="Ops phone", owner=owner)
    return f"/a/{sign_ack(incident, channel, until=until or real_now() + LASTS)}"


def test_a_message_carries_a_link_that_two_taps_later_has_acknowledged(incident, client: Client, now):
    with receiver() as hook:
        make_channel(incident.project, "webhook", name="Ops", target=hook.url())
        enqueue(incident, reason="opened", now=now)
        send(now=now, clock=HandClock())
        data = json.loads(hook.received[0].body)["data"]
    assert data["acknowledge_url"].startswith("https://panel.example/a/")
    assert "acknowledge_url" not in json.dumps(Notification.objects.get().body), "what is stored opens nothing"
    path = data["acknowledge_url"].removeprefix("https://panel.example")
    page = client.get(path)
    assert page.status_code == 200
    assert not client.cookies, "no session is begun"
    assert re.search(r'<form method="post".*<button', page.content.decode(), re.DOTALL)
    page = client.post(path, follow=True)
    assert "Ops is on it since" in page.content.decode()
    incident.refresh_from_db()
    assert incident.state == "acknowledged"
    event = IncidentEvent.objects.get(incident=incident, kind="acknowledged")
    assert event.data == {"via": "Ops"}
    assert not event.actor.is_active, "an account that cannot log in"
    assert "By the link in a message of Ops." in [entry.text for entry in incident_timeline(incident)]


@pytest.mark.parametrize("method", ["get", "head"])
def test_what_only_follows_links_acknowledges_nothing(incident, client: Client, method):
    path = link_of(incident)
    for _ in range(3):
        assert getattr(client, method)(path).status_code == 200
    assert client.options(path).status_code == 405
    incident.refresh_from_db()
    assert incident.state == "open"


def test_who_the_channel_belongs_to_acts_and_only_while_they_may(incident, client: Client, bia):
    path = link_of(incident, owner=bia)
    bia.is_active = False
    bia.save()
    assert client.post(path).status_code == 410
    bia.is_active = True
    bia.save()
    client.post(path)
    incident.refresh_from_db()
    assert incident.acknowledged_by == bia


@pytest.mark.parametrize("change", ["expired", "tampered", "cut", "long", "channel off"])
def test_a_link_that_does_not_hold_says_why_and_changes_nothing(incident, client: Client, change):
    path = link_of(incident, until=real_now() - timedelta(seconds=1) if change == "expired" else None)
    claims, signature = path.removeprefix("/a/").split(":")
    if change == "channel off":
        incident.project.channels.update(enabled=False)
    path = {
        "tampered": f"/a/{claims}:{signature[::-1]}",
        "cut": f"/a/{claims}",
        "long": path + "x" * 600,
    }.get(change, path)
    status = {"expired": 410, "tampered": 403, "cut": 404, "long": 404, "channel off": 410}
    for answer in (client.get(path), client.post(path)):
        assert answer.status_code == status[change]
        assert "<form" not in answer.content.decode()
    assert client.get(path, **PORTUGUESE).content != client.get(path).content
    incident.refresh_from_db()
    assert incident.state == "open"


def test_the_page_speaks_the_language_of_the_phone(incident, client: Client):
    page = client.get(link_of(incident), **PORTUGUESE).content.decode()
    assert "Reconhecer" in page
    assert 'lang="pt-br"' in page


def test_what_somebody_took_or_what_is_over_offers_no_button(incident, client: Client, ana, now):
    path = link_of(incident)
    client.post(path)
    assert client.post(path).status_code == 302, "repeating it changes nothing"
    assert "<form" not in client.get(path).content.decode()
    assert IncidentEvent.objects.filter(kind="acknowledged").count() == 1
    resolve_incident(incident, by=ana, now=now)
    assert "It is over" in client.get(path).content.decode()
    answer = client.post(path)
    assert answer.status_code == 409
    assert "resolved already" in answer.content.decode()


def test_the_page_is_private(incident, client: Client):
    answer = client.get(link_of(incident))
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer.headers["Cache-Control"]
    assert "noindex" in answer.headers["X-Robots-Tag"]


def test_only_messages_that_ask_for_somebody_carry_it(incident, ana, now):
    with receiver() as hook:
        make_channel(incident.project, "webhook", name="Ops", target=hook.url())
        enqueue(incident, reason="opened", now=now)
        send(now=now, clock=HandClock())
        resolve_incident(incident, by=ana, now=now)
        send(now=now, clock=HandClock())
        bodies = [json.loads(got.body) for got in hook.received]
    assert [bool(body["data"].get("acknowledge_url")) for body in bodies] == [True, False]
    assert "resolved" not in ASKS
