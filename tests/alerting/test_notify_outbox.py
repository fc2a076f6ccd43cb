"""What is written into the outbox, and what is decided not to be sent."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils.translation import override

from alerting.models import Incident, IncidentEvent, Notification, Severity
from alerting.notify.decisions import explain
from alerting.notify.enqueue import enqueue
from alerting.notify.send import send
from tests.alerting.notify_cast import HandClock, make_channel, make_incident, silence, states, told_by


@pytest.fixture
def incident(credit_risk, now) -> Incident:
    return make_incident(credit_risk, now)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def resolve(incident: Incident, now) -> None:
    incident.state, incident.resolved_at = Incident.State.RESOLVED, now
    incident.save()


def test_every_enabled_channel_of_the_project_gets_one_message_however_often_it_is_asked(incident, other_project, now):
    make_channel(incident.project, name="one")
    make_channel(incident.project, name="two")
    make_channel(incident.project, name="off", enabled=False)
    make_channel(other_project, name="theirs")
    first = enqueue(incident, reason="opened", now=now)
    again = enqueue(incident, reason="opened", now=now)
    assert [row.channel.name for row in first] == ["one", "two"]
    assert again == []
    assert Notification.objects.count() == 2


def test_a_message_is_rolled_back_with_the_change_it_tells_of(incident, now):
    make_channel(incident.project)
    with transaction.atomic():
        enqueue(incident, reason="opened", now=now)
        transaction.set_rollback(True)
    assert not Notification.objects.exists()
    assert not IncidentEvent.objects.exists()


def test_nobody_to_tell_is_said_in_the_timeline(incident, now):
    for _ in range(2):
        assert enqueue(incident, reason="opened", now=now) == []
    assert told_by(incident) == ["suppressed"]


def test_a_channel_that_wants_pages_is_not_told_of_tickets_until_severity_is_raised(credit_risk, now, clock):
    incident = make_incident(credit_risk, now, severity=Severity.TICKET)
    make_channel(incident.project, minimum_severity=Severity.PAGE)
    enqueue(incident, reason="opened", now=now)
    incident.severity = Severity.PAGE
    incident.save()
    enqueue(incident, reason="escalated", now=now)
    send(now=now, clock=clock)
    assert states() == [("opened", "suppressed", "below_severity"), ("escalated", "sent", "")]
    assert told_by(incident) == ["suppressed", "notified"]


def test_the_end_is_not_told_to_who_never_heard_of_the_beginning(incident, now):
    make_channel(incident.project)
    resolve(incident, now)
    enqueue(incident, reason="resolved", now=now)
    assert states() == [("resolved", "suppressed", "nothing_sent")]


def test_beginning_and_end_arrive_in_order(incident, now, clock):
    make_channel(incident.project)
    enqueue(incident, reason="opened", now=now)
    resolve(incident, now)
    enqueue(incident, reason="resolved", now=now)
    assert send(now=now, clock=clock).written == 2
    events = IncidentEvent.objects.filter(incident=incident).order_by("id")
    assert [event.data["reason"] for event in events] == ["opened", "resolved"]


def test_a_silence_holds_messages_back_and_says_who_and_until_when(incident, ana, now):
    make_channel(incident.project, name="Ops")
    silence(incident, ana, now)
    enqueue(incident, reason="opened", now=now)
    assert states() == [("opened", "suppressed", "silenced")]
    event = IncidentEvent.objects.get(incident=incident)
    assert event.text == "Ops was not told: ana silenced this until 2026-03-10 14:00."
    assert explain(event.data) == event.text


@pytest.mark.parametrize(
    "asked", ['model="credit-risk"', "rule=accuracy", 'project=~"a.*"', 'severity="page",model!=x', "alertname!~x"]
)
def test_a_silence_holds_back_what_its_matchers_name(incident, ana, now, asked):
    make_channel(incident.project)
    silence(incident, ana, now, asked=asked)
    enqueue(incident, reason="opened", now=now)
    assert states() == [("opened", "suppressed", "silenced")]


def test_a_silence_of_other_alerts_another_project_or_time_holds_nothing_back(incident, other_project, ana, now):
    make_channel(incident.project)
    silence(incident, ana, now, asked="model=support-assistant")
    silence(incident, ana, now, asked="model=credit-risk,rule!=accuracy")
    silence(incident, ana, now - timedelta(hours=3))
    silence(incident, ana, now + timedelta(seconds=1))
    silence(incident, ana, now, project=other_project)
    enqueue(incident, reason="opened", now=now)
    assert states() == [("opened", "queued", "")]


def test_a_silence_is_asked_again_when_the_message_leaves(incident, ana, now, clock):
    make_channel(incident.project)
    enqueue(incident, reason="opened", now=now)
    silence(incident, ana, now)
    assert send(now=now, clock=clock).skipped == 1
    assert states() == [("opened", "suppressed", "silenced")]


def test_when_the_silence_ends_an_open_incident_is_announced_once(incident, ana, now, clock):
    make_channel(incident.project)
    silence(incident, ana, now)
    enqueue(incident, reason="opened", now=now)
    send(now=now, clock=clock)
    later = now + timedelta(hours=2)
    clock.forward(hours=2)
    assert send(now=later, clock=clock).written == 1
    assert send(now=later, clock=clock).written == 0
    assert states() == [("opened", "suppressed", "silenced"), ("opened", "sent", "")]


def test_when_the_silence_ends_who_knew_of_the_beginning_hears_of_the_end(incident, ana, now, clock):
    make_channel(incident.project)
    enqueue(incident, reason="opened", now=now)
    send(now=now, clock=clock)
    silence(incident, ana, now)
    resolve(incident, now)
    enqueue(incident, reason="resolved", now=now)
    clock.forward(hours=2)
    send(now=now + timedelta(hours=2), clock=clock)
    assert states() == [("opened", "sent", ""), ("resolved", "suppressed", "silenced"), ("resolved", "sent", "")]


@pytest.mark.parametrize("state", [Incident.State.ACKNOWLEDGED, Incident.State.RESOLVED])
def test_when_the_silence_ends_what_is_in_good_hands_or_over_is_not_announced(incident, ana, now, clock, state):
    make_channel(incident.project)
    silence(incident, ana, now)
    enqueue(incident, reason="opened", now=now)
    incident.state = state
    incident.save()
    clock.forward(hours=2)
    assert send(now=now + timedelta(hours=2), clock=clock).written == 0


def test_a_second_silence_keeps_holding_back_until_it_ends_too(incident, ana, now, clock):
    make_channel(incident.project)
    silence(incident, ana, now, hours=1)
    enqueue(incident, reason="opened", now=now)
    silence(incident, ana, now, hours=3)
    for hours, written in ((1, 0), (2, 0), (3, 1), (4, 0)):
        clock.forward(hours=1)
        assert send(now=now + timedelta(hours=hours), clock=clock).written == written


def test_a_channel_switched_off_while_its_message_waits_is_not_told(incident, now, clock):
    channel = make_channel(incident.project)
    enqueue(incident, reason="opened", now=now)
    channel.enabled = False
    channel.save()
    send(now=now, clock=clock)
    assert states() == [("opened", "suppressed", "channel_off")]


def test_a_broken_link_provider_costs_its_links_and_not_the_message(incident, now, settings):
    make_channel(incident.project)
    settings.INCIDENT_LINKS = [
        "tests.alerting.test_notify_outbox.broken_links",
        "nowhere.links",
        "tests.alerting.test_notify_outbox.working_links",
    ]
    settings.PUBLIC_URL = "https://panel.example/"
    [row] = enqueue(incident, reason="opened", now=now)
    assert row.body["data"]["links"] == [{"label": "Incident", "url": "https://panel.example/incidents/7/"}]


def broken_links(incident):
    Notification.objects.raw("SELECT * FROM no_such_table")[0]


def working_links(incident):
    return [("Incident", f"/incidents/{incident.number}/")]


def test_every_decision_has_a_sentence_in_the_reader_s_language():
    facts = {"code": "below_severity", "channel": "Ops", "minimum": "page"}
    with override("en"):
        assert explain(facts) == "Ops was not told: it only takes “page” and above."
    with override("pt-br"):
        assert explain(facts) == "Ops não foi avisado: só recebe a partir de “acionamento”."
        assert explain({"code": "no_such_code"})
