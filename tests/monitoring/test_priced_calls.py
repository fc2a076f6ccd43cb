"""LLM calls through the drain: their cost, the price it came from, and what the measures make of them."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from models_registry.models import Model, Project
from monitoring.drain import drain
from monitoring.measures.series import measure_window
from monitoring.models import AppliedPrice, LLMCall, OwnPrice
from monitoring.selectors.summaries import Scope
from monitoring.selectors.wire import event_to_wire
from monitoring.summaries.recount import recount
from tests.monitoring.conftest import Put, micros

pytestmark = pytest.mark.django_db
USAGE = {"input": 176, "cached_input": 1_024, "output": 57}
USD = 0.00229  # 176 × 2.5 + 1,024 × 1.25 + 57 × 10 US dollars per million


def call(event_id: str, **more: Any) -> dict[str, Any]:
    named = {"id": event_id, "model": "assistant", "version": "1", "provider": "openai", "response_model": "gpt-4o"}
    return {**named, "usage": USAGE, **more}


def read(name: str, now: datetime) -> Any:
    model = Model.objects.get(slug="assistant")
    minute = timedelta(minutes=1)
    return measure_window(name, Scope(model.project_id, model.pk), start=now - minute, end=now + minute)


def test_a_call_keeps_its_cost_the_price_and_what_the_client_said(put: Put, now: datetime):
    put("llm_call", call("a", cost_usd=0.0031))
    drain(now=now)
    stored = LLMCall.objects.select_related("price").get()
    assert (stored.cost_nano, stored.reported_nano, stored.context_window) == (2_290_000, 3_100_000, 128_000)
    wire = event_to_wire(stored)
    assert (wire["cost_usd"], wire["cost_source"], wire["cost_reported_usd"]) == (USD, "price", 0.0031)
    assert wire["price_version"] == "genai-prices 0.2.3 openai/gpt-4o"
    assert stored.price is not None
    assert stored.price.document["rates"] == {"input": "2.5", "cached_input": "1.25", "output": "10"}


def test_unpriced_is_a_state_and_never_zero(put: Put, now: datetime):
    put(
        "llm_call",
        call("unknown", response_model="my-own", request_model="mine-too"),
        call("no-usage", usage=None),
        call("client-knows", response_model="my-own", cost_usd=0.5),
        call("failed", usage=None, status="error"),
        call("priced"),
    )
    drain(now=now)
    told = {row.event_id: event_to_wire(row) for row in LLMCall.objects.all()}
    assert {name: (wire["cost_usd"], wire["cost_source"]) for name, wire in told.items()} == {
        "unknown": (None, None),
        "no-usage": (None, None),
        "client-knows": (0.5, "client"),
        "failed": (None, None),
        "priced": (USD, "price"),
    }
    assert {told[name]["price_version"] for name in ("unknown", "no-usage", "client-knows", "failed")} == {None}
    unpriced = read("unpriced_rate", now)
    assert (unpriced.value, unpriced.n) == (0.75, 4)  # the failed call had nothing to price
    assert (read("cost_usd", now).value, read("cost_usd", now).n) == (pytest.approx(0.5 + USD, abs=1e-9), 2)
    assert read("cost_reported_usd", now).value == 0.5
    assert read("cost_per_request", now).value == pytest.approx((0.5 + USD) / 2, abs=1e-9)


def test_the_request_model_stands_in_for_an_unknown_response_model(put: Put, now: datetime):
    put(
        "llm_call",
        call("a", response_model="", request_model="gpt-4o"),
        call("b", response_model="?", request_model="gpt-4o"),
    )
    drain(now=now)
    assert list(LLMCall.objects.values_list("cost_nano", flat=True)) == [2_290_000, 2_290_000]


def test_an_own_price_goes_first_and_what_was_applied_stays(project: Project, put: Put, now: datetime):
    own = OwnPrice.objects.create(project=project, name="deal", model="gpt-4o", input=Decimal(1), output=Decimal(2))
    put("llm_call", call("a"))
    drain(now=now)
    own.output = Decimal(4)
    own.save()
    put("llm_call", call("b"))
    drain(now=now)
    costs = dict(LLMCall.objects.values_list("event_id", "cost_nano"))
    assert costs == {"a": 1_314_000, "b": 1_428_000}
    assert [price.document["rates"]["output"] for price in AppliedPrice.objects.order_by("id")] == ["2", "4"]
    assert {str(price) for price in AppliedPrice.objects.all()} == {"own:deal gpt-4o"}


def test_an_own_price_holds_from_its_day_on_and_in_its_project_only(project: Project, put: Put, now: datetime):
    other = Project.objects.create(slug="other", name="Other")
    tomorrow = (now + timedelta(days=1)).date()
    OwnPrice.objects.create(project=project, name="later", model="gpt-4o", valid_from=tomorrow, input=Decimal(9))
    OwnPrice.objects.create(project=other, name="theirs", model="gpt-4o", valid_from=date(2020, 1, 1), input=Decimal(9))
    put("llm_call", call("a"))
    drain(now=now)
    assert LLMCall.objects.get().cost_nano == 2_290_000


def test_sizes_speed_and_finish_reasons(put: Put, now: datetime):
    put(
        "llm_call",
        call("a", latency_ms=1_400, ttft_ms=400, finish_reason="content_filter"),
        call("b", latency_ms=1_400, ttft_ms=400, finish_reason="stop"),
        call("c", latency_ms=1_400, ttft_ms=400),
    )
    drain(now=now)
    assert read("input_tokens_p95", now).value == pytest.approx(1_200, rel=0.01)
    assert read("output_tokens_p50", now).value == pytest.approx(57, rel=0.01)
    assert read("ttft_p95", now).value == pytest.approx(400, rel=0.01)
    assert read("tokens_per_second", now).value == pytest.approx(57, rel=0.01)
    assert read("context_use", now).value == pytest.approx(1_257 / 128_000, rel=0.011)
    assert read("cached_share", now).value == 1_024 / 1_200
    assert (read("refusal_rate", now).value, read("refusal_rate", now).n) == (0.5, 2)
    assert (read("finish_unknown_rate", now).value, read("finish_unknown_rate", now).n) == (1 / 3, 3)
    assert event_to_wire(LLMCall.objects.get(event_id="c"))["truncated"] is None


def test_folding_stored_calls_again_gives_the_same_sums(put: Put, now: datetime):
    put("llm_call", call("a", latency_ms=900, cost_usd=1), call("b", usage=None), call("c", response_model="my-own"))
    put("feedback", {"id": "f", "target_id": "a", "value": True})
    drain(now=now)
    assert recount(start=now - timedelta(hours=1), end=now + timedelta(hours=1)) == []


def test_a_batch_is_priced_by_names_and_not_call_by_call(put: Put, now: datetime):
    def queries(count: int, tag: str) -> int:
        put("llm_call", *(call(f"{tag}-{n}") for n in range(count)))
        with CaptureQueriesContext(
            connection,
        ) as seen:
            drain(now=now)
        return sum("price" in query["sql"] and query["sql"].startswith("SELECT") for query in seen)

    queries(1, "first")
    assert queries(2, "few") == queries(200, "many") == 2


def test_the_most_that_the_contract_lets_in_is_stored(put: Put, now: datetime):
    whole = dict.fromkeys(("input", "cached_input", "cache_write", "output", "reasoning"), 10**12)
    put("llm_call", *(call(str(n), usage=whole, latency_ms=0.001, ts=micros(now)) for n in range(9)))
    assert drain(now=now).skipped == 0
    assert recount(start=now - timedelta(hours=1), end=now + timedelta(hours=1)) == []
