"""Rules and objectives that could never fire or never be measured are refused with the mend."""

from datetime import timedelta

import pytest

from alerting.kinds import rule_kind
from alerting.kinds.threshold import KIND, shown_value
from alerting.models import AlertRule
from alerting.validate import rule_problems
from models_registry.models import Model
from monitoring.catalogue import measures_for
from monitoring.models import SLO
from monitoring.slo.validate import slo_problems
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


@pytest.mark.parametrize("kind", Model.Kind.values)
def test_every_measure_of_a_kind_can_have_a_rule(credit_risk: Model, kind: str) -> None:
    credit_risk.kind = kind
    rule = error_rule(credit_risk)
    for measure in measures_for(kind):
        for comparison in (AlertRule.Comparison.ABOVE, AlertRule.Comparison.BELOW):
            rule.measure, rule.comparison, rule.threshold = measure.name, comparison, 0.5
            assert rule_problems(rule) == {}, measure.name
            assert KIND.title(rule)
            assert KIND.describe(rule, 0.25)


def test_small_sums_of_money_are_not_rounded_away() -> None:
    assert [shown_value(value, "usd") for value in (0.0034, 0.5, 3.2, 0.0)] == [
        "US$0.0034",
        "US$0.50",
        "US$3.20",
        "US$0.00",
    ]


@pytest.mark.parametrize(
    ("unit", "bound", "seen"),
    [("US$", "US$12.00", "−US$3.50"), ("points", "12.00\u00a0points", "−3.50\u00a0points"), ("", "12.00", "−3.50")],
)
def test_value_is_told_in_what_the_model_counts_it_in(credit_risk: Model, unit: str, bound: str, seen: str) -> None:
    credit_risk.value_unit = unit
    rule = AlertRule(kind="threshold", model=credit_risk, measure="realised_value", comparison="lt", threshold=12)
    assert rule_kind(rule).title(rule).endswith(f" below {bound}")
    assert f" {seen} over " in rule_kind(rule).describe(rule, -3.5)
    rule.kind = "anomaly"
    assert f" {seen} over " in rule_kind(rule).describe(rule, -3.5)


def test_a_number_that_a_measure_never_passes_is_refused(credit_risk: Model) -> None:
    rule = error_rule(credit_risk, comparison="lt", threshold=0)
    assert "never below zero" in rule_problems(rule)["threshold"]
    rule.comparison, rule.threshold = "gt", 1
    assert "never above 1" in rule_problems(rule)["threshold"]
    credit_risk.kind = Model.Kind.REGRESSION
    rule.measure, rule.comparison, rule.threshold = "r2", "lt", -0.5
    assert rule_problems(rule) == {}
    rule.measure, rule.comparison, rule.threshold = "mape", "gt", 1.5
    assert rule_problems(rule) == {}


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 10**400, 1e300, True, "300", None, 0, -1])
@pytest.mark.parametrize("name", ["long_s", "short_s", "factor"])
def test_a_pair_holds_ordinary_numbers(credit_risk: Model, name: str, number: object) -> None:
    rule = burn_rule(credit_risk, pairs=[pair()])
    assert rule_problems(rule) == {}
    rule.pairs = [pair(**{name: number})]
    assert "pairs" in rule_problems(rule)


@pytest.mark.parametrize("length", [timedelta(days=3_651), timedelta(days=999_999_999), timedelta(seconds=-1)])
@pytest.mark.parametrize("name", ["window", "interval", "for_duration", "keep_firing_for"])
def test_no_duration_is_negative_or_longer_than_ten_years(credit_risk: Model, name: str, length: timedelta) -> None:
    rule = error_rule(credit_risk)
    setattr(rule, name, length)
    assert "ten years" in rule_problems(rule)[name]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_no_objective_promises_a_number_without_end(credit_risk: Model, number: float) -> None:
    slo = SLO(
        project=credit_risk.project, slug="s", name="S", model=credit_risk, sli="latency", target=0.9, bound_ms=300
    )
    assert slo_problems(slo) == {}
    slo.target = slo.bound_ms = number
    assert slo_problems(slo).keys() == {"target", "bound_ms"}
    rule = error_rule(credit_risk)
    rule.threshold = number
    assert "threshold" in rule_problems(rule)


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"sli": "nonsense"}, "sli"), ({"sli": "latency"}, "bound_ms"), ({"sli": "not_truncated"}, "sli")],
)
def test_an_objective_must_be_measurable(credit_risk: Model, fields: dict[str, str], field: str) -> None:
    slo = SLO(project=credit_risk.project, slug="s", name="S", model=credit_risk, target=0.9, **fields)
    assert field in slo_problems(slo)
