"""Rules with an alert per group of a composite objective, and rules over rules that watch composites."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from alerting.backtest.past import backtest
from alerting.evaluate.external import Incoming, expire, receive
from alerting.models import Alert, AlertRule, Evaluation, Incident
from alerting.validate import rule_problems
from models_registry.models import Model
from monitoring.models import SLO, Component
from monitoring.summaries.segment_keys import declare_key, withdraw_key
from tests.alerting.rule_cast import HOUR, MINUTE, NOON, error_rule, serve, tick
from tests.alerting.test_composite_slo import watched
from tests.monitoring.test_composite_groups import region, two_models
from tests.monitoring.test_composites import compose, promise

pytestmark = pytest.mark.django_db
FAST = [{"long_s": 600, "short_s": 60, "factor": 2, "severity": "page"}]


def composite(**more: object) -> tuple[SLO, Model, Model]:
    a, b = two_models()
    fields = {"target": 0.9, "group_by": "region", **more}
    return compose(promise(a, "a"), promise(b, "b"), **fields), a, b


def states(rule: AlertRule) -> dict[str, str]:
    return {one.labels["region"]: one.state for one in Alert.objects.filter(rule=rule)}


def versions() -> set[tuple[str, str, str]]:
    return {(one.labels.get("version", ""), one.signal, one.state) for one in Alert.objects.all()}


def agree(rule: AlertRule, start: int, end: int) -> None:
    """A backtest of every group says what live evaluation said at every slot."""
    found = backtest(rule, start=NOON + start * MINUTE, end=NOON + end * MINUTE, now=NOON + end * MINUTE)
    for part in found.parts:
        lived = Evaluation.objects.filter(rule=rule, group=part.target.group).order_by("slot")
        told = [part.answers.of(place) for place in range(found.slots.count)]
        seen = [(one.value, one.good, one.valid, one.reason[:300]) for one in told]
        assert seen == list(lived.values_list("value", "good", "valid", "reason")), part.target.group
    fired = {(one.group, one.start) for one in found.firings}
    lived = Alert.objects.filter(rule=rule, transitions__to_state="firing")
    assert fired == {
        (f"region={region_}", at) for region_, at in lived.values_list("labels__region", "transitions__at")
    }
    assert found.differences == []


def test_every_group_has_an_alert_and_a_replay_of_the_past_does_the_same() -> None:
    whole, a, b = composite()
    rule = watched(whole, pairs=FAST, minimum=0, minimum_short=0)
    assert rule_problems(rule) == {}
    for minute in range(-15, 6):
        at = NOON + minute * MINUTE
        region(a, "south", ok=10, failed=8 if minute >= -3 else 0, at=at)
        region(a, "north", ok=10, at=at)
        region(b, "north", ok=10, failed=1 if minute >= 2 else 0, at=at)
    tick(-2, 6)
    assert states(rule) == {"south": "firing", "north": "inactive"}
    agree(rule, -2, 6)
    [incident] = Incident.objects.all()
    assert incident.model == whole.model
    assert incident.impact_started_at == NOON - 3 * MINUTE, "when that group turned bad"


@given(
    st.lists(st.tuples(st.integers(0, 1), st.sampled_from(["north", "south"]), st.integers(-12, 5), st.integers(0, 9),
                       st.integers(0, 9)), max_size=20),
    st.sampled_from(["left_out", "no_data"]),
    st.sampled_from(["weighted", "minimum", "product"]),
)  # fmt: skip
@example([(0, "south", -4, 1, 9), (1, "south", -6, 9, 0)], "no_data", "weighted")
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_happens_a_backtest_of_each_group_is_what_was_lived(events, without_data, how) -> None:
    AlertRule.objects.all().delete()
    whole, *models = composite(without_data=without_data, how=how)
    rule = watched(whole, pairs=FAST, minimum=0, minimum_short=0)
    for number, value, minute, ok, failed in [*events, (0, "north", -30, 1, 0), (1, "south", -30, 1, 0)]:
        region(models[number], value, ok=ok, failed=failed, at=NOON + minute * MINUTE)
    tick(-1, 5)
    agree(rule, -1, 5)


def test_a_group_of_which_a_component_is_missing_is_blind_and_not_gone() -> None:
    """Where a component without data leaves the whole without, nobody can tell; that nothing came would end its alert."""
    whole, a, b = composite(without_data="no_data")
    rule = watched(whole, pairs=FAST, minimum=0, minimum_short=0)
    for minute in range(-15, 20):
        at = NOON + minute * MINUTE
        region(a, "south", ok=5, failed=5, at=at)
        for model in (a, b):
            region(model, "north", ok=10, at=at)
        if minute < 0:
            region(b, "south", ok=10, at=at)
    tick(-2, 0)
    assert states(rule) == {"south": "firing", "north": "inactive"}
    tick(0, 15)
    assert states(rule) == {"south": "no_data", "north": "inactive"}
    last = Evaluation.objects.filter(rule=rule, group="region=south").latest("slot")
    assert (last.value, last.breached) == (None, None)
    assert last.valid == 100
    assert last.reason == "A component has no valid events within 10\N{NO-BREAK SPACE}min."
    agree(rule, -2, 15)


def test_a_rule_may_group_what_its_composite_does_not_and_what_cannot_be_is_refused() -> None:
    whole, a, b = composite(group_by="")
    rule = watched(whole, group_by="region")
    assert rule_problems(rule) == {}
    region(a, "south", ok=10, at=NOON - MINUTE)
    region(b, "north", ok=10, at=NOON - MINUTE)
    tick(0, 1)
    assert states(rule) == {"south": "inactive", "north": "inactive"}
    rule.group_by = "version"
    assert "not of a: choose a segment key" in rule_problems(rule)["group_by"]
    rule.group_by = "planet"
    assert "Its component “a” is of a, which does not declare the segment key planet" in rule_problems(rule)["group_by"]


def test_a_rule_whose_composite_can_no_longer_be_grouped_is_broken_and_says_so() -> None:
    """Its alerts stay as they were: nobody knows whether they are over."""
    a, b = two_models()
    whole = compose(promise(a, "a"), target=0.9)
    rule = watched(whole, pairs=FAST, minimum=0, minimum_short=0, group_by="version")
    assert rule_problems(rule) == {}
    for minute in range(-15, 20):
        region(a, "", ok=5, failed=5, at=NOON + minute * MINUTE)
    tick(-2, 0)
    assert versions() == {("1", "breach", "firing")}
    added = Component.objects.create(composite=whole, slo=promise(b, "b"))
    tick(0, 10)
    rule.refresh_from_db()
    assert rule.health == "error"
    assert "its component “b” is of b, not of a: choose a segment key" in rule.last_error
    assert versions() == {("1", "breach", "firing"), ("", "breach", "error"), ("", "error", "firing")}
    with pytest.raises(ValueError, match="not of a: choose a segment key"):
        backtest(rule, start=NOON, end=NOON + HOUR, now=NOON + HOUR)
    added.delete()
    tick(10, 12)
    rule.refresh_from_db()
    assert (rule.health, rule.last_error) == ("ok", "")
    assert versions() == {("1", "breach", "firing"), ("", "breach", "inactive"), ("", "error", "inactive")}


def test_a_key_that_a_component_no_longer_declares_breaks_the_rule_that_groups_by_it() -> None:
    whole, a, b = composite(group_by="")
    rule = watched(whole, group_by="region")
    for model in (a, b):
        region(model, "south", ok=10, at=NOON - MINUTE)
    tick(0, 1)
    assert AlertRule.objects.get(pk=rule.pk).health == "ok"
    withdraw_key(b.segment_keys.get(), now=NOON)
    tick(1, 2)
    rule.refresh_from_db()
    assert rule.health == "error"
    assert "“b” is of b, which does not declare the segment key region: declare it there" in rule.last_error


def test_any_number_of_rules_and_groups_costs_the_same() -> None:
    whole, a, b = composite()
    parts = [one.slo for one in whole.components.select_related("slo__model")]
    watched(whole)
    region(a, "south", ok=10, at=NOON - MINUTE)
    tick(0, 1)
    with CaptureQueriesContext(connection) as few:
        tick(1, 2)
    for number in range(4):
        watched(compose(*parts, slug=f"more-{number}", group_by="region"), slug=f"burns-{number}")
        region(b, f"r{number}", ok=10, at=NOON - MINUTE)
    tick(2, 3)
    with CaptureQueriesContext(connection) as many:
        tick(3, 4)
    assert len(many) == len(few)


def test_a_rule_over_rules_takes_what_other_programs_say(credit_risk: Model) -> None:
    """A backtest knows their alerts by when they came and went."""
    errors = error_rule(credit_risk, "errors", pk=6_000, window=MINUTE)
    serve(credit_risk, start=-5, end=12, ok=5, failed=5)

    def deploys(begin: int, end: int, *, host: str) -> None:
        sent = Incoming({"alertname": "Deploys", "host": host}, {}, NOON + begin * MINUTE, NOON + end * MINUTE)
        receive(credit_risk.project, [sent], now=NOON + begin * MINUTE)

    deploys(2, 5, host="a")
    other = AlertRule.objects.get(kind="external")
    fields = {"kind": "composite", "measure": "", "threshold": None, "window": MINUTE}
    quiet = {"all": ["errors", {"not": other.slug}]}
    rule = error_rule(credit_risk, "unplanned", pk=6_002, expression=quiet, **fields)
    assert rule_problems(rule) == {}
    for minute in range(2, 12):
        if minute == 4:
            deploys(4, 8, host="b")
        expire(now=NOON + minute * MINUTE)
        tick(minute, minute + 1)
    lived = list(Evaluation.objects.filter(rule=rule).order_by("slot").values_list("value", "reason"))
    assert [value for value, _reason in lived] == [0, 0, 0, 0, 0, 0, 1, 1, 1, 1]
    found = backtest(rule, start=NOON + MINUTE, end=NOON + 12 * MINUTE, now=NOON + HOUR)
    told = [found.parts[0].answers.of(place) for place in range(found.slots.count)]
    assert told[0].value is None, "nobody had heard of it yet"
    assert [(one.value, one.reason) for one in told[1:]] == lived
    assert Alert.objects.filter(rule=errors).exists()


def test_a_rule_over_rules_takes_a_burn_a_burn_rate_over_a_composite_grouped_or_not(credit_risk: Model) -> None:
    """Any of its alerts decides, live as in the past."""
    declare_key(credit_risk, "region", now=NOON - HOUR)
    whole = compose(promise(credit_risk, "one"), target=0.9)
    groups = compose(promise(credit_risk, "two"), target=0.9, slug="groups", group_by="region")
    fields = {"pairs": FAST, "minimum": 0, "minimum_short": 0}
    watched(whole, pk=6_000, slug="all-of-it", **fields)
    watched(groups, pk=6_001, slug="any-region", **fields)
    rule = AlertRule(pk=6_002, project=whole.project, slug="a-part", name="A part", kind="composite", model=credit_risk)
    rule.expression = {"all": ["any-region", {"not": "all-of-it"}]}
    assert rule_problems(rule) == {}
    rule.save()
    for minute in range(-15, 5):
        at = NOON + minute * MINUTE
        region(credit_risk, "south", ok=1, failed=2 if minute >= 0 else 0, at=at)
        region(credit_risk, "north", ok=50, at=at)
    tick(-2, 5)
    assert Alert.objects.get(rule=rule).state == "firing"
    lived = list(Evaluation.objects.filter(rule=rule).order_by("slot").values_list("value", "reason"))
    found = backtest(rule, start=NOON - 2 * MINUTE, end=NOON + 5 * MINUTE, now=NOON + timedelta(hours=1))
    told = [found.parts[0].answers.of(place) for place in range(found.slots.count)]
    assert [(one.value, one.reason) for one in told] == lived
    assert [one.start for one in found.firings] == [Alert.objects.get(rule=rule).transitions.get(to_state="firing").at]
