"""What a rule will do, over HTTP: by closed forms, at its traffic, and on the last seven days."""

import pytest
from django.test import Client

from alerting.models import AlertRule
from models_registry.keys import create_key
from models_registry.models import Model
from tests.alerting.rule_cast import MINUTE, burn_rule, error_rule, serve

pytestmark = pytest.mark.django_db
UNSAVED = {"kind": "threshold", "model": "credit-risk", "measure": "error_rate", "threshold": 0.1, "severity": "page"}


@pytest.fixture
def preview(credit_risk: Model, stopped_clock: object):
    """At 15:00, three hours after rule_cast's noon."""
    token = create_key(project=credit_risk.project, name="reader", scopes=["read"])[1]

    def call(rule: object):
        headers = {"Authorization": f"Bearer {token}"}
        return Client().post("/api/v1/rules/preview", {"rule": rule}, content_type="application/json", headers=headers)

    return call


def test_a_threshold_that_was_never_saved(credit_risk: Model, preview) -> None:
    serve(credit_risk, start=-60, end=180)
    told = preview(UNSAVED).json()
    [row] = told["foresight"]["pairs"]
    assert (row["long_s"], row["factor"], row["minimum"]) == (300, 0.1, 3)
    total, tenth, hundredth = row["outages"]
    assert (total["detected_s"], total["reset_s"], total["spent"]) == (pytest.approx(30), pytest.approx(270), None)
    assert (tenth["never"], hundredth["never"]) == ("small", "small")
    assert told["foresight"]["traffic"]["per_hour"] == pytest.approx(600)
    assert told["foresight"]["false_pages"]["value"] == 0
    assert told["foresight"]["false_tickets"] is None
    assert (told["replayed"]["firings"], told["problem"]) == (0, "")
    below = {**UNSAVED, "measure": "accuracy", "comparison": "lt", "threshold": 0.9}
    assert preview(below).json()["foresight"]["pairs"][0]["factor"] == pytest.approx(0.1)
    assert AlertRule.objects.count() == 0


def test_a_saved_rule_and_one_without_a_formula(credit_risk: Model, preview) -> None:
    burn_rule(credit_risk, target=0.999, for_duration=2 * MINUTE)
    error_rule(credit_risk, "slow", measure="latency_p95", threshold=300)
    serve(credit_risk, start=-60, end=180, ok=1)
    told = preview("burn").json()
    first = told["foresight"]["pairs"][0]
    assert (first["minimum"], first["minimum_short"]) == (3, 2)
    assert first["outages"][0]["detected_s"] == pytest.approx(180 + 120)
    assert first["outages"][1]["never"] == "guard"
    slow = preview("slow").json()
    assert slow["foresight"] is None
    assert slow["replayed"]["firings"] == 0


def test_a_service_too_quiet_to_be_judged(credit_risk: Model, preview) -> None:
    serve(credit_risk, start=-60, end=180, ok=1)
    [row] = preview({**UNSAVED, "minimum": 50}).json()["foresight"]["pairs"]
    assert {one["never"] for one in row["outages"]} == {"guard"}


def test_what_could_never_fire_is_refused_with_what_can(credit_risk: Model, preview) -> None:
    burn_rule(credit_risk, target=0.9)
    pair = {"long_s": 3_600, "short_s": 300, "factor": 14.4, "severity": "page"}
    answer = preview({"kind": "burn_rate", "slo": "burn", "pairs": [pair]})
    assert answer.status_code == 400
    assert "10800" in answer.content.decode()
    other = {"long_s": 10_800, "short_s": 900, "factor": 4.8, "severity": "page"}
    told = preview({"kind": "burn_rate", "slo": "burn", "pairs": [other]}).json()["foresight"]
    assert told["pairs"][0]["outages"][0]["spent"] == pytest.approx(0.02)
    for body, mend in (({**UNSAVED, "threshold": 2}, "never above 1"), ("nobody", "GET /api/v1/rules"), (3, "object")):
        assert mend in preview(body).content.decode()
