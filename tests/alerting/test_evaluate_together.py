"""Rules are evaluated together: many cost what one costs, one that fails changes nothing, evaluators share the slots."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerting.evaluate import respond
from alerting.evaluate.rules import evaluate
from alerting.models import Alert, AlertRule, Evaluation, Incident, IncidentEvent
from models_registry.models import Model
from tests.alerting.rule_cast import HOUR, NOON, alert_of, changes, error_rule, serve, tick

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("minutes", [5, 60])
def test_an_idle_rule_costs_a_handful_of_queries(
    credit_risk: Model, minutes: int, django_assert_max_num_queries
) -> None:
    error_rule(credit_risk)
    serve(credit_risk, start=-minutes, end=10)
    tick(0, 1)
    with django_assert_max_num_queries(11):
        tick(1, 2)


def test_many_quiet_rules_cost_the_queries_of_one(credit_risk: Model, django_assert_max_num_queries) -> None:
    for place in range(9):
        error_rule(credit_risk, f"rule-{place}")
    serve(credit_risk, start=-5, end=10)
    tick(0, 1)
    with django_assert_max_num_queries(11):
        tick(1, 2)
    assert Evaluation.objects.count() == 18


def test_a_firing_alert_is_kept_up_to_date_and_costs_nothing_while_it_sees_the_same(
    credit_risk: Model,
) -> None:
    rule = error_rule(credit_risk)
    serve(credit_risk, start=-10, end=10, ok=5, failed=5)
    serve(credit_risk, start=10, end=12, ok=4, failed=6)
    tick(0, 2)
    with CaptureQueriesContext(connection) as quiet:
        tick(2, 3)
    assert alert_of(rule).value == 0.5
    assert not [query for query in quiet if f'UPDATE "{Alert._meta.db_table}"' in query["sql"]]
    tick(3, 12)
    assert (alert_of(rule).state, alert_of(rule).value) == ("firing", 0.52)
    assert "52.0%" in alert_of(rule).reason


def test_a_slot_that_comes_twice_keeps_what_was_seen_first(credit_risk: Model) -> None:
    rule = error_rule(credit_risk)
    other = error_rule(credit_risk, "other")
    serve(credit_risk, start=-5, end=0, ok=9, failed=1)
    tick(0, 1)
    AlertRule.objects.filter(pk=rule.pk).update(last_slot=NOON - HOUR)
    serve(credit_risk, start=-5, end=0, failed=10)
    assert evaluate(now=NOON + timedelta(seconds=59)).written == 1
    assert [row.value for row in Evaluation.objects.filter(rule=rule)] == [0.1]
    tick(1, 2)
    assert Evaluation.objects.filter(rule=other).count() == 2


def test_what_a_failing_answer_changed_is_rolled_back_and_stops_nobody(
    credit_risk: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing, sound = error_rule(credit_risk, "failing", severity="page"), error_rule(credit_risk, "sound")
    serve(credit_risk, start=-5, end=2, ok=5, failed=5)

    def announce(incident: Incident, *, now: datetime) -> None:
        if incident.title == failing.summary:
            IncidentEvent.objects.create(incident_id=0, at=None, kind="opened")

    AlertRule.objects.filter(pk=failing.pk).update(summary="Fails")
    failing.refresh_from_db()
    monkeypatch.setattr(respond, "announce_incident", announce)
    tick(0, 1)
    failing.refresh_from_db()
    assert (failing.health, alert_of(failing).state, changes(failing)) == ("error", "inactive", [])
    assert (alert_of(sound).state, Incident.objects.get().title) == ("firing", "Error rate of Credit risk above 10.0%")
    assert Evaluation.objects.count() == 2


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_evaluators_that_meet_share_the_slots(credit_risk: Model) -> None:
    for place in range(9):
        error_rule(credit_risk, f"rule-{place}")
    serve(credit_risk, start=-5, end=2, ok=5, failed=5)

    def look(_: int) -> int:
        try:
            return evaluate(now=NOON + timedelta(seconds=59)).written
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(look, range(4))) == 9
    assert (Evaluation.objects.count(), Incident.objects.count()) == (9, 1)
    assert Alert.objects.filter(state="firing").count() == 9
