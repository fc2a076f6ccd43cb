"""A rule on silence: the measure goes on growing while nothing comes."""

from datetime import timedelta

import pytest

from alerting.backtest.past import backtest
from alerting.models import Alert, AlertTransition, Evaluation
from models_registry.models import Model
from tests.alerting.rule_cast import DAY, MINUTE, NOON, error_rule, serve, tick

pytestmark = pytest.mark.django_db


def test_a_rule_on_staleness_fires_while_nothing_comes_and_ends_when_something_does(credit_risk: Model) -> None:
    error_rule(credit_risk, measure="staleness", threshold=180, window=timedelta(minutes=5))
    serve(credit_risk, start=-5, end=1)
    tick(0, 3)
    assert [alert.state for alert in Alert.objects.all()] in ([], ["inactive"])
    tick(3, 12)
    alert = Alert.objects.get()
    assert (alert.state, alert.incident.title) == ("firing", "Staleness of Credit risk above 3\u00a0min")
    serve(credit_risk, start=12, end=13)
    tick(13, 16)
    assert Alert.objects.get().state == "inactive"


def test_a_backtest_sees_the_silence_too(credit_risk: Model) -> None:
    rule = error_rule(credit_risk, measure="staleness", threshold=180, window=timedelta(minutes=5))
    serve(credit_risk, start=-30, end=-25)
    for minute in (0, 7, 15):
        serve(credit_risk, start=minute, end=minute + 1)
    tick(-3, 20)
    begin, end = NOON - 3 * MINUTE, NOON + 20 * MINUTE
    found = backtest(rule, start=begin, end=end, now=NOON + DAY)
    lived = Evaluation.objects.filter(rule=rule).order_by("slot")
    told = [found.parts[0].answers.of(place) for place in range(found.slots.count)]
    assert [one.value for one in told] == [row.value for row in lived]
    # It was silent before the first window as well.
    assert told[0].value == pytest.approx(22 * 60, abs=60)
    fired = AlertTransition.objects.filter(alert__rule=rule, to_state="firing").count()
    assert len(found.firings) == fired > 1
    assert not found.differences
