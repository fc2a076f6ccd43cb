"""One rule, alert or runbook by itself, and lists that refuse a filter which they do not have."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from alerting.models import Alert, AlertRule, AlertTransition
from models_registry.keys import create_key
from models_registry.models import Model, Project
from runbooks.models import Runbook
from tests.alerting.rule_cast import burn_rule
from tests.cast import NOW, make_incident

pytestmark = pytest.mark.django_db


@pytest.fixture
def read(project: Project) -> Any:
    token = create_key(project=project, name="k", scopes=["read"])[1]
    client = Client(headers={"Authorization": f"Bearer {token}"})
    return lambda path, **asked: client.get(f"/api/v1/{path}", asked)


@pytest.fixture
def alert(credit_risk: Model) -> Alert:
    rule = AlertRule.objects.create(
        project=credit_risk.project, model=credit_risk, slug="failing", name="Failing", kind="threshold",
        measure="error_rate", threshold=0.1,
    )  # fmt: skip
    incident = make_incident(credit_risk.project)
    found = Alert.objects.create(
        rule=rule, fingerprint="1", state="firing", severity="page", incident=incident, fired_at=NOW
    )
    for place, (before, after) in enumerate((("inactive", "pending"), ("pending", "firing"))):
        AlertTransition.objects.create(
            alert=found,
            incident=incident,
            from_state=before,
            to_state=after,
            at=NOW + timedelta(minutes=place),
            value=0.5,
        )
    return found


def test_each_can_be_read_by_itself(read: Any, alert: Alert) -> None:
    assert read("rules/failing").json() == read("rules").json()["items"][0]
    told = read(f"alerts/{alert.pk}").json()
    changes = told.pop("transitions")
    assert told == read("alerts").json()["items"][0]
    assert [(one["from_state"], one["to_state"]) for one in changes] == [("pending", "firing"), ("inactive", "pending")]
    assert changes[0]["incident"] == told["incident"]
    Runbook.objects.create(project=alert.rule.project, slug="look", title="Look").steps.create(position=1, title="Here")
    assert read("runbooks/look").json() == read("runbooks").json()["items"][0]


@pytest.mark.parametrize("path", ["rules/none", "alerts/999999", "runbooks/none"])
def test_what_is_not_there_is_said(read: Any, path: str) -> None:
    assert (read(path).status_code, read(path).json()["code"]) == (404, "not_found")


def test_what_another_project_has_is_not_there(alert: Alert) -> None:
    token = create_key(project=Project.objects.create(slug="other", name="O"), name="k", scopes=["read"])[1]
    client = Client(headers={"Authorization": f"Bearer {token}"})
    for path in ("rules/failing", f"alerts/{alert.pk}"):
        assert client.get(f"/api/v1/{path}").status_code == 404


@pytest.mark.parametrize(
    ("path", "asked", "count"),
    [
        ("alerts", {"rule": "failing"}, 1),
        ("alerts", {"rule": "other"}, 0),
        ("alerts", {"model": "credit-risk", "from": NOW.isoformat()}, 1),
        ("alerts", {"to": NOW.isoformat()}, 0),
        ("incidents", {"model": "other"}, 0),
        ("incidents", {"from": (NOW - timedelta(days=365)).isoformat()}, 1),
        ("incidents", {"to": (NOW - timedelta(days=365)).isoformat()}, 0),
    ],
)
def test_lists_are_narrowed(read: Any, alert: Alert, path: str, asked: dict[str, str], count: int) -> None:
    assert len(read(path, **asked).json()["items"]) == count


def test_an_alert_on_the_budget_of_a_model_is_one_of_that_model(read: Any, credit_risk: Model) -> None:
    rule = burn_rule(credit_risk)
    Alert.objects.create(rule=rule, fingerprint="1", state="firing", severity="page", fired_at=NOW)
    assert [one["rule"] for one in read("alerts", model="credit-risk").json()["items"]] == ["burn"]
    assert read("alerts", model="other").json()["items"] == []


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("alerts", {"rul": "failing"}),
        ("incidents", {"severty": "page"}),
        ("incidents", {"from": "yesterday"}),
        ("series", {"measure": "requests", "model": "credit-risk", "verison": "2"}),
    ],
)
def test_a_parameter_that_is_not_known_is_refused(
    read: Any, credit_risk: Model, path: str, asked: dict[str, str]
) -> None:
    answer = read(path, **asked)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == f"/{list(asked)[-1]}"
