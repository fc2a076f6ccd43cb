"""From an alert to the people: routes, waits, reminders, escalation, quiet hours, and every decision not to tell."""

from datetime import time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerting.incidents.course import acknowledge_incident, resolve_incident, update_incident
from alerting.incidents.moves.reopen import reopen_incident
from alerting.models import Alert, Channel, EscalationStep, Incident, IncidentEvent, Notification, QuietHours
from alerting.notify.decisions import explain
from alerting.notify.enqueue import enqueue
from alerting.notify.tree import tree_of
from tests.alerting.notify_cast import Story, make_channel, make_incident, route, silence

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def no_links(settings) -> None:
    settings.INCIDENT_LINKS = []


@pytest.fixture
def story(now) -> Story:
    return Story(now)


@pytest.fixture
def incident(credit_risk, now) -> Incident:
    incident = make_incident(credit_risk, now)
    incident.alerts.update(labels={"model": "credit-risk", "rule": "accuracy"})
    return incident


def held(incident: Incident) -> list[tuple[str, str, str]]:
    rows = Notification.objects.filter(incident=incident, state="suppressed").select_related("channel").order_by("id")
    return [(row.channel.name, row.reason, row.decision) for row in rows]


def join(incident: Incident, number: int) -> Alert:
    first = incident.alerts.first()
    first.pk, first.fingerprint = None, f"joined {number}"
    first.save()
    return first


def test_alerts_go_to_the_channels_of_their_route_and_inherit_what_it_does_not_say(incident, now):
    project = incident.project
    ops, risk, night = (make_channel(project, name=name) for name in ("ops", "risk", "night"))
    route(project, "root", "", ops, repeat_interval=timedelta(0))
    risky = route(project, "risk", 'model=~"credit-.*"', risk, group_wait=timedelta(0), repeat_interval=MINUTE)
    route(project, "pages", 'severity="page"', parent=risky, keep_going=True)
    route(project, "nightly", 'severity!="ticket"', night, parent=risky, group_wait=MINUTE)
    rows = enqueue(incident, reason="opened", now=now)
    assert [(row.channel.name, row.route.name, row.due_at - now) for row in rows] == [
        *(("night", "nightly", MINUTE), ("risk", "pages", timedelta(0)))
    ]
    assert {row.repeat_every for row in rows} == {MINUTE}
    root = tree_of(project.pk)
    assert (root.timing.group_wait, root.timing.repeat_interval) == (timedelta(seconds=30), None)


def test_a_tree_costs_the_same_queries_however_large(incident):
    route(incident.project, "root", "", make_channel(incident.project))
    costs = []
    for size in (2, 6):
        for number in range(size):
            EscalationStep.objects.create(
                route=route(incident.project, f"{size} {number}", 'a="b"'), after=MINUTE
            ).channels.add(incident.project.channels.get())
        with CaptureQueriesContext(
            connection,
        ) as queries:
            tree_of(incident.project_id)
        costs.append(len(queries))
    assert costs[0] == costs[1]


def test_alerts_that_come_together_are_told_together(incident, story):
    route(incident.project, "root", "", make_channel(incident.project, name="ops"), group_wait=MINUTE)
    enqueue(incident, reason="opened", now=story.now)
    assert story.after(seconds=30) == []
    join(incident, 1)
    update_incident(incident, joined=True, now=story.now)
    assert story.after(seconds=30) == [("ops", "opened")]
    [row] = Notification.objects.filter(state="sent")
    assert len(row.body["data"]["alerts"]) == 2, "composed when it left"


def test_what_is_over_before_the_wait_ends_is_told_to_nobody(incident, story):
    route(incident.project, "root", "", make_channel(incident.project, name="ops"), group_wait=MINUTE)
    enqueue(incident, reason="opened", now=story.now)
    story.after(seconds=10)
    resolve_incident(incident, by=None, now=story.now)
    assert story.after(minutes=5) == []
    assert held(incident) == [("ops", "opened", "over"), ("ops", "resolved", "nothing_sent")]


def test_the_end_waits_for_nothing_and_a_group_that_fires_again_only_for_the_smallest_gap(incident, story, credit_risk):
    route(incident.project, "root", "", make_channel(incident.project, name="ops"), group_wait=MINUTE)
    enqueue(incident, reason="opened", now=story.now)
    assert story.after(minutes=1) == [("ops", "opened")]
    resolve_incident(incident, by=None, now=story.now)
    assert story.after() == [("ops", "resolved")]
    again = make_incident(credit_risk, story.now, number=8)
    Incident.objects.filter(pk=again.pk).update(group_key=incident.group_key)
    again.refresh_from_db()
    [row] = enqueue(again, reason="opened", now=story.now)
    assert row.due_at == story.now + timedelta(seconds=30)


def test_more_alerts_are_told_after_the_interval_and_once(incident, story):
    route(incident.project, "root", "", make_channel(incident.project, name="ops"), group_wait=timedelta(0))
    enqueue(incident, reason="opened", now=story.now)
    assert story.after() == [("ops", "opened")]
    for number in range(3):
        join(incident, number)
        update_incident(incident, joined=True, now=story.now)
    assert story.after(minutes=4) == []
    assert story.after(minutes=1) == [("ops", "grew")]
    assert Notification.objects.filter(reason="grew").count() == 1
    update_incident(incident, joined=False, now=story.now)
    assert story.after(minutes=10) == [], "people do not hear of every alert that ends"


def test_a_machine_that_follows_alerts_hears_of_each_that_ends(incident, story):
    make_channel(incident.project, "alertmanager_webhook", name="am", target="https://am.example/")
    make_channel(incident.project, name="ops")
    enqueue(incident, reason="opened", now=story.now)
    Notification.objects.update(state="sent", sent_at=story.now)
    update_incident(incident, joined=False, now=story.now)
    assert list(Notification.objects.filter(reason="changed").values_list("channel__name", flat=True)) == ["am"]


def test_it_is_told_again_until_somebody_is_on_it(incident, story, ana):
    route(
        incident.project,
        "root",
        "",
        make_channel(incident.project, name="ops"),
        group_wait=timedelta(0),
        repeat_interval=timedelta(hours=1),
    )
    enqueue(incident, reason="opened", now=story.now)
    assert story.after() == [("ops", "opened")]
    assert story.after(minutes=59) == []
    assert story.after(minutes=1) == [("ops", "repeated")]
    join(incident, 1)
    update_incident(incident, joined=True, now=story.now)
    assert story.after(minutes=5) == [("ops", "grew")]
    assert story.after(minutes=55) == [], "it was told five minutes after the reminder was planned"
    assert story.after(minutes=5) == [("ops", "repeated")]
    story.after(minutes=10)
    acknowledge_incident(incident, by=ana, now=story.now)
    assert story.after() == [("ops", "acknowledged")]
    assert story.after(hours=5) == []
    assert held(incident) == [("ops", "repeated", "already_told"), ("ops", "repeated", "in_hand")]
    event = IncidentEvent.objects.filter(kind="suppressed").last()
    assert explain(event.data) == "ops was not told: ana has acknowledged it."


def test_a_reminder_that_a_silence_held_back_comes_after_it(incident, story, ana):
    ops = make_channel(incident.project, name="ops")
    route(incident.project, "root", "", ops, group_wait=timedelta(0), repeat_interval=timedelta(hours=1))
    enqueue(incident, reason="opened", now=story.now)
    story.after()
    silence(incident, ana, story.now, hours=1.5)
    assert story.after(hours=1) == []
    assert story.after(hours=1) == [("ops", "repeated")]
    assert held(incident) == [("ops", "repeated", "silenced")]


@pytest.fixture
def escalating(incident) -> list[Channel]:
    project = incident.project
    first, second, third = (make_channel(project, name=name) for name in ("first", "second", "third"))
    root = route(project, "root", "", first, group_wait=timedelta(0), repeat_interval=timedelta(0))
    for after, channels in ((15, [first, second]), (30, [third])):
        step = EscalationStep.objects.create(route=root, after=after * MINUTE)
        step.channels.set(channels)
    return [first, second, third]


def test_nobody_acknowledges_and_the_next_are_told(incident, escalating, story):
    enqueue(incident, reason="opened", now=story.now)
    enqueue(incident, reason="opened", now=story.now)
    assert story.after() == [("first", "opened")]
    assert story.after(minutes=14) == []
    assert story.after(minutes=1) == [("first", "unacknowledged"), ("second", "unacknowledged")]
    assert story.after(minutes=15) == [("third", "unacknowledged")]
    assert story.after(days=1) == []
    resolve_incident(incident, by=None, now=story.now)
    assert story.after() == [("first", "resolved"), ("second", "resolved"), ("third", "resolved")]


def test_who_acknowledges_ends_the_escalation_and_each_step_says_why(incident, escalating, story, ana):
    enqueue(incident, reason="opened", now=story.now)
    story.after()
    story.after(minutes=16)
    acknowledge_incident(incident, by=ana, now=story.now)
    assert story.after() == [("first", "acknowledged"), ("second", "acknowledged")]
    assert story.after(days=1) == []
    assert held(incident) == [("third", "unacknowledged", "in_hand")]


def quiet(channel: Channel, **fields) -> QuietHours:
    """From 11:30 to 13:00 in São Paulo; the story begins at noon there."""
    who = fields if "person" in fields else {"channel": channel, **fields}
    return QuietHours.objects.create(
        project=channel.project,
        name=channel.name,
        starts=time(11, 30),
        ends=time(13),
        zone="America/Sao_Paulo",
        **who,
    )


def test_quiet_hours_hold_tickets_back_until_they_end(credit_risk, story):
    incident = make_incident(credit_risk, story.now, severity="ticket")
    quiet(make_channel(incident.project, name="bia"))
    enqueue(incident, reason="opened", now=story.now)
    assert story.after() == []
    assert Notification.objects.get().decision == "quiet_hours"
    event = IncidentEvent.objects.get(kind="suppressed")
    assert explain(event.data) == "bia has quiet hours and will be told at 2026-03-10 13:00."
    assert story.after(minutes=59) == []
    assert story.after(minutes=1) == [("bia", "opened")]
    assert Notification.objects.get().decision == ""


def test_pages_pass_quiet_hours_if_they_may(incident, story):
    quiet(make_channel(incident.project, name="wakes"))
    quiet(make_channel(incident.project, name="sleeps"), pages_pass=False)
    enqueue(incident, reason="opened", now=story.now)
    assert story.after() == [("wakes", "opened")]
    assert story.after(hours=1) == [("sleeps", "opened")]


def test_what_ended_in_quiet_hours_is_not_told_afterwards(credit_risk, story):
    incident = make_incident(credit_risk, story.now, severity="ticket")
    quiet(make_channel(incident.project, name="bia"))
    enqueue(incident, reason="opened", now=story.now)
    resolve_incident(incident, by=None, now=story.now)
    assert story.after(hours=2) == []
    assert held(incident) == [("bia", "opened", "over"), ("bia", "resolved", "nothing_sent")]


def test_a_page_is_not_held_up_by_a_ticket_that_waits_and_tells_of_both(credit_risk, story):
    incident = make_incident(credit_risk, story.now, severity="ticket")
    quiet(make_channel(incident.project, name="bia"))
    enqueue(incident, reason="opened", now=story.now)
    story.after(minutes=1)
    Incident.objects.update(severity="page")
    incident.refresh_from_db()
    enqueue(incident, reason="escalated", now=story.now)
    assert story.after() == [("bia", "escalated")]
    assert story.after(hours=2) == []
    assert held(incident) == [("bia", "opened", "already_told")]


def test_quiet_hours_of_a_person_hold_for_every_channel_that_is_theirs(credit_risk, story, bia):
    incident = make_incident(credit_risk, story.now, severity="ticket")
    quiet(make_channel(incident.project, name="phone", owner=bia), person=bia)
    make_channel(incident.project, name="mail", owner=bia)
    make_channel(incident.project, name="team")
    enqueue(incident, reason="opened", now=story.now)
    assert story.after() == [("team", "opened")]
    assert story.after(hours=1) == [("mail", "opened"), ("phone", "opened")]


def test_a_route_without_channels_says_so(incident, now):
    make_channel(incident.project, name="ops")
    route(incident.project, "root")
    assert enqueue(incident, reason="opened", now=now) == []
    event = IncidentEvent.objects.get()
    assert explain(event.data) == "Nobody was told: the route root leads to no channel. Add one to it, or above it."


def test_an_incident_that_became_a_page_goes_the_way_of_pages_too(credit_risk, story):
    incident = make_incident(credit_risk, story.now, severity="ticket")
    project = incident.project
    tickets, pages = (make_channel(project, name=name) for name in ("tickets", "pages"))
    route(project, "root", "", tickets, group_wait=timedelta(0))
    step = EscalationStep.objects.create(route=route(project, "pages", 'severity="page"', pages), after=MINUTE)
    step.channels.add(tickets)
    enqueue(incident, reason="opened", now=story.now)
    assert story.after() == [("tickets", "opened")]
    Incident.objects.update(severity="page")
    Alert.objects.update(severity="page")
    incident.refresh_from_db()
    enqueue(incident, reason="escalated", now=story.now)
    assert story.after() == [("pages", "escalated")]
    assert story.after(minutes=1) == [("tickets", "unacknowledged")]


def test_an_incident_that_is_reopened_is_told_anew(incident, escalating, story, bia):
    enqueue(incident, reason="opened", now=story.now)
    assert story.after() == [("first", "opened")]
    story.after(minutes=10)
    resolve_incident(incident, by=None, now=story.now)
    assert story.after() == [("first", "resolved")]
    story.after(minutes=1)
    reopen_incident(incident, by=bia, now=story.now)
    for _ in range(2):
        enqueue(incident, reason="reopened", now=story.now)
    assert story.after() == [("first", "reopened")]
    assert story.after(minutes=14) == [], "the steps of the first time are over"
    assert story.after(minutes=1) == [("first", "unacknowledged"), ("second", "unacknowledged")]
    resolve_incident(incident, by=None, now=story.now)
    assert story.after() == [("first", "resolved"), ("second", "resolved")]


def test_what_is_over_again_before_it_was_told_again_is_no_second_end(incident, story):
    route(incident.project, "root", "", make_channel(incident.project, name="ops"), group_wait=MINUTE)
    enqueue(incident, reason="opened", now=story.now)
    story.after(minutes=1)
    resolve_incident(incident, by=None, now=story.now)
    assert story.after() == [("ops", "resolved")]
    story.after(minutes=20)
    Incident.objects.update(state="open", resolved_at=None)
    incident.refresh_from_db()
    enqueue(incident, reason="opened", now=story.now)
    story.after(seconds=10)
    resolve_incident(incident, by=None, now=story.now)
    assert story.after(hours=1) == []
