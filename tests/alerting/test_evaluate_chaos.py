"""Evaluators that die anywhere, clocks that jump, hours that are there twice: no transition is lost and none comes twice."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from alerting.evaluate.rules import evaluate
from alerting.models import AlertRule, AlertTransition, Channel, Evaluation, IncidentPolicy, Notification
from models_registry.models import Model
from tests.alerting.rule_cast import HOUR, MINUTE, NOON, alert_of, burn_rule, changes, error_rule, serve, tick
from tests.monitoring.series import served

pytestmark = pytest.mark.django_db
LATE = timedelta(seconds=59)


class Killed(BaseException):
    """A process that is gone: nothing catches it, the database rolls back what was not committed."""


class Killer:
    """Kills whoever executes the statement of this number."""

    def __init__(self, after: int) -> None:
        self.left = after

    def __call__(self, execute: Callable[..., Any], *rest: Any) -> Any:
        self.left -= 1
        if self.left == -1:  # once: what the database does then, it does by itself
            raise Killed
        return execute(*rest)


def evaluate_and_die(now: datetime, dice: random.Random) -> bool:
    """Whether it was killed: before or after any of its statements."""
    try:
        with connection.execute_wrapper(Killer(dice.randrange(5, 120))):
            evaluate(now=now)
    except Killed:
        return True
    return False


@pytest.mark.slow
def test_evaluators_killed_anywhere_lose_nothing_and_do_nothing_twice(credit_risk: Model) -> None:
    dice = random.Random(11)
    IncidentPolicy.objects.create(project=credit_risk.project, reopen_within=timedelta(0), hold_flapping=False)
    Channel.objects.create(project=credit_risk.project, name="console", kind="console")
    rules = [error_rule(credit_risk, f"rule-{place}", window=MINUTE, incident_labels=["rule"]) for place in range(10)]
    for minute in range(70):
        served(credit_risk, NOON + minute * MINUTE, ok=5 if minute % 2 else 10, failed=5 if minute % 2 else 0)
    killed = 0
    for minute in range(1, 70):
        now = NOON + minute * MINUTE + LATE
        for _evaluator in range(dice.randint(1, 3)):
            killed += evaluate_and_die(now, dice)
        evaluate(now=now)  # one of them lives
        evaluate(now=now)  # and another comes late
    assert killed > 40
    once = [("inactive", "pending"), ("pending", "firing"), ("firing", "inactive")]
    for rule in rules:
        assert changes(rule) == once * 34
        assert Evaluation.objects.filter(rule=rule).count() == 69
    assert AlertTransition.objects.count() == 1_020
    told = Notification.objects.values_list("incident_id", "reason")
    assert len(told) == len(set(told)) == 2 * 34 * len(rules)


def test_the_number_of_statements_does_not_grow_with_the_rules(credit_risk: Model) -> None:
    def cost() -> int:
        tick(-2, -1)
        AlertRule.objects.update(last_slot=None)
        with CaptureQueriesContext(connection) as captured:
            tick(-1, 0)
        return len(captured)

    serve(credit_risk, start=-10, end=2)
    error_rule(credit_risk, "first")
    burn_rule(credit_risk, "burn")
    error_rule(credit_risk, "beats", kind="heartbeat", measure="", threshold=None, window=HOUR)
    error_rule(credit_risk, "both", kind="composite", measure="", threshold=None, expression={"any": ["first"]})
    error_rule(credit_risk, "groups", group_by="version")
    few = cost()
    for place in range(20):
        error_rule(credit_risk, f"rule-{place}")
        error_rule(credit_risk, f"beats-{place}", kind="heartbeat", measure="", threshold=None, window=HOUR)
        error_rule(
            credit_risk, f"both-{place}", kind="composite", measure="", threshold=None, expression={"any": ["first"]}
        )
        error_rule(credit_risk, f"groups-{place}", group_by="version")
    assert cost() == few


def test_time_in_which_nobody_looked_does_not_count_for_for(credit_risk: Model) -> None:
    """A restart in the middle of `for`, and a clock that is put an hour forward: no false page, and none lost."""
    rule = error_rule(credit_risk, for_duration=5 * MINUTE)
    serve(credit_risk, start=-10, end=90, ok=5, failed=5)
    tick(0, 3)
    assert alert_of(rule).state == "pending"
    tick(62, 64)
    assert alert_of(rule).state == "pending"
    tick(64, 66)
    assert alert_of(rule).state == "firing"
    assert changes(rule) == [("inactive", "pending"), ("pending", "firing")]


def test_a_clock_put_back_repeats_no_page_and_leaves_no_hour_out(credit_risk: Model) -> None:
    rule = error_rule(credit_risk, severity="page", window=MINUTE)
    serve(credit_risk, start=-70, end=-60, ok=5, failed=5)
    serve(credit_risk, start=-60, end=-30)
    tick(-65, -30)
    pages = [("inactive", "pending"), ("pending", "firing"), ("firing", "inactive")]
    assert changes(rule) == pages
    tick(-65, -31)  # put back: what was evaluated is not evaluated again
    assert changes(rule) == pages
    tick(30, 32)  # put an hour forward by mistake, where nothing has come yet
    serve(credit_risk, start=-30, end=0)
    serve(credit_risk, start=0, end=3, ok=5, failed=5)
    tick(-28, 3)  # and put right again
    assert changes(rule)[-2:] == [("inactive", "pending"), ("pending", "firing")]
    assert changes(rule).count(("pending", "firing")) == 2


@pytest.mark.parametrize(
    ("zone", "change"),
    [
        ("America/Sao_Paulo", datetime(2018, 11, 4, 3, tzinfo=UTC)),
        ("America/Sao_Paulo", datetime(2019, 2, 17, 2, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2026, 3, 29, 1, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2026, 10, 25, 1, tzinfo=UTC)),
    ],
)
def test_an_hour_that_is_left_out_or_there_twice_changes_nothing(
    credit_risk: Model, zone: str, change: datetime
) -> None:
    rule = error_rule(credit_risk, for_duration=3 * MINUTE)
    for minute in range(-20, 20):
        served(credit_risk, change + minute * MINUTE, ok=5, failed=5 if -8 <= minute < 8 else 0)
    with timezone.override(zone):
        for minute in range(-15, 20):
            evaluate(now=change + minute * MINUTE + LATE)
    slots = list(Evaluation.objects.filter(rule=rule).order_by("slot").values_list("slot", flat=True))
    assert [later - slot for slot, later in pairwise(slots)] == [MINUTE] * 34
    assert changes(rule) == [("inactive", "pending"), ("pending", "firing"), ("firing", "inactive")]
