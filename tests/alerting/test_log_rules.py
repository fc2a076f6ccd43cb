"""Rules over log lines: a rate of error lines fires and ends, and a budget of lines burns."""

from datetime import timedelta

import pytest

from alerting.models import AlertRule, Incident
from models_registry.models import Model
from monitoring.models import SLO
from monitoring.stats.log_levels import LEVEL_CODES
from tests.alerting.rule_cast import MINUTE, NOON, changes, error_rule, tick
from tests.monitoring.series import add, series_of

pytestmark = pytest.mark.django_db


def say(model: Model, *, start: int, end: int, errors: int) -> None:
    series = series_of(model, "log_level")
    for minute in range(start, end):
        add(series, NOON + minute * MINUTE, {LEVEL_CODES["info"]: 20 - errors, LEVEL_CODES["error"]: errors})


def test_an_error_log_rate_above_its_threshold_opens_an_incident_and_ends_it(credit_risk: Model) -> None:
    rule = error_rule(credit_risk, measure="error_log_rate", keep_firing_for=2 * MINUTE)
    say(credit_risk, start=-10, end=0, errors=0)
    say(credit_risk, start=0, end=8, errors=15)
    say(credit_risk, start=8, end=25, errors=0)
    tick(-3, 25)
    assert changes(rule) == [("inactive", "pending"), ("pending", "firing"), ("firing", "inactive")]
    assert Incident.objects.get().title == "Error-log rate of Credit risk above 10.0%"


def test_a_budget_of_log_lines_burns(credit_risk: Model) -> None:
    slo = SLO.objects.create(
        project=credit_risk.project, slug="quiet", name="Quiet", model=credit_risk, sli="logs_not_error", target=0.99
    )
    rule = AlertRule.objects.create(
        project=slo.project, slug="burn", name="Burn", kind="burn_rate", slo=slo, severity="page"
    )
    say(credit_risk, start=-90, end=-60, errors=0)
    say(credit_risk, start=-60, end=1, errors=10)
    tick(0, 2)
    assert changes(rule)[-1][1] == "firing"
    assert Incident.objects.get().impact_started_at <= NOON - timedelta(minutes=50)
