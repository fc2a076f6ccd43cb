"""The tabs of money: where it goes, what the month will come to, and how the application stands against its policies."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from models_registry.models import Model
from monitoring.drain import drain
from monitoring.models import OwnPrice, Policy
from monitoring.policies.police import police
from tests.monitoring.conftest import micros, put_body

MILLION = {"input": 1_000_000}


@pytest.fixture
def spent(support_assistant: Model, stopped_clock: datetime) -> Model:
    """Ten days of calls by two users with two prompts, a fifth of a model without a price, some reported too high."""
    now = stopped_clock
    calls = [
        {
            "id": f"c{n}",
            "model": "support-assistant",
            "version": "1",
            "ts": micros(now - timedelta(hours=n)),
            "provider": "openai",
            "request_model": "my-own" if n % 5 == 0 else "gpt-4o" if n % 2 else "gpt-4o-mini",
            "usage": MILLION,
            "user_id": f"user-{n % 2}",
            "prompt_name": "greet",
            "prompt_version": str(n % 2),
            "latency_ms": 900,
            "cost_usd": 5.0 if n % 5 == 1 else None,
        }
        for n in range(200)
    ]
    put_body(support_assistant.project, "llm_call", calls, received=now)
    drain(now=now)
    return support_assistant


def tab(client: Client, model: Model, slug: str, query: str = "?range=7d") -> str:
    answer = client.get(f"/p/{model.project.slug}/models/{model.slug}/{slug}/{query}")
    assert answer.status_code == 200
    return answer.content.decode().replace("\xa0", " ")


def test_the_tab_tells_where_the_money_goes(spent: Model, as_ana: Client, as_bia: Client) -> None:
    text = tab(as_ana, spent, "cost")
    for told in ("openai/gpt-4o", "openai/gpt-4o-mini", "openai/my-own", "greet@0", "greet@1", "user-0", "user-1"):
        assert told in text
    assert "part part--0" in text
    assert "provider=openai&amp;model=my-own&amp;name=openai-my-own" in text
    assert "calls without a known cost" in text
    assert "Our cost less the clients&#x27; own" in text
    assert "Set a price" not in tab(as_bia, spent, "cost")
    assert "no price" in tab(as_bia, spent, "cost")


def test_the_month_stands_beside_its_limit(spent: Model, as_bia: Client) -> None:
    text = tab(as_bia, spent, "cost")
    assert "Spent so far" in text
    assert "No policy limits the cost of the month." in text
    Policy.objects.create(project=spent.project, slug="frugal", model=spent, max_cost_month_usd=Decimal(100_000))
    Policy.objects.create(project=spent.project, slug="tight", model=spent, max_cost_month_usd=Decimal(10))
    text = tab(as_bia, spent, "cost")
    assert "US$10.00" in text
    assert "of the month&#x27;s limit, projected" in text


def test_an_application_without_calls_says_so(support_assistant: Model, as_bia: Client, stopped_clock: Any) -> None:
    text = tab(as_bia, support_assistant, "cost")
    assert "Nothing has cost anything this month." in text
    assert "No call in this range names a language model." in text
    assert "No policy limits this application" in tab(as_bia, support_assistant, "policies")


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", ["Not kept to", "users of today are at US$0.10", "too little to say", "1 call, 100.0% of those judged"]),
        ("pt-br", ["Descumprimentos", "usuários de hoje chegaram a", "pouco para afirmar", "das julgadas"]),
    ],
)
def test_policies_show_their_use_and_what_was_not_kept(
    spent: Model, as_bia: Client, stopped_clock: datetime, language: str, told: list[str]
) -> None:
    Policy.objects.create(
        project=spent.project,
        slug="frugal",
        name="Frugal",
        model=spent,
        max_cost_day_usd=Decimal("0.5"),
        max_cost_user_day_usd=Decimal("0.1"),
        max_latency_ms=500,
        quality_measure="feedback_rate",
        quality_bound=0.5,
        allowed_models=["claude-*"],
        parameters={"temperature": {"max": 1}},
        required_context=["prompt"],
    )
    later = {
        "id": "later",
        "model": "support-assistant",
        "version": "1",
        "ts": micros(stopped_clock),
        "latency_ms": 900,
    }
    put_body(spent.project, "llm_call", [{**later, "request_model": "gpt-4o"}], received=stopped_clock)
    drain(now=stopped_clock)
    police(now=stopped_clock)
    as_bia.cookies["django_language"] = language
    text = tab(as_bia, spent, "policies").replace("&#x27;", "'")
    for words in [*told, "Frugal", "claude-*", "temperature: …1", "chart-meter"]:
        assert words in text, words
    translation.deactivate()


def test_the_link_to_a_price_fills_in_the_form(spent: Model, as_ana: Client) -> None:
    address = (
        f"/admin/monitoring/ownprice/add/?project={spent.project_id}&provider=openai&model=my-own&name=openai-my-own"
    )
    form = as_ana.get(address).content.decode()
    assert 'value="my-own"' in form
    OwnPrice.objects.create(project=spent.project, name="x", model="my-own", input=1)
