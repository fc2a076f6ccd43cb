"""What people do to an incident: mitigate, close, reopen, assign, snooze, merge, change its severity; one after the other and at once."""

from datetime import timedelta

import pytest

from alerting.errors import Refused
from alerting.incidents.course import (
    acknowledge_incident,
    announce_incident,
    open_incident,
    resolve_incident,
    silence_incident,
)
from alerting.incidents.moves.assign import assign_incident
from alerting.incidents.moves.close import close_incident
from alerting.incidents.moves.merge import merge_incident
from alerting.incidents.moves.mitigate import mitigate_incident
from alerting.incidents.moves.reopen import reopen_incident
from alerting.incidents.moves.severity import change_severity
from alerting.incidents.moves.snooze import snooze_incident, wake_incident, wake_snoozed
from alerting.models import Alert, Channel, Incident, IncidentPolicy, Notification
from alerting.notify.send import send
from alerting.selectors.incidents import incident_timeline
from alerting.states.lifecycle import Move, State, step
from models_registry.models import Model, User
from tests import cast
from tests.alerting.notify_cast import HandClock
from tests.alerting.rule_cast import DAY, HOUR, MINUTE, NOON, error_rule, serve, tick

pytestmark = pytest.mark.django_db


@pytest.fixture
def incident(credit_risk: Model) -> Incident:
    Channel.objects.create(project=credit_risk.project, name="console", kind="console")
    return make(credit_risk)


def make(model: Model, name: str = "", severity: str = "ticket", began: timedelta = 10 * MINUTE) -> Incident:
    """An incident of the model, with one firing alert of a rule of its own."""
    rule = error_rule(model, name or f"errors-{model.slug}", incident_labels=["rule"])
    incident = open_incident(
        project_id=model.project_id,
        model=model,
        group={"rule": rule.slug},
        title=f"Too many errors of {rule.slug}",
        severity=severity,
        impact_started_at=NOON - began,
        now=NOON,
    )
    Alert.objects.create(
        rule=rule, fingerprint="f", labels={"rule": rule.slug}, state="firing", severity=severity, incident=incident
    )
    return incident


def titles(incident: Incident) -> list[str]:
    return [entry.title for entry in incident_timeline(incident) if entry.kind not in ("suppressed", "notified")]


def reasons(incident: Incident) -> list[str]:
    return list(Notification.objects.filter(incident=incident).order_by("id").values_list("reason", flat=True))


def reach(incident: Incident, state: str, by: User) -> Incident:
    """Bring it there by the shortest way."""
    if state in ("acknowledged", "mitigated"):
        acknowledge_incident(incident, by=by, now=NOON)
    if state == "mitigated":
        mitigate_incident(incident, by=by, now=NOON)
    if state in ("resolved", "closed"):
        resolve_incident(incident, by=by, now=NOON)
    if state == "closed":
        close_incident(incident, by=by, now=NOON)
    if state == "merged":
        merge_incident(incident, into=make(incident.model, "other"), by=by, now=NOON)
    return incident


VERBS = {
    Move.ACKNOWLEDGE: acknowledge_incident,
    Move.MITIGATE: mitigate_incident,
    Move.RESOLVE: resolve_incident,
    Move.CLOSE: close_incident,
    Move.REOPEN: reopen_incident,
}


@pytest.mark.parametrize("move", VERBS)
@pytest.mark.parametrize("state", State)
def test_the_verbs_do_what_the_machine_says(incident: Incident, bia: User, state: State, move: Move) -> None:
    reach(incident, state, bia)
    before, after = incident.revision, step(state, move)
    if after is None:
        with pytest.raises(Refused, match=r"Possible now: .+|was merged into INC-2\. Work on that one"):
            VERBS[move](incident, by=bia, now=NOON + MINUTE)
        after = state
    else:
        VERBS[move](incident, by=bia, now=NOON + MINUTE)
    incident.refresh_from_db()
    assert (incident.state, incident.revision - before) == (after, int(after != state))


def test_who_mitigates_has_it_in_hand(incident: Incident, bia: User) -> None:
    announce_incident(incident, now=NOON)
    mitigate_incident(incident, by=bia, now=NOON + MINUTE, note="Rolled back.")
    assert (incident.acknowledged_by, incident.answered_at, incident.mitigated_by) == (bia, NOON + MINUTE, bia)
    assert titles(incident)[-1] == "Mitigated"
    assert reasons(incident) == ["opened", "mitigated"]


def test_a_reopened_incident_is_told_anew_and_keeps_its_first_answer(incident: Incident, ana: User, bia: User) -> None:
    announce_incident(incident, now=NOON)
    acknowledge_incident(incident, by=bia, now=NOON + MINUTE)
    resolve_incident(incident, by=bia, now=NOON + HOUR)
    reopen_incident(incident, by=ana, now=NOON + 2 * HOUR, why="It is slow again.")
    assert (incident.state, incident.acknowledged_by, incident.resolved_at) == ("open", None, None)
    acknowledge_incident(incident, by=ana, now=NOON + 3 * HOUR)
    assert (incident.acknowledged_by, incident.answered_at) == (ana, NOON + MINUTE)
    assert titles(incident)[-4:] == ["Acknowledged", "Resolved", "Reopened", "Acknowledged"]
    assert reasons(incident) == ["opened", "acknowledged", "resolved", "reopened", "acknowledged"]


def test_a_group_has_one_incident_under_way_whatever_people_reopen(incident: Incident, bia: User) -> None:
    IncidentPolicy.objects.create(project=incident.project, reopen_within=0 * MINUTE)
    resolve_incident(incident, by=bia, now=NOON)
    group = {"project_id": incident.project_id, "model": incident.model, "group": incident.group_labels}
    second = open_incident(**group, title="Again", severity="page", impact_started_at=NOON, now=NOON + MINUTE)
    assert str(second) == "INC-2"
    with pytest.raises(Refused, match="INC-2 is under way for the same alerts"):
        reopen_incident(incident, by=bia, now=NOON + HOUR)


def test_what_people_closed_stays_closed(incident: Incident, bia: User) -> None:
    reach(incident, "closed", bia)
    group = {"project_id": incident.project_id, "model": incident.model, "group": incident.group_labels}
    again = open_incident(**group, title="Again", severity="page", impact_started_at=NOON, now=NOON + MINUTE)
    assert (str(again), again.state) == ("INC-2", "open")


def test_somebody_gets_it_and_hears_of_it_on_their_own_channel(incident: Incident, ana: User, bia: User) -> None:
    own = Channel.objects.create(project=incident.project, name="bia", kind="console", owner=bia)
    assign_incident(incident, to=bia, by=ana, now=NOON)
    assign_incident(incident, to=bia, by=ana, now=NOON)
    assert Notification.objects.get(incident=incident, reason="assigned").channel == own
    assign_incident(incident, to=ana, by=ana, now=NOON)
    assign_incident(incident, to=None, by=ana, now=NOON)
    assert titles(incident)[-3:] == ["Assigned to Bia", "Assigned to Ana", "Assigned to nobody"]
    assert reasons(incident) == ["assigned"], "nobody is told of what they did themselves"


def test_an_incident_is_not_given_to_somebody_who_could_not_work_on_it(
    incident: Incident, ana: User, bia: User, caio: User
) -> None:
    for who in (caio, User.objects.create(username="gone", is_active=False)):
        with pytest.raises(Refused, match="cannot work on incidents"):
            assign_incident(incident, to=who, by=ana, now=NOON)


def test_who_comes_second_learns_what_the_first_did(incident: Incident, ana: User, bia: User) -> None:
    seen = incident.revision
    assign_incident(incident, to=ana, by=ana, now=NOON, seen=seen)
    for second in (
        lambda: assign_incident(incident, to=bia, by=bia, now=NOON, seen=seen),
        lambda: snooze_incident(incident, until=NOON + HOUR, by=bia, now=NOON, seen=seen),
        lambda: change_severity(incident, severity="page", by=bia, now=NOON, seen=seen),
    ):
        with pytest.raises(Refused, match=r"INC-1 has moved on since you looked: .* Assigned to Ana \(Ana\)"):
            second()
    incident.refresh_from_db()
    assert (incident.assignee, incident.snoozed_until, incident.severity) == (ana, None, "ticket")
    assign_incident(incident, to=ana, by=bia, now=NOON, seen=seen)  # what both want is no conflict


def test_people_raise_and_lower_the_severity(incident: Incident, bia: User) -> None:
    snooze_incident(incident, until=NOON + HOUR, by=bia, now=NOON)
    change_severity(incident, severity="page", by=bia, now=NOON, why="All of Europe.")
    assert (incident.severity, incident.snoozed_until) == ("page", None)
    change_severity(incident, severity="ticket", by=bia, now=NOON)
    assert titles(incident)[-2:] == ["Severity changed: ticket → page", "Severity changed: page → ticket"]
    assert reasons(incident) == ["escalated"]
    with pytest.raises(Refused, match="page, ticket"):
        change_severity(incident, severity="terrible", by=bia, now=NOON)


@pytest.mark.parametrize("until", [NOON, NOON - MINUTE, NOON + 30 * DAY + MINUTE])
def test_a_snooze_has_a_sensible_end(incident: Incident, bia: User, until: object) -> None:
    with pytest.raises(Refused, match="at most 30 days"):
        snooze_incident(incident, until=until, by=bia, now=NOON)


def test_a_snooze_ends_by_itself_and_is_told(incident: Incident, bia: User) -> None:
    snooze_incident(incident, until=NOON + HOUR, by=bia, now=NOON, why="The provider is on it.")
    assert wake_snoozed(now=NOON + 59 * MINUTE).written == 0
    assert wake_snoozed(now=NOON + HOUR).written == 1
    assert wake_snoozed(now=NOON + HOUR).seen == 0
    incident.refresh_from_db()
    assert (incident.snoozed_until, incident.state) == (None, "open")
    assert [title.split(" 20")[0] for title in titles(incident)[-2:]] == ["Snoozed until", "Snooze over"]
    assert reasons(incident) == ["awoke"]


def test_whoever_ends_a_snooze_needs_no_message(incident: Incident, bia: User) -> None:
    snooze_incident(incident, until=NOON + HOUR, by=bia, now=NOON)
    wake_incident(incident, by=bia, now=NOON + MINUTE)
    wake_incident(incident, by=bia, now=NOON + MINUTE)
    assert titles(incident)[-1] == "Snooze ended"
    assert reasons(incident) == []


def test_what_is_over_is_not_snoozed_assigned_silenced_or_judged_anew(incident: Incident, bia: User) -> None:
    reach(incident, "resolved", bia)
    for act in (
        lambda: snooze_incident(incident, until=NOON + HOUR, by=bia, now=NOON),
        lambda: assign_incident(incident, to=bia, by=bia, now=NOON),
        lambda: change_severity(incident, severity="page", by=bia, now=NOON),
        lambda: silence_incident(incident, by=bia, hours=1, now=NOON),
    ):
        with pytest.raises(Refused, match=r"INC-1 is resolved already\. Possible now: close it, reopen it, merge it"):
            act()


def test_a_merge_moves_the_alerts_and_leaves_a_trace_in_both(incident: Incident, credit_risk: Model, bia: User) -> None:
    duplicate = make(credit_risk, "duplicate", severity="page", began=HOUR)
    merge_incident(duplicate, into=incident, by=bia, now=NOON + MINUTE)
    for one in (incident, duplicate):
        one.refresh_from_db()
        assert titles(one)[-1] in ("INC-2 merged into INC-1, with 1 alert", "Severity raised")
    assert (duplicate.state, duplicate.merged_into, duplicate.alerts.count()) == ("merged", incident, 0)
    assert (incident.alerts.count(), incident.severity, incident.impact_started_at) == (2, "page", NOON - HOUR)
    told = [(entry.of, entry.title) for entry in incident_timeline(incident) if entry.kind in ("opened", "merged")]
    assert told == [
        ("", "Incident opened"),
        ("INC-2", "Incident opened"),
        ("", "INC-2 merged into INC-1, with 1 alert"),
    ]


def test_what_was_merged_follows_where_that_goes(incident: Incident, credit_risk: Model, bia: User) -> None:
    second, third = make(credit_risk, "second"), make(credit_risk, "third")
    merge_incident(third, into=second, by=bia, now=NOON)
    merge_incident(second, into=incident, by=bia, now=NOON)
    assert set(incident.merged.all()) == {second, third}
    with pytest.raises(Refused, match="INC-3 was merged into INC-1"):
        merge_incident(third, into=incident, by=bia, now=NOON)


def test_later_alerts_of_a_merged_group_join_the_other(incident: Incident, credit_risk: Model, bia: User) -> None:
    duplicate = make(credit_risk, "duplicate")
    merge_incident(duplicate, into=incident, by=bia, now=NOON)
    group = {"project_id": credit_risk.project_id, "model": credit_risk, "group": duplicate.group_labels}
    more = {"title": "x", "severity": "page", "impact_started_at": NOON}
    assert open_incident(**group, **more, now=NOON + MINUTE) == incident
    resolve_incident(incident, by=bia, now=NOON + 2 * MINUTE)
    again = open_incident(**group, **more, now=NOON + 3 * MINUTE)
    assert (again, again.state) == (incident, "open"), "it reopens what it was merged into"
    resolve_incident(incident, by=bia, now=NOON + 4 * MINUTE)
    assert str(open_incident(**group, **more, now=NOON + 2 * HOUR)) == "INC-3"


def test_only_incidents_of_one_project_that_are_under_way_take_others(
    incident: Incident, support_assistant: Model, bia: User
) -> None:
    foreign = cast.make_incident(cast.make_project("boreal", "Boreal"), 40)
    over = reach(make(support_assistant), "resolved", bia)
    for into, why in (
        (foreign, "belongs to another project"),
        (over, "is resolved already"),
        (incident, "into itself"),
    ):
        with pytest.raises(Refused, match=why):
            merge_incident(incident, into=into, by=bia, now=NOON)


def test_the_end_of_the_alerts_ends_a_mitigated_incident_too(credit_risk: Model, bia: User) -> None:
    error_rule(credit_risk)
    serve(credit_risk, start=-5, end=8, ok=5, failed=5)
    serve(credit_risk, start=8, end=20)
    tick(0, 3)
    mitigate_incident(Incident.objects.get(), by=bia, now=NOON + 3 * MINUTE)
    tick(4, 20)
    incident = Incident.objects.get()
    assert (incident.state, incident.resolved_by, incident.mitigated_by) == ("resolved", None, bia)


def test_the_alerts_of_both_end_what_they_were_merged_into(credit_risk: Model, bia: User) -> None:
    for name in ("first", "second"):
        error_rule(credit_risk, name, incident_labels=["rule"])
    serve(credit_risk, start=-5, end=8, ok=5, failed=5)
    serve(credit_risk, start=8, end=20)
    tick(0, 3)
    first, second = Incident.objects.order_by("number")
    merge_incident(second, into=first, by=bia, now=NOON + 3 * MINUTE)
    tick(4, 20)
    assert sorted(Incident.objects.values_list("number", "state")) == [(1, "resolved"), (2, "merged")]


def test_messages_of_a_merged_incident_go_nowhere(incident: Incident, credit_risk: Model, bia: User) -> None:
    duplicate = make(credit_risk, "duplicate")
    route = {"channel": Channel.objects.get(), "reason": "repeated", "created_at": NOON, "due_at": NOON + HOUR}
    planned = Notification.objects.create(
        uid="00000000-0000-7000-8000-000000000001", incident=duplicate, generation="r", not_before=NOON, **route
    )
    merge_incident(duplicate, into=incident, by=bia, now=NOON)
    send(now=NOON + 2 * HOUR, clock=HandClock())
    planned.refresh_from_db()
    assert (planned.state, planned.decision) == ("suppressed", "merged")
    assert planned.body["decision"]["into"] == "INC-1"
