"""A rule whose grouping can no longer be answered is broken and says so, whatever it watches; one without groups yet is not."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from alerting.backtest.past import backtest
from alerting.evaluate.targets import targets_of
from alerting.models import Alert, AlertRule
from alerting.validate import rule_problems
from models_registry.models import Model, User
from monitoring.models import SLO
from monitoring.summaries.segment_keys import declare_key, withdraw_key
from tests.alerting.rule_cast import HOUR, MINUTE, NOON, burn_rule, error_rule, serve, tick
from tests.monitoring.series import served
from tests.monitoring.test_segments import make_model

pytestmark = pytest.mark.django_db
FAST = [{"long_s": 600, "short_s": 60, "factor": 2, "severity": "page"}]
MEND = (
    "credit-risk does not declare the segment key region: declare it there, or write version or a key that it declares."
)


def grouped(model: Model, watches: str) -> AlertRule:
    """One alert per region, told by the rule itself or by its objective."""
    declare_key(model, "region", now=NOON - HOUR)
    if watches == "measure":
        return error_rule(model, window=10 * MINUTE, group_by="region")
    if watches == "objective":
        return burn_rule(model, pairs=FAST, minimum=0, minimum_short=0, group_by="region")
    rule = burn_rule(model, pairs=FAST, minimum=0, minimum_short=0)
    SLO.objects.update(group_by="region")
    return AlertRule.objects.select_related("slo__model", "project").get(pk=rule.pk)


def fail(model: Model, start: int, end: int) -> None:
    for minute in range(start, end):
        for segment in ("", "region=south"):
            served(model, NOON + minute * MINUTE, ok=5, failed=5, segment=segment)


def states(rule: AlertRule) -> set[tuple[str, str, str]]:
    return {(one.labels.get("region", ""), one.signal, one.state) for one in Alert.objects.filter(rule=rule)}


@pytest.mark.parametrize("watches", ["measure", "objective", "group of the objective"])
def test_a_withdrawn_key_breaks_the_rule_that_groups_by_it_until_it_is_back(credit_risk: Model, watches: str) -> None:
    """Its alert stays as it was: nobody knows whether it is over."""
    rule = grouped(credit_risk, watches)
    assert rule_problems(rule) == {}
    fail(credit_risk, -15, 25)
    tick(-2, 0)
    assert states(rule) == {("south", "breach", "firing")}
    withdraw_key(credit_risk.segment_keys.get(), now=NOON)
    tick(0, 10)
    rule.refresh_from_db()
    assert rule.health == "error"
    assert MEND in rule.last_error
    assert states(rule) == {("south", "breach", "firing"), ("", "breach", "error"), ("", "error", "firing")}
    with pytest.raises(ValueError, match="does not declare the segment key region"):
        backtest(rule, start=NOON, end=NOON + HOUR, now=NOON + HOUR)
    declare_key(credit_risk, "region", now=NOON + 10 * MINUTE)
    tick(10, 12)
    rule.refresh_from_db()
    assert (rule.health, rule.last_error) == ("ok", "")
    assert states(rule) == {("south", "breach", "firing"), ("", "breach", "inactive"), ("", "error", "inactive")}


def test_an_objective_that_moved_to_a_model_without_the_key_breaks_its_rule(credit_risk: Model) -> None:
    rule = grouped(credit_risk, "objective")
    fail(credit_risk, -15, 5)
    tick(-2, 0)
    SLO.objects.update(model=make_model(credit_risk.project, "churn"))
    tick(0, 1)
    rule.refresh_from_db()
    assert rule.health == "error"
    assert "churn does not declare the segment key region: declare it there" in rule.last_error


@pytest.mark.parametrize("key", ["region", "version"])
def test_a_rule_that_has_no_groups_yet_is_not_broken(credit_risk: Model, key: str) -> None:
    credit_risk.versions.all().delete()
    rule = grouped(credit_risk, "measure")
    AlertRule.objects.update(group_by=key)
    tick(0, 2)
    rule.refresh_from_db()
    assert (rule.health, rule.last_error) == ("ok", "")
    assert not Alert.objects.filter(rule=rule).exists()
    assert backtest(rule, start=NOON, end=NOON + HOUR, now=NOON + HOUR).firings == []


def test_an_application_is_grouped_by_its_prompts_without_a_declaration(support_assistant: Model) -> None:
    rule = error_rule(support_assistant, group_by="prompt")
    assert rule_problems(rule) == {}
    tick(0, 1)
    rule.refresh_from_db()
    assert rule.health == "ok"


def test_its_page_and_the_replay_of_a_composite_say_why(credit_risk: Model, ana: User, stopped_clock: object) -> None:
    rule = grouped(credit_risk, "measure")
    fail(credit_risk, -15, 5)
    withdraw_key(credit_risk.segment_keys.get(), now=NOON)
    tick(0, 1)
    client = Client()
    client.force_login(ana)
    page = client.get(f"/p/{credit_risk.project.slug}/rules/{rule.slug}/").content.decode()
    assert page.count(escape(MEND)) >= 2, "as its last error, and in place of its backtest"
    over = error_rule(credit_risk, "over", kind="composite", measure="", threshold=None, expression={"all": ["errors"]})
    with pytest.raises(ValueError, match="errors: credit-risk does not declare the segment key region"):
        backtest(over, start=NOON, end=NOON + HOUR, now=NOON + HOUR)


def test_any_number_of_grouped_rules_costs_the_same_and_no_grouped_rule_nothing(credit_risk: Model) -> None:
    serve(credit_risk, start=-2, end=0)

    def asked() -> int:
        rules = list(AlertRule.objects.select_related("project", "slo__model", "model", "policy"))
        with CaptureQueriesContext(connection) as seen:
            targets_of(rules)
        return len(seen)

    error_rule(credit_risk, "plain")
    assert asked() == 0
    error_rule(credit_risk, "by-version", group_by="version")
    assert asked() == 1, "versions are declared nowhere"
    grouped(credit_risk, "measure")
    assert asked() == 3
    for number in range(5):
        model = make_model(credit_risk.project, f"m{number}")
        declare_key(model, f"key{number}", now=NOON - timedelta(hours=1))
        error_rule(model, f"measure-{number}", group_by=f"key{number}")
        burn_rule(model, f"burn-{number}", group_by="nothing" if number else "version")
    assert asked() == 3
