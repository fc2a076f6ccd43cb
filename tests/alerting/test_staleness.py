"""A rule on silence: the measure goes on growing while nothing comes."""

from datetime import timedelta

import pytest

from alerting.models import Alert
from models_registry.models import Model
from tests.alerting.rule_cast import error_rule, serve, tick

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
