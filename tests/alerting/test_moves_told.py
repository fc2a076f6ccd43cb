"""Who hears of what people did to an incident, when it becomes worse and better and worse again."""

from datetime import timedelta

import pytest

from alerting.incidents import announce_incident, resolve_incident
from alerting.matchers import parse_matcher
from alerting.models import Alert, Channel, Incident, Notification
from alerting.moves.reopen import reopen_incident
from alerting.moves.severity import change_severity
from alerting.moves.snooze import snooze_incident
from alerting.notify.candidate import Candidate
from alerting.notify.pipeline import why_not
from alerting.notify.send import send
from alerting.notify.wake import wake_quiet
from alerting.respond import close_orphans
from alerting.silences import create_silence
from models_registry.models import Model, User
from tests.alerting.notify_cast import HandClock
from tests.alerting.rule_cast import HOUR, MINUTE, NOON
from tests.alerting.test_moves import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def incident(credit_risk: Model) -> Incident:
    return make(credit_risk)


def told(channel: Channel) -> list[str]:
    return list(
        Notification.objects.filter(channel=channel, state="sent").order_by("id").values_list("reason", flat=True)
    )


def tell(at: timedelta) -> None:
    send(now=NOON + at, clock=HandClock())


def console(incident: Incident, **fields: str) -> Channel:
    return Channel.objects.create(project=incident.project, name="console", kind="console", **fields)


def test_what_is_raised_again_is_told_again(incident: Incident, bia: User) -> None:
    channel = console(incident)
    announce_incident(incident, now=NOON)
    for minute, severity in enumerate(("page", "ticket", "page"), start=1):
        change_severity(incident, severity=severity, by=bia, now=NOON + minute * MINUTE)
        tell(minute * MINUTE)
    assert told(channel) == ["opened", "escalated", "escalated"]


def test_who_heard_of_the_page_hears_of_its_end_though_it_became_a_ticket(incident: Incident, bia: User) -> None:
    channel = console(incident, minimum_severity="page")
    announce_incident(incident, now=NOON)
    change_severity(incident, severity="page", by=bia, now=NOON)
    tell(MINUTE)
    change_severity(incident, severity="ticket", by=bia, now=NOON + MINUTE)
    resolve_incident(incident, by=bia, now=NOON + 2 * MINUTE)
    tell(3 * MINUTE)
    assert told(channel) == ["escalated", "resolved"]


def test_who_never_heard_of_it_as_a_page_hears_nothing(incident: Incident, bia: User) -> None:
    channel = console(incident, minimum_severity="page")
    announce_incident(incident, now=NOON)
    resolve_incident(incident, by=bia, now=NOON + MINUTE)
    tell(2 * MINUTE)
    assert told(channel) == []
    assert set(Notification.objects.values_list("decision", flat=True)) == {"below_severity"}


def test_what_a_person_reopened_stays_open_without_alerts(incident: Incident, bia: User) -> None:
    resolve_incident(incident, by=bia, now=NOON)
    reopen_incident(incident, by=bia, now=NOON + MINUTE, why="Customers still see it.")
    Alert.objects.all().delete()
    assert close_orphans([], now=NOON + 2 * MINUTE) == 0
    incident.refresh_from_db()
    assert incident.state == "open"


def test_what_lost_its_rules_ends(incident: Incident) -> None:
    Alert.objects.all().delete()
    assert close_orphans([], now=NOON) == 1
    incident.refresh_from_db()
    assert incident.state == "resolved"


def test_a_reopening_under_a_silence_is_told_when_the_silence_ends(incident: Incident, bia: User) -> None:
    channel = console(incident)
    announce_incident(incident, now=NOON)
    tell(MINUTE)
    resolve_incident(incident, by=bia, now=NOON + MINUTE)
    tell(2 * MINUTE)
    create_silence(
        incident.project,
        [parse_matcher('rule=~".+"')],
        owner=bia,
        starts_at=NOON + 2 * MINUTE,
        ends_at=NOON + HOUR,
        now=NOON + 2 * MINUTE,
    )
    reopen_incident(incident, by=bia, now=NOON + 3 * MINUTE)
    tell(4 * MINUTE)
    assert told(channel) == ["opened", "resolved"]
    wake_quiet(now=NOON + 2 * HOUR)
    tell(2 * HOUR)
    assert told(channel) == ["opened", "resolved", "reopened"]


def test_machines_hear_of_alerts_that_join_a_snoozed_incident(incident: Incident, bia: User) -> None:
    people = console(incident)
    machine = Channel.objects.create(
        project=incident.project, name="alertmanager", kind="alertmanager", target="http://127.0.0.1:9"
    )
    snooze_incident(incident, until=NOON + HOUR, by=bia, now=NOON)
    held, passed = (why_not(Candidate(incident, one, "grew", NOON + MINUTE)) for one in (people, machine))
    assert held is not None
    assert (held["code"], passed) == ("snoozed", None)
