"""Which alerts belong to one incident, by project and by rule."""

from datetime import timedelta

import pytest

from alerting.labels.identity import group_key, group_of
from alerting.models import Alert, AlertRule, Incident, IncidentPolicy
from models_registry.models import Model
from monitoring.models import SLO
from monitoring.summaries.segment_keys import declare_key
from tests.alerting.rule_cast import NOON, burn_rule, error_rule, serve, tick
from tests.monitoring.series import served

pytestmark = pytest.mark.django_db


def test_a_group_is_made_of_the_labels_that_an_alert_has() -> None:
    labels = {"alertname": "Down", "model": "m", "region": ""}
    assert group_of(labels, ["region", "model"]) == {"model": "m"}
    assert group_of(labels, ["region"]) == {"alertname": "Down"}
    assert group_of(labels, []) == {}
    assert group_key({"model": "m"}) == group_key({"model": "m", "region": ""}) == "v1:e282d6b71da17fab"


def fail(*models: Model) -> None:
    for model in models:
        error_rule(model, f"errors-{model.pk}")
        error_rule(model, f"again-{model.pk}")
        serve(model, start=-5, end=2, ok=5, failed=5)
    tick(0, 1)


@pytest.mark.parametrize(
    ("labels", "incidents"), [(None, 2), (["model"], 2), (["rule"], 4), ([], 1), (["severity"], 1), (["nothing"], 4)]
)
def test_a_project_says_what_belongs_together(
    credit_risk: Model, support_assistant: Model, labels: list[str] | None, incidents: int
) -> None:
    if labels is not None:
        IncidentPolicy.objects.create(project=credit_risk.project, labels=labels)
    fail(credit_risk, support_assistant)
    assert Incident.objects.count() == incidents
    assert sum(incident.alerts.count() for incident in Incident.objects.all()) == 4


def test_a_rule_may_differ(credit_risk: Model) -> None:
    error_rule(credit_risk, "alone", incident_labels=["rule", "model"])
    fail(credit_risk)
    groups = Incident.objects.order_by("number").values_list("group_labels", flat=True)
    assert list(groups) == [{"model": "credit-risk", "rule": "alone"}, {"model": "credit-risk"}]


def test_a_grouped_objective_makes_an_alert_per_group(credit_risk: Model) -> None:
    """Its label is on the alert, and each group burns or rests for itself."""
    rule = burn_rule(credit_risk, pairs=[{"long_s": 600, "short_s": 60, "factor": 2, "severity": "page"}], minimum=0)
    declare_key(credit_risk, "region", now=NOON)
    SLO.objects.update(group_by="region")
    for minute in range(-11, 2):
        at = NOON + timedelta(minutes=minute)
        served(credit_risk, at, ok=10, failed=5)
        served(credit_risk, at, ok=5, failed=5, segment="region=south")
        served(credit_risk, at, ok=5, segment="region=north")
    tick(0, 2)
    alerts = Alert.objects.filter(rule=rule)
    assert {alert.labels["region"]: alert.state for alert in alerts} == {"south": "firing", "north": "inactive"}


@pytest.mark.parametrize("kind", ["burn_rate", "threshold"])
def test_the_impact_of_a_group_began_when_that_group_turned_bad(credit_risk: Model, kind: str) -> None:
    """Not when another did, which was bad long before and carries most of the traffic."""
    declare_key(credit_risk, "region", now=NOON)
    pairs = [{"long_s": 3600, "short_s": 60, "factor": 5, "severity": "page"}]
    if kind == "burn_rate":
        rule = burn_rule(credit_risk, pairs=pairs, minimum=0, group_by="region")
    else:
        rule = error_rule(credit_risk, window=timedelta(hours=1), threshold=0.05, group_by="region")
    AlertRule.objects.filter(pk=rule.pk).update(incident_labels=["region"])
    for minute in range(-60, 2):
        at = NOON + timedelta(minutes=minute)
        south, north = (2, 8) if minute >= -20 else (10, 0), (40, 60) if minute >= -50 else (100, 0)
        for segment, (ok, failed) in (("region=south", south), ("region=north", north)):
            served(credit_risk, at, ok=ok, failed=failed, segment=segment)
        served(credit_risk, at, ok=south[0] + north[0], failed=south[1] + north[1])
    tick(0, 2)
    began = {one.group_labels["region"]: one.impact_started_at for one in Incident.objects.all()}
    assert began == {"south": NOON - timedelta(minutes=20), "north": NOON - timedelta(minutes=50)}
