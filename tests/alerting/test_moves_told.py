"""Who hears of what people did to an incident, when it becomes worse and better and worse again."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from alerting.evaluate.respond import close_orphans
from alerting.incidents.course import acknowledge_incident, announce_incident, resolve_incident
from alerting.incidents.moves.merge import merge_incident
from alerting.incidents.moves.reopen import reopen_incident
from alerting.incidents.moves.severity import change_severity
from alerting.incidents.moves.snooze import snooze_incident
from alerting.labels.matchers import parse_matcher
from alerting.models import Alert, Channel, Incident, Notification
from alerting.mutes.silences import create_silence
from alerting.notify.candidate import Candidate
from alerting.notify.pipeline import why_not
from alerting.notify.send import send
from alerting.notify.wake import wake_quiet
from models_registry.models import Model, User
from tests.alerting.notify_cast import HandClock
from tests.alerting.rule_cast import HOUR, MINUTE, NOON
from tests.alerting.test_moves import make
from tests.alertmanager import alertmanager
from tests.receiver import Receiver

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


class Groups:
    """What a receiver of Alertmanager's webhooks shows: each group, with the names of those of its alerts that fire."""

    def __init__(self, hook: Receiver) -> None:
        self.hook = hook

    def firing(self) -> dict[str, set[str]]:
        shown: dict[str, set[str]] = {}
        for got in self.hook.received:
            payload = json.loads(got.body)
            alerts = [(alert["labels"]["alertname"], alert["status"], alert["endsAt"]) for alert in payload["alerts"]]
            assert all((status == "firing") == ends.startswith("0001") for _, status, ends in alerts)
            shown[payload["groupKey"]] = {name for name, status, _ in alerts if status == "firing"}
            assert payload["status"] == ("firing" if shown[payload["groupKey"]] else "resolved")
        return shown


def machine(incident: Incident, hook: Receiver) -> Groups:
    Channel.objects.create(
        project=incident.project, name="machine", kind="alertmanager_webhook", target=hook.url("/alerts")
    )
    return Groups(hook)


FIRST, SECOND = "{}:{incident=INC-1}", "{}:{incident=INC-2}"


def test_the_group_of_a_merged_incident_ends_and_its_alerts_go_on_in_the_other(
    incident: Incident, hook: Receiver, bia: User
) -> None:
    groups, second = machine(incident, hook), make(incident.model, "second")
    for one in (incident, second):
        announce_incident(one, now=NOON)
    tell(MINUTE)
    assert groups.firing() == {FIRST: {"errors-credit-risk"}, SECOND: {"second"}}
    merge_incident(second, into=incident, by=bia, now=NOON + 2 * MINUTE)
    tell(3 * MINUTE)
    assert groups.firing()[SECOND] == set()
    tell(6 * MINUTE)  # the interval of the other group
    both = {"errors-credit-risk", "second"}
    assert groups.firing() == {FIRST: both, SECOND: set()}
    end, beginning = (json.loads(got.body) for got in hook.received[-2:])
    assert (end["groupKey"], end["notification_reason"]) == (SECOND, "all_alerts_resolved")
    assert [alert["endsAt"] for alert in end["alerts"]] == [(NOON + 2 * MINUTE).isoformat()]
    assert [alert["annotations"]["incident"] for alert in beginning["alerts"]] == ["INC-1", "INC-1"]
    resolve_incident(incident, by=bia, now=NOON + 7 * MINUTE)
    tell(8 * MINUTE)
    assert groups.firing() == {FIRST: set(), SECOND: set()}


def test_alerts_merged_into_what_somebody_has_in_hand_are_handed_over_too(
    incident: Incident, hook: Receiver, bia: User
) -> None:
    groups, people, second = machine(incident, hook), console(incident), make(incident.model, "second")
    for one in (incident, second):
        announce_incident(one, now=NOON)
    acknowledge_incident(incident, by=bia, now=NOON)
    tell(MINUTE)
    merge_incident(second, into=incident, by=bia, now=NOON + 2 * MINUTE)
    tell(6 * MINUTE)
    assert groups.firing() == {FIRST: {"errors-credit-risk", "second"}, SECOND: set()}
    assert told(people) == ["opened", "opened", "acknowledged", "merged"], "people know that somebody is on it"


def test_a_merge_under_a_silence_ends_the_group_when_the_silence_ends(
    incident: Incident, hook: Receiver, bia: User
) -> None:
    groups, second = machine(incident, hook), make(incident.model, "second")
    announce_incident(second, now=NOON)
    tell(MINUTE)
    create_silence(
        incident.project,
        [parse_matcher('alertname="second"')],
        owner=bia,
        starts_at=NOON + MINUTE,
        ends_at=NOON + HOUR,
        now=NOON + MINUTE,
    )
    merge_incident(second, into=incident, by=bia, now=NOON + 2 * MINUTE)
    for minute in (3, 30, 59):
        tell(minute * MINUTE)
    assert groups.firing()[SECOND] == {"second"}
    for minute in (60, 61, 62):
        tell(minute * MINUTE)
    assert groups.firing()[SECOND] == set()
    ends = [got for got in hook.received if json.loads(got.body)["groupKey"] == SECOND]
    assert len(ends) == 2, "its beginning and its end, once"


@pytest.mark.programs("prometheus-alertmanager")
def test_an_alertmanager_that_heard_of_a_merged_incident_hears_the_end_of_the_other(
    incident: Incident, bia: User, tmp_path: Path, settings
) -> None:
    """What joined the other was kept from it: the end is not."""
    settings.OUTGOING_ALLOW_PRIVATE = True
    second = make(incident.model, "second")
    with alertmanager(tmp_path) as running:
        Channel.objects.create(project=incident.project, name="am", kind="alertmanager", target=running.url)
        announce_incident(second, now=NOON)
        send(now=NOON + MINUTE)  # an Alertmanager lives by real time
        [shown] = running.wait("/api/v2/alerts", len)
        assert shown["labels"]["alertname"] == "second"
        create_silence(
            incident.project,
            [parse_matcher('rule=~".+"')],
            owner=bia,
            starts_at=NOON + MINUTE,
            ends_at=NOON + HOUR,
            now=NOON + MINUTE,
        )
        merge_incident(second, into=incident, by=bia, now=NOON + 2 * MINUTE)
        send(now=NOON + 3 * MINUTE)
        assert len(running.get("/api/v2/alerts")) == 1
        resolve_incident(incident, by=bia, now=NOON + 2 * HOUR)
        send(now=NOON + 2 * HOUR)
        assert running.wait("/api/v2/alerts", lambda rows: not rows) == []
