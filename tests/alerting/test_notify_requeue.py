"""A message that was given up gets another round when somebody asks for it, and the timeline says who."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from alerting.channels.base import ChannelError
from alerting.models import IncidentEvent, Notification
from alerting.notify import deliver
from alerting.notify.enqueue import enqueue
from alerting.notify.requeue import requeue
from alerting.notify.send import send
from alerting.selectors.incidents import incident_timeline
from tests.alerting.notify_cast import HandClock, make_channel, make_incident

pytestmark = pytest.mark.django_db


@pytest.fixture
def dead(credit_risk, now, settings) -> Notification:
    """Given up, because the receiver refused it for good."""
    settings.INCIDENT_LINKS = []
    make_channel(credit_risk.project, "console")
    incident = make_incident(credit_risk, now)
    enqueue(incident, reason="opened", now=now)
    clock = HandClock()
    row = deliver.claim(Notification.objects.get().pk, now=now, real=clock())
    deliver.mark_failed(row, ChannelError("410 Gone", permanent=True), now=now, real=clock())
    row.refresh_from_db()
    assert row.state == "dead"
    return row


def test_it_is_sent_with_the_same_id_and_the_timeline_says_who_asked(dead, bia, now):
    clock = HandClock()
    assert requeue([dead], by=bia, now=now, clock=clock) == 1
    fresh = Notification.objects.get()
    assert (fresh.state, fresh.attempts, fresh.decision, fresh.uid) == ("queued", 0, "", dead.uid)
    assert send(now=now, clock=clock).written == 1
    assert Notification.objects.get().state == "sent"
    kinds = [event.kind for event in IncidentEvent.objects.order_by("id")]
    assert kinds == ["suppressed", "requeued", "notified"]
    entry = next(entry for entry in incident_timeline(dead.incident) if entry.kind == "requeued")
    assert (entry.title, entry.text, entry.actor) == ("Message queued again", "console", bia)


def test_asking_twice_queues_once_and_what_was_sent_is_left_alone(dead, bia, now):
    assert requeue([dead], by=bia, now=now) == 1
    assert requeue([dead], by=bia, now=now) == 0
    assert IncidentEvent.objects.filter(kind="requeued").count() == 1


def test_an_editor_queues_again_from_the_log_and_from_the_channel(dead, as_ana: Client):
    action = {"action": "queue_again", "_selected_action": [dead.pk]}
    page = as_ana.post(reverse("admin:alerting_notification_changelist"), action, follow=True)
    assert "1 message is queued again." in page.content.decode()
    Notification.objects.update(state="dead")
    change = reverse("admin:alerting_channel_change", args=[dead.channel_id])
    assert 'name="_requeue"' in as_ana.get(change).content.decode()
    form = {"project": dead.channel.project_id, "name": "console", "kind": "console", "minimum_severity": "ticket"}
    page = as_ana.post(change, {**form, "enabled": "on", "_requeue": "1"}, follow=True)
    assert "1 message is queued again." in page.content.decode()
    assert 'name="_requeue"' not in page.content.decode()
    assert Notification.objects.get().state == "queued"


def test_somebody_who_only_looks_cannot(dead, as_caio: Client, caio):
    caio.is_staff = True
    caio.save()
    caio.groups.add(Group.objects.get(name="viewer"))
    action = {"action": "queue_again", "_selected_action": [dead.pk]}
    assert as_caio.get(reverse("admin:alerting_notification_changelist")).status_code == 200
    as_caio.post(reverse("admin:alerting_notification_changelist"), action)
    assert Notification.objects.get().state == "dead"
