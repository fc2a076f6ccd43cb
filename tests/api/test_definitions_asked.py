"""What defines a rule or an objective is what can be asked of it before it is one: the same fields, lengths written alike."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from alerting.answers.asked import FIELDS as OF_RULES
from alerting.models import AlertRule
from config.definitions.kinds import KINDS
from models_registry.keys import create_key, forget_keys
from models_registry.models import Model
from monitoring.api.slo_previews import FIELDS as OF_SLOS
from monitoring.models import SLO

RULE = {"kind": "threshold", "model": "credit-risk", "measure": "error_rate", "threshold": 0.05, "minimum": 20}
PROMISE = {"model": "credit-risk", "sli": "availability", "target": 0.99}


@pytest.fixture
def ask(credit_risk: Model, stopped_clock: datetime) -> Any:
    forget_keys()
    token = create_key(project=credit_risk.project, name="tests", scopes=["read", "admin"])[1]
    client = Client(headers={"authorization": f"Bearer {token}"})

    def ask(path: str, body: Any = None, method: str = "POST") -> Any:
        text = "" if body is None else json.dumps(body)
        return client.generic(method, f"/api/v1/{path}", text, content_type="application/json")

    return ask


@pytest.mark.parametrize("written", ["30m", "00:30:00", "1800", "0h30m", "PT30M"])
def test_a_length_is_asked_as_it_is_defined(ask: Any, written: str) -> None:
    lengths = {"window": written, "for_duration": written, "settle": written, "no_data_for": None}
    answer = ask("rules/preview", {"rule": {**RULE, **lengths}})
    assert answer.status_code == 200, answer.content
    past = {"from": "2026-03-09T00:00:00Z", "to": "2026-03-10T00:00:00Z"}
    assert ask("rules/backtest", {"rule": {**RULE, **lengths}, "variant": {"window": "1h"}, **past}).status_code == 200
    assert ask("slos/preview", {"slo": {**PROMISE, "window": "30d"}}).status_code == 200


@pytest.mark.parametrize("written", ["half an hour", "30x", "9" * 50 + "m", "-"])
def test_what_is_no_length_is_refused_with_an_example(ask: Any, written: str) -> None:
    answer = ask("rules/preview", {"rule": {**RULE, "window": written}})
    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert (error["pointer"], "30m, 12h, 1h30m" in error["detail"]) == ("/rule/window", True)


def test_one_beyond_all_time_is_refused(ask: Any) -> None:
    assert ask("slos/preview", {"slo": {**PROMISE, "window": "9" * 30 + "d"}}).status_code == 400


def test_every_field_of_a_definition_can_be_asked_about(ask: Any, credit_risk: Model) -> None:
    fields = {one.section: set(one.fields) for one in KINDS if one.section in ("rules", "slos")}
    assert fields["rules"] <= set(OF_RULES)
    assert fields["slos"] - {"components"} <= set(OF_SLOS)
    slo = SLO.objects.create(project=credit_risk.project, slug="up", model=credit_risk, sli="availability", target=0.99)
    common = {"project": credit_risk.project, "for_duration": timedelta(minutes=5), "labels": {"team": "credit"}}
    AlertRule.objects.create(slug="burn", kind="burn_rate", slo=slo, **common)
    AlertRule.objects.create(
        slug="errors", kind="threshold", model=credit_risk, measure="error_rate", threshold=0.1, **common
    )
    for path, one in (("rules", "rule"), ("slos", "slo")):
        found = ask(f"definitions/{path}", method="GET").json()["items"]
        assert found
        for definition in found:
            answer = ask(f"{path}/preview", {one: definition["fields"]})
            assert answer.status_code == 200, (definition, answer.content)


def test_the_list_of_rules_tells_all_that_defines_them(ask: Any, credit_risk: Model) -> None:
    AlertRule.objects.create(
        project=credit_risk.project, slug="quiet", kind="absence", model=credit_risk, points=5, points_bad=3
    )
    [told] = ask("rules", method="GET").json()["items"]
    known = set(OF_RULES) | {"health", "last_error", "last_slot"}
    assert set(told) == known
    assert (told["points"], told["points_bad"]) == (5, 3)
