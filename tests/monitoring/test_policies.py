"""Policies: what one call breaks is frozen when it is drained; money and quality are told once a window; a gateway gets its answer."""

import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from models_registry.keys import create_key
from models_registry.models import Model, Project
from monitoring.drain import drain
from monitoring.llm.limits import Facts
from monitoring.measures.series import measure_window
from monitoring.models import LLMCall, Policy, PolicyEvent
from monitoring.policies import decide as deciding
from monitoring.policies.decide import Asked, decide
from monitoring.policies.police import police
from monitoring.policies.standing import user_cost_nano, users_over
from monitoring.selectors.summaries import Scope
from monitoring.selectors.wire import event_to_wire
from monitoring.summaries.recount import recount
from tests.monitoring.conftest import Put, micros

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
USAGE = {"input": 1_000_000}  # US$2.50 by the list


def call(event_id: str, **more: Any) -> dict[str, Any]:
    named = {
        "id": event_id,
        "model": "support-assistant",
        "version": "1",
        "provider": "openai",
        "request_model": "gpt-4o",
    }
    return {**named, "prompt_name": "greet", "prompt_version": "2", "params": {"temperature": 0.2}, **more}


@pytest.fixture
def policy(support_assistant: Model, stopped_clock: datetime) -> Policy:
    return Policy.objects.create(
        project=support_assistant.project,
        slug="frugal",
        model=support_assistant,
        max_latency_ms=1_000,
        allowed_models=["openai/gpt-4o*"],
        parameters={"max_tokens": {"max": 100}, "temperature": {"min": 0, "max": 1}},
        allowed_parameters=["max_tokens", "temperature"],
        required_context=["prompt", "prompt_version", "parameters"],
    )


def rate(name: str, now: datetime) -> tuple[float | None, int]:
    model = Model.objects.get(slug="support-assistant")
    reading = measure_window(name, Scope(model.project_id, model.pk), start=now - HOUR, end=now + HOUR)
    return reading.value, reading.n


def test_each_limit_that_a_call_breaks_is_kept_with_it_and_counted(policy: Policy, put: Put, now: datetime) -> None:
    put(
        "llm_call",
        call("fine"),
        call("slow", latency_ms=1_001),
        call("other", request_model="claude-3", provider="anthropic"),
        call("hot", params={"temperature": 1.5}),
        call("odd", params={"temperature": "warm", "top_p": 1}),
        call("long", params={"max_completion_tokens": 101}),
        call("bare", prompt_name="", prompt_version="", params={}),
        call("all", latency_ms=5_000, request_model="x", prompt_name="", params={"top_k": 4}),
        call("staging", environment="staging", latency_ms=5_000),
    )
    put("prediction", {"id": "p", "model": "m", "prediction": "yes"})
    drain(now=now)
    told = dict(LLMCall.objects.values_list("event_id", "policies"))
    assert told == {
        "fine": "frugal:",
        "slow": "frugal:l",
        "other": "frugal:m",
        "hot": "frugal:p",
        "odd": "frugal:p",
        "long": "frugal:p",
        "bare": "frugal:c",
        "all": "frugal:lmpc",
        "staging": "frugal:l",
    }
    every = event_to_wire(LLMCall.objects.get(event_id="all"))
    assert every["policies"] == {"frugal": ["latency", "model", "parameters", "context"]}
    assert rate("policy_violation_rate", now) == (8 / 9, 9)
    assert rate("policy_latency_violation_rate", now) == (3 / 9, 9)
    assert rate("policy_model_violation_rate", now) == (2 / 9, 9)
    assert rate("policy_parameters_violation_rate", now) == (4 / 9, 9)
    assert rate("policy_context_violation_rate", now) == (2 / 9, 9)
    assert recount(start=now - HOUR, end=now + HOUR) == []


def test_what_was_judged_stays_judged_by_what_held_then(policy: Policy, put: Put, now: datetime) -> None:
    put("llm_call", call("a", latency_ms=2_000))
    drain(now=now)
    policy.max_latency_ms = 5_000
    policy.environment = "staging"
    policy.save()
    Policy.objects.create(project=policy.project, slug="second", model=policy.model, allowed_models=["claude*"])
    put("llm_call", call("b", latency_ms=2_000), call("c", latency_ms=6_000, environment="staging"))
    put("feedback", {"id": "f", "target_id": "a", "value": True})
    drain(now=now)
    assert dict(LLMCall.objects.values_list("event_id", "policies")) == {
        "a": "frugal:l",
        "b": "second:m",
        "c": "frugal:l second:m",
    }
    Policy.objects.all().update(enabled=False)
    put("llm_call", call("d", latency_ms=9_000))
    drain(now=now)
    assert LLMCall.objects.get(event_id="d").policies == ""
    assert recount(start=now - HOUR, end=now + HOUR) == []
    assert rate("policy_violation_rate", now) == (1.0, 4)


def test_nobody_pays_for_a_policy_that_is_not_there(support_assistant: Model, put: Put, now: datetime) -> None:
    put("llm_call", call("a"))
    with CaptureQueriesContext(
        connection,
    ) as seen:
        drain(now=now)
    assert sum("monitoring_policy" in query["sql"] for query in seen) == 1
    assert rate("policy_violation_rate", now) == (None, 0)


def test_one_event_a_window_however_many_calls(policy: Policy, put: Put, now: datetime) -> None:
    policy.max_cost_day_usd = Decimal(5)
    policy.max_cost_month_usd = Decimal(1_000)
    policy.max_cost_user_day_usd = Decimal("2.5")
    policy.quality_measure, policy.quality_bound, policy.quality_samples = "error_rate", 0.1, 3
    policy.quality_comparison = "at_most"
    policy.save()
    calls = [call(f"{n}", usage=USAGE, user_id=f"u{n % 2}", latency_ms=2_000, status="error") for n in range(4)]
    put("llm_call", *calls, call("old", latency_ms=3_000, ts=micros(now - 5 * HOUR)))
    drain(now=now)
    for _ in range(3):
        police(now=now)
    found = {
        event.limit: (event.count, event.value, event.bound, event.subject, (event.end - event.start) / HOUR)
        for event in PolicyEvent.objects.all()
    }
    assert found == {
        "cost_day": (1, 10.0, 5.0, "", 24),
        "cost_user_day": (2, 5.0, 2.5, "u0", 24),
        "latency": (4, 1.0, None, "", 1),
        "quality": (1, 0.8, 0.1, "", 24),
    }
    put("llm_call", call("more", usage=USAGE, user_id="u1", latency_ms=2_000))
    drain(now=now)
    police(now=now + timedelta(minutes=5))
    told = PolicyEvent.objects.get(limit="cost_user_day")
    assert (told.value, told.subject, told.created_at, told.updated_at) == (7.5, "u1", now, now + timedelta(minutes=5))
    police(now=now + 2 * DAY)
    assert PolicyEvent.objects.count() == 4


@pytest.fixture
def ask(policy: Policy) -> Any:
    _, token = create_key(project=policy.project, name="gateway", scopes=["read"])
    client = Client(headers={"authorization": f"Bearer {token}"})
    fine = {
        "provider": "openai",
        "request_model": "gpt-4o",
        "prompt_name": "greet",
        "prompt_version": "2",
        "temperature": 1,
    }

    def _ask(slug: str = "frugal", **more: Any) -> Any:
        deciding.forget()
        return client.get(f"/api/v1/policies/{slug}/decision", {**fine, **more})

    return _ask


def test_a_gateway_hears_yes_or_why_not(ask: Any, policy: Policy, put: Put, now: datetime) -> None:
    assert ask().json() == {"allow": True, "state": "ok", "reasons": [], "notes": []}
    answer = ask(request_model="gpt-3.5-turbo", max_tokens=200, prompt_name="")
    assert answer.status_code == 200
    told = answer.json()
    assert (told["allow"], "retry_after" in told) == (False, False)
    assert [(reason["limit"], reason["value"]) for reason in told["reasons"]] == [
        ("model", "openai/gpt-3.5-turbo"),
        ("parameters", 200.0),
        ("context", None),
    ]
    assert told["reasons"][1]["bound"] == [None, 100]
    for no_number in ("nan", "inf", "1e999"):
        assert [one["limit"] for one in ask(max_tokens=no_number).json()["reasons"]] == ["parameters"]
    assert "prompt" in told["reasons"][2]["sentence"]
    assert ask("none").status_code == 404

    policy.max_cost_day_usd, policy.max_cost_user_day_usd = Decimal(100), Decimal("2.5")
    policy.save()
    put("llm_call", call("a", usage=USAGE, user_id="ana"), call("b", usage=USAGE, request_model="mine"))
    drain(now=now)
    assert ask(user_id="bia").json()["allow"] is True
    assert ask(user_id="bia").json()["notes"] == ["1 calls have no known cost: the cost is at least what is told."]
    told = ask(user_id="ana").json()
    assert told["reasons"] == [
        {
            "limit": "cost_user_day",
            "value": 2.5,
            "bound": 2.5,
            "sentence": "The user has reached the cost of a user on a day.",
        }
    ]
    assert told["retry_after"] == 9 * 3_600 + 1  # at 15:00 UTC
    Policy.objects.update(max_cost_month_usd=Decimal(1), max_cost_user_day_usd=None)
    told = ask().json()
    assert ([reason["limit"] for reason in told["reasons"]], told["retry_after"]) == (
        ["cost_month"],
        21 * 86_400 + 9 * 3_600 + 1,
    )
    Policy.objects.update(enabled=False)
    assert (ask().json()["allow"], ask().json()["state"]) == (True, "disabled")


def test_slow_or_bad_applications_rest_a_minute(ask: Any, policy: Policy, put: Put, now: datetime) -> None:
    Policy.objects.update(
        quality_measure="error_rate", quality_bound=0.1, quality_comparison="at_most", quality_samples=10
    )
    moment = micros(now - timedelta(minutes=2))
    put("llm_call", *(call(f"{n}", latency_ms=2_000, status="error", ts=moment) for n in range(9)))
    drain(now=now)
    assert ask().json()["allow"] is True  # nine say nothing
    put("llm_call", call("tenth", latency_ms=2_000, ts=moment))
    drain(now=now)
    told = ask().json()
    assert ([reason["limit"] for reason in told["reasons"]], told["retry_after"]) == (["latency", "quality"], 60)


@pytest.mark.parametrize(("on_failure", "allow"), [("open", True), ("closed", False)])
def test_what_cannot_be_evaluated_is_answered_as_the_policy_says(
    policy: Policy, now: datetime, monkeypatch: pytest.MonkeyPatch, on_failure: str, allow: bool
) -> None:
    Policy.objects.update(on_failure=on_failure, required_context=[])
    asked = Asked(facts=Facts("openai", ("gpt-4o",)))
    assert decide(policy.project_id, "frugal", asked, now=now).allow

    def broken_down(*_: Any, **__: Any) -> Any:
        raise DatabaseError("no connection")

    monkeypatch.setattr(deciding, "STALE_S", 0)
    monkeypatch.setattr(deciding, "read_standing", broken_down)
    deciding._known[policy.project_id, "frugal"] = deciding._known[policy.project_id, "frugal"]._replace(until=0)
    told = decide(policy.project_id, "frugal", asked, now=now)
    assert (told.allow, told.state, told.retry_after) == (allow, "not_evaluated", None if allow else 60)
    assert f"fails {on_failure}" in told.notes[0]
    other = Asked(facts=Facts("openai", ("forbidden",)))
    assert not decide(policy.project_id, "frugal", other, now=now).allow


def test_a_policy_that_was_never_read_is_no_server_error(ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken_down(*_: Any, **__: Any) -> Any:
        raise DatabaseError("no connection")

    monkeypatch.setattr(deciding, "read_standing", broken_down)
    answer = ask()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_answers_are_remembered_for_five_seconds(
    policy: Policy, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    Policy.objects.update(max_cost_user_day_usd=Decimal(1))
    clock = [0.0]
    monkeypatch.setattr(deciding.time, "monotonic", lambda: clock[0])

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            decide(policy.project_id, "frugal", Asked("ana"), now=now)
        return len(seen)

    counts = []
    for moment in (0.0, 4.9, 5.1, 6.0):
        clock[0] = moment
        counts.append(queries())
    assert counts[0] > 0
    assert counts == [counts[0], 0, counts[0], 0]


def test_the_list_tells_definitions_use_and_events(policy: Policy, put: Put, now: datetime) -> None:
    Policy.objects.update(max_cost_day_usd=Decimal(1))
    put("llm_call", call("a", usage=USAGE, latency_ms=2_000))
    drain(now=now)
    police(now=now)
    _, token = create_key(project=policy.project, name="reader", scopes=["read"])
    client = Client(headers={"authorization": f"Bearer {token}"})
    [told] = client.get("/api/v1/policies").json()["items"]
    assert told == client.get("/api/v1/policies/frugal").json()
    assert (told["model"], told["max_cost_day_usd"], told["allowed_models"]) == (
        "support-assistant",
        1.0,
        ["openai/gpt-4o*"],
    )
    assert [(use["limit"], use["over"], use["n"]) for use in told["use"]] == [
        ("cost_day", True, 1),
        ("latency", None, 1),
    ]
    assert told["use"][0]["value"] == 2.5
    assert {(event["limit"], event["count"]) for event in told["events"]} == {("cost_day", 1), ("latency", 1)}
    assert client.get("/api/v1/policies/none").status_code == 404


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("allowed_models", "gpt-4o", "allowed_models"),
        ("allowed_models", [""], "allowed_models"),
        ("allowed_parameters", [1], "allowed_parameters"),
        ("required_context", ["user"], "required_context"),
        ("parameters", {"temperature": 1}, "parameters"),
        ("parameters", {"temperature": {"most": 1}}, "parameters"),
        ("parameters", {"temperature": {"max": "1"}}, "parameters"),
        ("quality_measure", "error_rate", "quality_bound"),
        ("quality_window", timedelta(0), "quality_window"),
        ("max_cost_day_usd", Decimal(-1), "max_cost_day_usd"),
    ],
)
def test_what_could_never_be_judged_is_refused(policy: Policy, field: str, value: Any, problem: str) -> None:
    policy.name = "Frugal"
    setattr(policy, field, value)
    with pytest.raises(ValidationError) as refused:
        policy.full_clean()
    assert set(refused.value.message_dict) == {problem}


def test_what_a_user_costs_is_known_by_environment(ask: Any, policy: Policy, put: Put, now: datetime) -> None:
    policy.name, policy.environment, policy.max_cost_user_day_usd = "Frugal", "staging", Decimal(3)
    policy.full_clean()
    policy.save()
    places = {"a": "production", "b": "staging"}
    put("llm_call", *(call(id_, usage=USAGE, user_id="ana", environment=place) for id_, place in places.items()))
    drain(now=now)
    assert user_cost_nano(policy, "ana", now=now) == 2_500_000_000
    assert users_over(policy, now=now, most=9) == []
    policy.environment = ""
    assert user_cost_nano(policy, "ana", now=now) == 5_000_000_000
    assert users_over(policy, now=now, most=9) == [("ana", 5_000_000_000)]


def test_only_applications_have_policies(policy: Policy, credit_risk: Model, other_project: Project) -> None:
    policy.name, policy.model = "Frugal", credit_risk
    with pytest.raises(ValidationError, match="LLM applications"):
        policy.full_clean()
    policy.model = Model.objects.create(project=other_project, slug="theirs", kind="llm")
    with pytest.raises(ValidationError, match="another project"):
        policy.full_clean()


def test_the_form_refuses_a_measure_of_something_else(policy: Policy, as_ana: Client) -> None:
    given = {
        "project": policy.project_id,
        "name": "P",
        "slug": "p",
        "model": policy.model_id,
        "enabled": "on",
        "on_failure": "open",
        "quality_measure": "roc_auc",
        "quality_comparison": "at_least",
        "quality_bound": "0.5",
        "quality_window": "1 00:00:00",
        "quality_samples": "30",
        **{
            name: json.dumps(value)
            for name, value in (
                ("allowed_models", []),
                ("parameters", {}),
                ("allowed_parameters", []),
                ("required_context", []),
            )
        },
    }
    answer = as_ana.post(reverse("admin:monitoring_policy_add"), given)
    assert "have these measures" in answer.content.decode()
    given["quality_measure"] = "error_rate"
    assert as_ana.post(reverse("admin:monitoring_policy_add"), given).status_code == 302
    assert Policy.objects.get(slug="p").quality_measure == "error_rate"
