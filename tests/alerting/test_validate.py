"""Rules and objectives that could never fire or never be measured are refused with the mend."""

import pytest

from alerting.validate import rule_problems
from models_registry.models import Model
from monitoring.models import SLO
from monitoring.validate import slo_problems
from tests.alerting.rule_cast import burn_rule, error_rule

pytestmark = pytest.mark.django_db


def pair(**more: object) -> dict[str, object]:
    return {"long_s": 3_600, "short_s": 300, "factor": 14.4, "severity": "page", **more}


def test_a_factor_that_can_never_fire_is_refused_with_one_that_can(credit_risk: Model) -> None:
    rule = burn_rule(credit_risk, target=0.9, pairs=[pair()])
    assert "Use at most 6.0" in rule_problems(rule)["pairs"]
    rule.pairs = [pair(factor=6)]
    assert rule_problems(rule) == {}


def test_a_window_shorter_than_a_summary_is_refused(credit_risk: Model) -> None:
    assert "pairs" in rule_problems(burn_rule(credit_risk, pairs=[pair(short_s=30)]))


def test_a_measure_must_fit_the_model(credit_risk: Model) -> None:
    assert rule_problems(error_rule(credit_risk)) == {}
    assert "measure" in rule_problems(error_rule(credit_risk, "b", measure="truncation_rate"))


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"sli": "nonsense"}, "sli"), ({"sli": "latency"}, "bound_ms"), ({"sli": "not_truncated"}, "sli")],
)
def test_an_objective_must_be_measurable(credit_risk: Model, fields: dict[str, str], field: str) -> None:
    slo = SLO(project=credit_risk.project, slug="s", name="S", model=credit_risk, target=0.9, **fields)
    assert field in slo_problems(slo)
