"""An alert that begins and ends again and again: marked, told once, its incident open until it settles."""

import pytest

from alerting.evaluate.respond import close_orphans
from alerting.evaluate.settle import settle
from alerting.models import Alert, AlertRule, Channel, Incident, IncidentPolicy, Notification
from alerting.notify.log import what_became
from alerting.selectors.incidents import incident_timeline
from models_registry.models import Model
from tests.alerting.rule_cast import DAY, HOUR, MINUTE, NOON, alert_of, error_rule, serve, tick

pytestmark = pytest.mark.django_db


@pytest.fixture
def rule(credit_risk: Model) -> AlertRule:
    Channel.objects.create(project=credit_risk.project, name="ops", kind="console")
    return error_rule(credit_risk, window=MINUTE)


def burst(model: Model, minutes: set[int], until: int) -> None:
    """Errors in these minutes and none in the others."""
    for minute in range(-2, until):
        bad = minute in minutes
        serve(model, start=minute, end=minute + 1, ok=5 if bad else 10, failed=5 if bad else 0)


def play(start: int, end: int) -> None:
    """Evaluate minute by minute; what is to be told has been told after each."""
    for minute in range(start, end):
        tick(minute, minute + 1)
        Notification.objects.filter(state="queued").update(state="sent", sent_at=NOON + minute * MINUTE)


def reasons() -> list[str]:
    return list(Notification.objects.exclude(state="suppressed").order_by("id").values_list("reason", flat=True))


def test_it_is_told_once_and_ends_when_it_has_settled(credit_risk: Model, rule: AlertRule) -> None:
    burst(credit_risk, {1, 6, 11, 16, 21}, 30)
    play(0, 30)
    incident, alert = Incident.objects.get(), alert_of(rule)
    assert (alert.state, alert.flapping_since is not None, incident.state) == ("inactive", True, "open")
    assert reasons() == ["opened", "resolved", "reopened", "flapping"]
    held = Notification.objects.filter(state="suppressed", decision="flapping")
    assert held.count() == 3, "each turn that was not told is written down"
    assert "was not told of another turn: “Errors” flaps" in what_became(held[0], now=NOON)
    assert settle(now=NOON + 60 * MINUTE).written == 0
    assert settle(now=NOON + 83 * MINUTE).written == 1
    incident.refresh_from_db()
    alert.refresh_from_db()
    assert (alert.flapping_since, incident.state, reasons()[-1]) == (None, "resolved", "resolved")
    titles = [entry.title for entry in incident_timeline(incident)]
    assert titles.count("An alert flaps: people are told once") == titles.count("An alert flaps no longer") == 1


def test_one_that_goes_on_firing_settles_and_its_incident_stays(credit_risk: Model, rule: AlertRule) -> None:
    burst(credit_risk, {1, 6, 11, *range(16, 30)}, 30)
    tick(0, 25)
    assert settle(now=NOON + 83 * MINUTE).written == 1
    assert (alert_of(rule).flapping_since, Incident.objects.get().state) == (None, "open")


def test_a_project_may_want_to_hear_of_every_turn(credit_risk: Model, rule: AlertRule) -> None:
    IncidentPolicy.objects.create(project=credit_risk.project, hold_flapping=False)
    burst(credit_risk, {1, 6, 11, 16}, 30)
    play(0, 25)
    assert reasons() == ["opened", "resolved", "reopened", "resolved", "reopened", "resolved", "reopened", "resolved"]
    assert alert_of(rule).flapping_since is None


def test_turns_of_long_ago_are_no_flapping(credit_risk: Model, rule: AlertRule) -> None:
    AlertRule.objects.update(interval=HOUR)
    Alert.objects.create(
        rule=rule, fingerprint="old", severity="ticket", turns=[(NOON - DAY).timestamp()] * 9, flapping_since=NOON - DAY
    )
    assert settle(now=NOON).written == 1


def test_a_rule_that_is_switched_off_flaps_no_longer(credit_risk: Model, rule: AlertRule) -> None:
    burst(credit_risk, {1, 6, 11, 16}, 30)
    tick(0, 18)
    assert (alert_of(rule).state, alert_of(rule).flapping_since is not None) == ("firing", True)
    AlertRule.objects.update(enabled=False)
    close_orphans(list(AlertRule.objects.all()), now=NOON + HOUR)
    assert (alert_of(rule).flapping_since, Incident.objects.get().state) == (None, "resolved")


def test_an_inactive_flapping_alert_of_a_rule_that_is_switched_off_lets_its_incident_end(
    credit_risk: Model, rule: AlertRule
) -> None:
    burst(credit_risk, {1, 6}, 30)
    tick(0, 15)
    assert (alert_of(rule).state, alert_of(rule).flapping_since is not None) == ("inactive", True)
    AlertRule.objects.update(enabled=False)
    settle(now=NOON + 2 * HOUR)
    assert Incident.objects.get().state == "resolved"
