"""A snoozed incident reminds nobody and climbs no stairs, says why, and comes back by itself."""

from datetime import timedelta

import pytest

from alerting.incidents.course import acknowledge_incident, escalate_incident, resolve_incident, update_incident
from alerting.incidents.moves.snooze import snooze_incident, wake_incident, wake_snoozed
from alerting.models import EscalationStep, Incident, Notification
from alerting.notify.enqueue import enqueue
from alerting.notify.log import what_became
from tests.alerting.notify_cast import Story, make_channel, make_incident, route, told_by

pytestmark = pytest.mark.django_db
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def story(now) -> Story:
    return Story(now)


@pytest.fixture
def incident(credit_risk, now) -> Incident:
    return make_incident(credit_risk, now)


@pytest.fixture
def root(incident):
    ops = make_channel(incident.project, name="ops")
    return route(incident.project, "root", "", ops, group_wait=timedelta(0), repeat_interval=HOUR)


def test_reminders_wait_for_the_end_of_a_snooze_and_say_so(incident, root, story, bia) -> None:
    enqueue(incident, reason="opened", now=story.now)
    assert story.after() == [("ops", "opened")]
    snooze_incident(incident, until=story.now + 3 * HOUR, by=bia, now=story.now)
    assert story.after(minutes=60) == []
    reminder = Notification.objects.get(reason="repeated")
    assert (reminder.state, reminder.decision) == ("queued", "snoozed")
    assert "was not told yet: the incident is snoozed until" in what_became(reminder, now=story.now)
    assert told_by(incident)[-1] == "suppressed"
    assert story.after(minutes=119) == []
    story.now += MINUTE
    wake_snoozed(now=story.now)
    assert story.after(minutes=0) == [("ops", "repeated")], "once: nobody is told twice that it came back"
    assert story.after(minutes=60) == [("ops", "repeated")]


def test_without_anything_put_off_the_end_of_a_snooze_is_a_message(incident, story, bia) -> None:
    make_channel(incident.project, name="ops")
    enqueue(incident, reason="opened", now=story.now)
    story.after()
    snooze_incident(incident, until=story.now + HOUR, by=bia, now=story.now)
    assert story.after(minutes=60) == []
    wake_snoozed(now=story.now)
    assert story.after() == [("ops", "awoke")]


def test_the_stairs_go_on_where_they_were(incident, root, story, bia) -> None:
    boss = make_channel(incident.project, name="boss")
    step = EscalationStep.objects.create(route=root, after=15 * MINUTE)
    step.channels.set([boss])
    enqueue(incident, reason="opened", now=story.now)
    story.after()
    snooze_incident(incident, until=story.now + HOUR, by=bia, now=story.now)
    assert story.after(minutes=30) == []
    wake_incident(incident, by=bia, now=story.now)
    assert story.after() == [("boss", "unacknowledged")]


def test_what_was_acknowledged_meanwhile_climbs_no_stairs(incident, root, story, bia) -> None:
    EscalationStep.objects.create(route=root, after=15 * MINUTE).channels.set(
        [make_channel(incident.project, name="boss")]
    )
    enqueue(incident, reason="opened", now=story.now)
    story.after()
    snooze_incident(incident, until=story.now + HOUR, by=bia, now=story.now)
    story.after(minutes=30)
    acknowledge_incident(incident, by=bia, now=story.now)
    assert story.after() == [("ops", "acknowledged")]
    story.after(minutes=30)
    wake_snoozed(now=story.now)
    assert story.after() == [("ops", "awoke")]
    assert Notification.objects.get(reason="unacknowledged").decision == "in_hand"


def test_what_becomes_worse_and_what_ends_is_told_though_snoozed(incident, story, bia) -> None:
    make_channel(incident.project, name="ops")
    Incident.objects.update(severity="ticket")
    incident.refresh_from_db()
    enqueue(incident, reason="opened", now=story.now)
    story.after()
    snooze_incident(incident, until=story.now + 5 * HOUR, by=bia, now=story.now)
    update_incident(incident, joined=True, now=story.now)
    assert story.after(minutes=5) == [], "another alert as bad waits"
    escalate_incident(incident, severity="page", title="Worse", now=story.now)
    assert incident.snoozed_until is None
    assert ("ops", "escalated") in story.after() + story.after(minutes=6)
    snooze_incident(incident, until=story.now + HOUR, by=bia, now=story.now)
    resolve_incident(incident, by=None, now=story.now)
    assert story.after() == [("ops", "resolved")]
    assert incident.snoozed_until is None
