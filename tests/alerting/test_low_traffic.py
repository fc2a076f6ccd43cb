"""Few failures of few requests wake nobody, and the rule says so; many do; and a rule says when it can no longer fire."""

from datetime import timedelta

import pytest
from django.test import Client

from alerting.backtest.past import backtest
from alerting.models import AlertRule, Evaluation
from models_registry.models import Model, User
from monitoring.models import SLO
from monitoring.slo.status import slo_status
from tests.alerting.rule_cast import DAY, MINUTE, NOON, alert_of, burn_rule, changes, serve, tick

pytestmark = pytest.mark.django_db
HOURLY = [{"long_s": 3_600, "short_s": 300, "factor": 14.4, "severity": "page"}]


def trickle(model: Model, failing: set[int], *, end: int = 60) -> None:
    """One request in each minute of an hour; it fails in these."""
    for minute in range(end):
        serve(model, start=minute, end=minute + 1, ok=0 if minute in failing else 1, failed=int(minute in failing))


@pytest.mark.parametrize(
    ("failing", "needed", "fires"),
    [
        ({59}, {}, False),  # a single failure
        ({20, 40, 59}, {}, False),  # three, and one of them now
        ({20, 58, 59}, {}, True),  # three, and two of them now
        ({58, 59}, {}, False),  # two in all
        ({59}, {"minimum": 0, "minimum_short": 0}, True),
        ({20, 40, 59}, {"minimum_short": 0}, True),
        ({57, 58, 59}, {"minimum": 4}, False),
    ],
)
def test_three_bad_events_and_two_of_them_now(credit_risk: Model, failing, needed, fires) -> None:
    rule = burn_rule(credit_risk, target=0.999, pairs=HOURLY, **needed)
    trickle(credit_risk, failing)
    tick(60, 61)
    assert any(after == "firing" for _, after in changes(rule)) is fires
    reason = Evaluation.objects.latest("slot").reason
    assert ("Held back" in reason) is not fires
    replayed = backtest(rule, start=NOON + 55 * MINUTE, end=NOON + 61 * MINUTE, now=NOON + DAY)
    assert bool(replayed.firings) is fires
    assert fires or replayed.held_back


def test_what_was_held_back_is_told_in_words_where_people_look(credit_risk: Model, ana: User, client: Client) -> None:
    rule = burn_rule(credit_risk, target=0.999, pairs=HOURLY)
    trickle(credit_risk, {20, 59})
    tick(60, 61)
    assert alert_of(rule).state == "inactive"
    client.force_login(ana)
    told = client.get(f"/p/{credit_risk.project.slug}/rules/{rule.slug}/").content.decode()
    assert "on 2 bad in 1 h and 1 in 5 min; a rule fires on 3 and 2." in told.replace("\xa0", " ")
    assert "Held back as low traffic" in told


def test_a_total_outage_is_noticed_with_its_third_failure(credit_risk: Model) -> None:
    rule = burn_rule(credit_risk, target=0.999)
    serve(credit_risk, start=-600, end=0, ok=1)
    serve(credit_risk, start=0, end=5, ok=0, failed=1)
    tick(0, 5)
    [fired] = [row.slot for row in Evaluation.objects.filter(rule=rule, breached=True).order_by("slot")[:1]]
    assert fired <= NOON + 4 * MINUTE


def test_no_window_needs_more_bad_slices_than_it_has_room_for(credit_risk: Model) -> None:
    """A short window of one slice is bad by one."""
    promise = SLO.objects.create(
        project=credit_risk.project,
        slug="fast",
        name="Few errors",
        model=credit_risk,
        sli="time_slices",
        measure="error_rate",
        bound=0.1,
        slice=timedelta(minutes=5),
        target=0.99,
        window=DAY,
    )
    rule = AlertRule.objects.create(
        project=credit_risk.project, slug="slices", name="Slices", kind="burn_rate", slo=promise, pairs=HOURLY
    )
    serve(credit_risk, start=-60, end=-15)
    serve(credit_risk, start=-15, end=1, ok=0, failed=10)
    tick(0, 1)
    assert Evaluation.objects.get(rule=rule).breached
    assert slo_status(promise, now=NOON).state == "exhausted"


def test_a_rule_whose_objective_promises_less_by_now_is_broken_and_says_what_can_fire(credit_risk: Model) -> None:
    rule = burn_rule(credit_risk, pairs=HOURLY)
    SLO.objects.filter(pk=rule.slo_id).update(target=0.9)
    serve(credit_risk, start=-60, end=0)
    tick(0, 1)
    rule.refresh_from_db()
    assert rule.health == "error"
    assert "could never fire" in rule.last_error
    assert '"long_s": 10800' in rule.last_error
