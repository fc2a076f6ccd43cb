"""Every rule is asked once per slot; what it saw is kept; a broken one stops nobody."""

from datetime import timedelta

import pytest

from alerting.evaluate.retention import retain_evaluations
from alerting.evaluate.rules import evaluate, slot_of
from alerting.models import Alert, AlertRule, Evaluation, Incident, IncidentPolicy
from models_registry.models import Model
from monitoring.models import SLO
from tests.alerting.rule_cast import DAY, MINUTE, NOON, alert_of, burn_rule, changes, error_rule, serve, tick
from tests.cast import wait_in_inbox
from tests.monitoring.series import labelled, served

pytestmark = pytest.mark.django_db


def test_what_a_rule_saw_is_kept(credit_risk: Model) -> None:
    rule = error_rule(credit_risk)
    serve(credit_risk, start=-5, end=0, ok=19, failed=1)
    summary = evaluate(now=NOON + timedelta(seconds=59))
    row = Evaluation.objects.get()
    assert (summary.seen, summary.written) == (1, 1)
    assert (row.value, row.good, row.valid, row.breached, row.window_end) == (0.05, 5, 100, False, NOON)
    rule.refresh_from_db()
    assert (rule.health, rule.last_slot) == ("ok", row.slot)


def test_duplicate_ticks_and_clocks_that_differ_a_little_do_nothing(credit_risk: Model) -> None:
    error_rule(credit_risk)
    now = NOON + timedelta(seconds=59)
    evaluate(now=now)
    for again in (now, now - MINUTE, now - 4 * MINUTE):
        assert evaluate(now=again).seen == 0
    assert Evaluation.objects.count() == 1


def test_missed_slots_are_counted_and_not_replayed(credit_risk: Model) -> None:
    error_rule(credit_risk)
    evaluate(now=NOON)
    assert evaluate(now=NOON + 10 * MINUTE).skipped == 9
    assert Evaluation.objects.count() == 2


def test_rules_do_not_all_run_at_once(credit_risk: Model) -> None:
    rules = [error_rule(credit_risk, f"rule-{place}") for place in range(4)]
    slots = {slot_of(rule, now=NOON + timedelta(seconds=59)) for rule in rules}
    assert len(slots) == 4
    assert all(NOON - MINUTE < slot <= NOON + timedelta(seconds=59) for slot in slots)


def test_a_breach_waits_fires_opens_an_incident_and_ends_with_it(credit_risk: Model) -> None:
    rule = error_rule(credit_risk, for_duration=2 * MINUTE, keep_firing_for=2 * MINUTE, severity="page")
    serve(credit_risk, start=-30, end=0)
    serve(credit_risk, start=0, end=10, ok=5, failed=5)
    serve(credit_risk, start=10, end=30)
    tick(-5, 30)
    assert changes(rule) == [("inactive", "pending"), ("pending", "firing"), ("firing", "inactive")]
    incident = Incident.objects.get()
    assert (incident.state, incident.severity, incident.model) == ("resolved", "page", credit_risk)
    assert incident.resolved_by is None
    assert incident.title == "Error rate of Credit risk above 10.0%"
    assert incident.impact_started_at == NOON
    assert incident.transitions.count() == 3
    assert [event.kind for event in incident.events.exclude(kind="suppressed")] == ["opened", "resolved"]


def test_alerts_of_one_model_share_an_incident(credit_risk: Model, support_assistant: Model) -> None:
    error_rule(credit_risk)
    error_rule(credit_risk, "worse", threshold=0.2)
    error_rule(support_assistant, "other")
    for model in (credit_risk, support_assistant):
        serve(model, start=-10, end=5, ok=5, failed=5)
    tick(0, 5)
    assert Incident.objects.count() == 2
    mine = Incident.objects.get(model=credit_risk)
    assert mine.alerts.count() == 2
    serve(credit_risk, start=5, end=15, ok=100)
    serve(support_assistant, start=5, end=15, ok=5, failed=5)
    tick(5, 15)
    mine.refresh_from_db()
    assert mine.state == "resolved"
    assert Incident.objects.get(model=support_assistant).state == "open"


def test_the_stronger_alert_escalates_the_incident_and_gives_it_its_name(credit_risk: Model) -> None:
    error_rule(credit_risk, summary="Some requests fail")
    error_rule(credit_risk, "worse", threshold=0.4, severity="page", summary="Most requests fail")
    serve(credit_risk, start=-10, end=3, ok=8, failed=2)
    serve(credit_risk, start=3, end=12, ok=1, failed=9)
    tick(0, 3)
    assert Incident.objects.get().severity == "ticket"
    tick(3, 12)
    incident = Incident.objects.get()
    assert (incident.severity, incident.title) == ("page", "Most requests fail")
    assert incident.events.get(kind="alert", data__severity="page").text == "Most requests fail"
    assert incident.events.get(kind="opened").text == "Some requests fail"


def test_bad_slices_of_time_burn_a_budget_too(credit_risk: Model) -> None:
    rule = burn_rule(credit_risk, pairs=[{"long_s": 3_600, "short_s": 300, "factor": 2, "severity": "page"}])
    SLO.objects.update(
        sli="time_slices", measure="error_rate", bound=0.1, slice=5 * MINUTE, window=DAY, target=0.9, slug="hours"
    )
    serve(credit_risk, start=-120, end=0)
    serve(credit_risk, start=0, end=30, ok=5, failed=5)
    serve(credit_risk, start=30, end=120)
    tick(-5, 120)
    assert changes(rule) == [("inactive", "pending"), ("pending", "firing"), ("firing", "inactive")]
    seen = [(row.good, row.valid) for row in Evaluation.objects.order_by("slot") if row.breached]
    assert seen[0] == (9, 12), "three bad slices of five minutes, the fewest that a rule takes for a sign"
    incident = Incident.objects.get()
    assert incident.impact_started_at == NOON


def test_a_burning_budget_fires_when_the_closed_form_says(credit_risk: Model) -> None:
    rule = burn_rule(credit_risk, pairs=[{"long_s": 3_600, "short_s": 300, "factor": 14.4, "severity": "page"}])
    serve(credit_risk, start=-120, end=0)
    serve(credit_risk, start=0, end=20, ok=0, failed=10)
    tick(0, 21)
    first = Evaluation.objects.filter(rule=rule, breached=True).order_by("slot").first()
    # k·b·L/e = 14.4 · 1 % · 60 min = 8.64 min
    assert first.window_end == NOON + 9 * MINUTE
    assert Incident.objects.get().impact_started_at == NOON


def test_the_stronger_pair_speaks_alone(credit_risk: Model) -> None:
    rule = burn_rule(credit_risk)
    serve(credit_risk, start=-120, end=0)
    serve(credit_risk, start=0, end=20, ok=0, failed=10)
    tick(0, 21)
    alert = alert_of(rule)
    assert (Alert.objects.count(), alert.state, alert.severity) == (1, "firing", "page")
    assert alert.value > 14.4
    assert Incident.objects.get().impact_started_at == NOON


def test_a_ticket_becomes_a_page_and_the_change_is_written_down(credit_risk: Model) -> None:
    pairs = [
        {"long_s": 600, "short_s": 300, "factor": 50, "severity": "page"},
        {"long_s": 600, "short_s": 300, "factor": 10, "severity": "ticket"},
    ]
    rule = burn_rule(credit_risk, pairs=pairs)
    serve(credit_risk, start=-20, end=5, ok=8, failed=2)
    serve(credit_risk, start=5, end=20, ok=1, failed=9)
    tick(0, 5)
    assert (alert_of(rule).severity, Incident.objects.get().severity) == ("ticket", "ticket")
    tick(5, 20)
    assert (alert_of(rule).severity, Incident.objects.get().severity) == ("page", "page")
    assert changes(rule)[-1] == ("firing", "firing")
    assert Incident.objects.count() == 1


def test_two_bad_events_of_a_quiet_model_do_not_wake_anybody(credit_risk: Model) -> None:
    rule = burn_rule(credit_risk)
    served(credit_risk, NOON - MINUTE, ok=8, failed=2)
    tick(0, 1)
    assert (alert_of(rule).state, Evaluation.objects.get().breached) == ("inactive", False)


def test_a_total_outage_of_telemetry_is_no_data_not_health(credit_risk: Model) -> None:
    rule = error_rule(credit_risk)
    tick(0, 1)
    rule.refresh_from_db()
    assert (rule.health, alert_of(rule).state, Incident.objects.count()) == ("no_data", "no_data", 0)
    assert Evaluation.objects.get().breached is None


def test_silence_of_a_firing_model_keeps_it_firing(credit_risk: Model) -> None:
    rule = error_rule(credit_risk)
    serve(credit_risk, start=-5, end=2, ok=5, failed=5)
    tick(0, 20)
    assert (alert_of(rule).state, Incident.objects.get().state) == ("firing", "open")


def test_no_data_can_be_what_the_alert_is_about(credit_risk: Model) -> None:
    rule = error_rule(credit_risk, no_data="alert", for_duration=5 * MINUTE)
    tick(0, 10)
    incident = Incident.objects.get()
    assert (alert_of(rule).state, incident.impact_started_at) == ("firing", alert_of(rule).active_since)


def test_no_data_can_count_as_health(credit_risk: Model) -> None:
    rule = error_rule(credit_risk, no_data="ok")
    serve(credit_risk, start=-5, end=0, ok=5, failed=5)
    tick(0, 10)
    assert (alert_of(rule).state, Incident.objects.get().state) == ("inactive", "resolved")


def test_fewer_events_than_the_minimum_cannot_be_judged(credit_risk: Model) -> None:
    rule = error_rule(credit_risk, minimum=50)
    served(credit_risk, NOON - MINUTE, failed=49)
    tick(0, 1)
    assert alert_of(rule).state == "no_data"
    served(credit_risk, NOON, failed=1)
    tick(1, 2)
    assert alert_of(rule).state == "firing"


def test_a_count_of_nothing_can_be_judged(credit_risk: Model) -> None:
    rule = error_rule(credit_risk, measure="requests", comparison="lt", threshold=1)
    tick(0, 1)
    assert alert_of(rule).state == "firing"


def test_a_drain_that_is_behind_is_stale_and_resolves_nothing(credit_risk: Model) -> None:
    rule = error_rule(credit_risk)
    serve(credit_risk, start=-5, end=0, ok=5, failed=5)
    tick(0, 1)
    wait_in_inbox(credit_risk, NOON)
    tick(10, 12)
    rule.refresh_from_db()
    assert (rule.health, alert_of(rule).state, Incident.objects.get().state) == ("stale", "firing", "open")


def test_quality_rules_wait_for_labels(credit_risk: Model) -> None:
    rule = error_rule(credit_risk, measure="accuracy", comparison="lt", threshold=0.9, window=10 * MINUTE)
    labelled(credit_risk, NOON - 5 * MINUTE, [(1, 2)] * 20)
    tick(0, 1)
    assert alert_of(rule).state == "no_data"
    tick(29, 30)
    assert alert_of(rule).state == "firing"


def test_a_broken_rule_says_so_and_stops_nobody(credit_risk: Model) -> None:
    broken = error_rule(credit_risk, "broken", measure="no_such_measure")
    error_rule(credit_risk, "sound")
    assert evaluate(now=NOON + timedelta(seconds=59)).written == 2
    broken.refresh_from_db()
    assert broken.health == "error"
    assert "no_such_measure" in broken.last_error
    AlertRule.objects.filter(pk=broken.pk).update(measure="error_rate")
    served(credit_risk, NOON, ok=10)
    tick(1, 2)
    broken.refresh_from_db()
    assert (broken.health, broken.last_error) == ("ok", "")


def test_a_rule_switched_off_ends_its_alert(credit_risk: Model) -> None:
    rule = error_rule(credit_risk)
    serve(credit_risk, start=-5, end=1, ok=5, failed=5)
    tick(0, 1)
    AlertRule.objects.update(enabled=False)
    tick(1, 2)
    assert (alert_of(rule).state, Incident.objects.get().state) == ("inactive", "resolved")


@pytest.mark.parametrize(
    ("minutes", "found"),
    [(30, [(1, "open")]), (5, [(1, "resolved"), (2, "open")]), (0, [(1, "resolved"), (2, "open")])],
)
def test_an_alert_that_comes_back_within_the_window_reopens_its_incident(
    credit_risk: Model, minutes: int, found: list[tuple[int, str]]
) -> None:
    IncidentPolicy.objects.create(project=credit_risk.project, reopen_within=minutes * MINUTE)
    error_rule(credit_risk)
    serve(credit_risk, start=-5, end=2, ok=5, failed=5)
    serve(credit_risk, start=2, end=20)
    serve(credit_risk, start=20, end=25, ok=5, failed=5)
    tick(0, 25)
    assert list(Incident.objects.order_by("number").values_list("number", "state")) == found


def test_one_bad_minute_some_time_before_is_no_onset(credit_risk: Model) -> None:
    error_rule(credit_risk, window=10 * MINUTE)
    serve(credit_risk, start=-20, end=-6)
    serve(credit_risk, start=-6, end=-5, ok=0, failed=10)
    serve(credit_risk, start=-5, end=0)
    serve(credit_risk, start=0, end=5, ok=5, failed=5)
    tick(-1, 5)
    assert Incident.objects.get().impact_started_at == NOON


def test_old_evaluations_are_forgotten(credit_risk: Model) -> None:
    rule = error_rule(credit_risk)
    for days in (1, 34, 36, 90):
        Evaluation.objects.create(rule=rule, slot=NOON - days * DAY, window_end=NOON)
    assert retain_evaluations(now=NOON).written == 2
    assert Evaluation.objects.count() == 2


def test_an_incident_does_not_outlive_the_last_of_its_rules(credit_risk: Model) -> None:
    error_rule(credit_risk).delete()
    first, second = error_rule(credit_risk, "first"), error_rule(credit_risk, "second")
    serve(credit_risk, start=-5, end=10, ok=5, failed=5)
    tick(0, 1)
    first.delete()
    tick(1, 2)
    assert Incident.objects.get().state == "open"
    second.delete()
    tick(2, 3)
    assert Incident.objects.get().state == "resolved"
