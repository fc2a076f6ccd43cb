"""A backtest over HTTP: saved, unsaved, with a variant; and what is refused, with the mend."""

import pytest
from django.test import Client

from alerting.models import AlertRule, Heartbeat
from models_registry.keys import create_key
from models_registry.models import Model
from tests.alerting.rule_cast import error_rule, serve

pytestmark = pytest.mark.django_db
URL = "/api/v1/rules/backtest"
REACH = {"from": "2026-03-10T11:00:00Z", "to": "2026-03-10T12:30:00Z"}


@pytest.fixture
def caller(credit_risk: Model, stopped_clock: object):
    token = create_key(project=credit_risk.project, name="reader", scopes=["read", "ingest"])[1]

    def call(url: str = URL, **body: object):
        return Client().post(url, body, content_type="application/json", headers={"Authorization": f"Bearer {token}"})

    return call


def test_a_rule_its_variant_and_one_that_was_never_saved(credit_risk: Model, caller) -> None:
    error_rule(credit_risk, "errors", severity="page")
    serve(credit_risk, start=-60, end=0)
    serve(credit_risk, start=0, end=10, ok=8, failed=2)
    told = caller(rule="errors", variant={"threshold": 0.5}, **REACH).json()
    [firing] = told["firings"]
    assert (told["pages"], told["false_alarms"], told["caught"], told["missed"]) == (1, 1, [], [])
    assert told["time_in_firing_s"] == firing["seconds"] > 0
    assert (told["evaluations"], told["interval_s"], len(told["series"])) == (90, 60.0, 90)
    assert told["variant"]["firings"] == []
    unsaved = {
        "kind": "threshold",
        "model": "credit-risk",
        "measure": "error_rate",
        "threshold": 0.1,
        "severity": "page",
    }
    again = caller(rule=unsaved, **REACH).json()
    assert [one["value"] for one in again["firings"]] == [firing["value"]]
    assert AlertRule.objects.count() == 1


def test_what_cannot_be_asked_is_refused_with_the_mend(credit_risk: Model, caller) -> None:
    unsaved = {"kind": "threshold", "model": "credit-risk", "measure": "error_rate", "threshold": 0.1}
    wrong = [
        ({"rule": "nobody", **REACH}, "GET /api/v1/rules"),
        ({"rule": {**unsaved, "measure": "nothing"}, **REACH}, "have these measures"),
        ({"rule": {**unsaved, "model": "none"}, **REACH}, "none"),
        ({"rule": {**unsaved, "colour": "red"}, **REACH}, "colour"),
        ({"rule": unsaved, "from": "soon", "to": REACH["to"]}, "is not a time"),
        ({"rule": unsaved, "from": REACH["to"], "to": REACH["from"]}, "must end after"),
        ({"rule": unsaved, "from": "2025-01-01T00:00:00Z", "to": REACH["to"]}, "evaluations"),
        ({"rule": 3, **REACH}, "object"),
    ]
    for body, mend in wrong:
        answer = caller(**body)
        assert (answer.status_code, mend in answer.content.decode()) == (400, True), answer.content


def test_a_heartbeat_is_written_down(credit_risk: Model, caller) -> None:
    error_rule(credit_risk, "alive", kind="heartbeat", measure="", threshold=None)
    assert caller("/api/v1/rules/alive/heartbeat").status_code == 200
    assert Heartbeat.objects.get().rule.slug == "alive"
    assert caller("/api/v1/rules/dead/heartbeat").status_code == 404
