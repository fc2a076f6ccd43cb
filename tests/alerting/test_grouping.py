"""Which alerts belong to one incident, by project and by rule."""

import pytest

from alerting.identity import group_key, group_of
from alerting.models import Incident, IncidentPolicy
from models_registry.models import Model
from tests.alerting.rule_cast import error_rule, serve, tick

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
