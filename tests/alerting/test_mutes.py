"""Silences, maintenance windows and inhibitions: what they keep quiet, until when, and who is told afterwards."""

from datetime import time, timedelta

import pytest

from alerting.errors import Refused
from alerting.labels.matchers import parse_matchers, to_json
from alerting.models import Alert, AlertRule, Incident, IncidentEvent, Inhibition, Maintenance
from alerting.mutes.silences import create_silence, expire_silence, extend_silence
from alerting.notify.enqueue import enqueue
from alerting.notify.send import send
from alerting.selectors.hidden import active_alerts, hidden_counts, hidden_messages, matching
from tests.alerting.notify_cast import HandClock, make_channel, make_incident, silence, states

HOUR = timedelta(hours=1)


@pytest.fixture
def incident(credit_risk, now) -> Incident:
    found = make_incident(credit_risk, now)
    make_channel(found.project, name="Ops")
    return found


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def add_alert(incident: Incident, slug: str, *, severity: str = "ticket", joined: bool = True) -> Alert:
    model = incident.model
    rule = AlertRule.objects.create(
        project=incident.project, slug=slug, name=slug, kind="threshold", model=model, measure="accuracy", threshold=1
    )
    labels = {"rule": slug, "model": model.slug}
    return Alert.objects.create(
        rule=rule,
        fingerprint=slug,
        labels=labels,
        state="firing",
        severity=severity,
        incident=incident if joined else None,
    )


def make(incident: Incident, owner, now, *, asked: str = "model=credit-risk", start=0 * HOUR, hours: float = 4, **more):
    matchers = parse_matchers(asked)
    span = {"starts_at": now + start, "ends_at": now + start + hours * HOUR}
    return create_silence(incident.project, matchers, owner=owner, now=now, **span, **more)


def test_a_silence_has_an_owner_an_end_and_a_state_by_the_clock(incident, ana, now):
    made = make(incident, ana, now, start=HOUR, comment=" retraining ")
    assert [made.state_at(now + hours * HOUR) for hours in (0, 1, 4.9, 5)] == ["pending", "active", "active", "expired"]
    assert (made.who, made.comment, make(incident, ana, now, created_by="amtool").who) == (
        "ana",
        "retraining",
        "amtool",
    )


@pytest.mark.parametrize(
    ("asked", "hours", "says"),
    [
        ("a=b", 0, "at most 720"),
        ("a=b", -1, "720"),
        ("a=b", 721, "720"),
        ("", 1, "at least one"),
        ("a=~.*", 1, "everything"),
    ],
)
def test_what_would_never_end_or_hide_everything_is_refused(incident, ana, now, asked, hours, says):
    with pytest.raises(Refused, match=says):
        make(incident, ana, now, asked=asked, hours=hours)


def test_a_silence_is_extended_and_ended_but_never_revived(incident, ana, now):
    made = make(incident, ana, now)
    assert extend_silence(made, ends_at=now + 9 * HOUR, now=now + HOUR).ends_at == now + 9 * HOUR
    with pytest.raises(Refused, match="720"):
        extend_silence(made, ends_at=now + 800 * HOUR, now=now)
    for hours in (2, 3):
        assert expire_silence(made, now=now + hours * HOUR).ends_at == now + 2 * HOUR
    with pytest.raises(Refused, match="ended already"):
        extend_silence(made, ends_at=now + 9 * HOUR, now=now + 3 * HOUR)
    waiting = expire_silence(make(incident, ana, now, start=5 * HOUR), now=now)
    assert (waiting.starts_at, waiting.ends_at) == (now, now)


def test_an_incident_is_quiet_only_while_all_that_fires_in_it_is(incident, ana, now):
    add_alert(incident, "latency")
    make(incident, ana, now, asked="rule=accuracy")
    enqueue(incident, reason="opened", now=now)
    assert states() == [("opened", "queued", "")]
    make(incident, ana, now, asked="rule=latency", hours=1)
    enqueue(incident, reason="escalated", now=now)
    assert states()[-1] == ("escalated", "suppressed", "silenced")
    assert "13:00" in IncidentEvent.objects.latest("id").text  # when the shorter one ends, somebody hears


def test_what_a_silence_hid_is_counted_and_listed(incident, ana, now):
    hiding, other = make(incident, ana, now), make(incident, ana, now, asked="model=other")
    enqueue(incident, reason="opened", now=now + HOUR)
    assert hidden_counts([hiding, other]) == {hiding.pk: 1}
    assert [(row.incident, row.reason) for row in hidden_messages(hiding)] == [(incident, "opened")]
    assert list(hidden_messages(other)) == []
    assert matching(active_alerts(incident.project), hiding.asked) == list(incident.alerts.all())
    assert matching(active_alerts(incident.project), other.asked) == []


def test_ending_a_silence_early_tells_what_it_hid(incident, ana, now, clock):
    made = silence(incident, ana, now)
    enqueue(incident, reason="opened", now=now)
    expire_silence(made, now=now + HOUR)
    send(now=now + HOUR, clock=clock)
    send(now=now + HOUR, clock=clock)
    assert states() == [("opened", "suppressed", "silenced"), ("opened", "sent", "")]


def test_a_maintenance_window_is_a_silence_that_comes_again(incident, now, clock):
    Maintenance.objects.create(
        project=incident.project,
        name="Retraining",
        matchers=to_json(parse_matchers('model=~"credit.*"')),
        days=[now.weekday()],
        start=time(14),
        end=time(16),
        time_zone="UTC",
        owner="ops",
    )
    enqueue(incident, reason="opened", now=now)
    assert states() == [("opened", "suppressed", "maintenance")]
    assert IncidentEvent.objects.get().text == (
        "Ops was not told: the maintenance window “Retraining” is open until 2026-03-10 13:00."
    )
    assert send(now=now + timedelta(minutes=59), clock=clock).written == 0
    assert send(now=now + HOUR, clock=clock).written == 1
    enqueue(incident, reason="escalated", now=now + 24 * HOUR)
    assert states()[-1] == ("escalated", "queued", "")


def test_what_another_alert_explains_stays_quiet_as_long_as_that_fires(incident, now, clock):
    cause = add_alert(incident, "feed-down", severity="page", joined=False)
    Inhibition.objects.create(
        project=incident.project,
        name="Feed",
        source=to_json(parse_matchers("rule=feed-down")),
        target=to_json(parse_matchers("rule!=feed-down, model=~.+")),
        equal=["model"],
    )
    enqueue(incident, reason="opened", now=now)
    assert states() == [("opened", "suppressed", "inhibited")]
    assert IncidentEvent.objects.get().text == "Ops was not told: “feed-down” fires, which explains it (Feed)."
    assert send(now=now + HOUR, clock=clock).written == 0
    cause.state = "inactive"
    cause.save()
    assert send(now=now + HOUR, clock=clock).written == 1


def test_a_regular_expression_cannot_hold_up_the_messages(incident, ana, now):
    silence(incident, ana, now, asked=r'model=~"(([a-z])+.)+[A-Z]([a-z])+"')
    Alert.objects.update(labels={"model": "a" * 100_000})
    enqueue(incident, reason="opened", now=now)
    assert states() == [("opened", "queued", "")]
