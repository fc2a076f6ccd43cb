"""The page of a call says how its cost came to be, or why it has none."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from models_registry.models import Model
from monitoring.llm.pricing.prices import Price
from monitoring.models import AppliedPrice
from panel.format import money_exact
from tests.panel import story


def page(client: Client, model: Model, at: datetime, **columns: Any) -> str:
    call = story.make_call(model, 1, at, **columns)
    return client.get(f"/p/{model.project.slug}/llm-calls/{call.pk}/").content.decode().replace("\xa0", " ")


def test_each_bucket_is_shown_times_its_price(
    as_bia: Client, support_assistant: Model, stopped_clock: datetime
) -> None:
    document = Price("openai", "m", {"input": Decimal("2.5"), "cached_input": Decimal("0.075")}).document()
    price = AppliedPrice.objects.create(digest=b"d", source="own:deal", provider="openai", model="m", document=document)
    tokens = {"input_tokens": 176, "cached_input_tokens": 1_024, "output_tokens": None}
    text = page(as_bia, support_assistant, stopped_clock, **tokens, cost_nano=516_800, price=price)
    assert "own:deal openai/m" in text
    for shown in ("× US$2.50", "US$0.00044", "× US$0.075", "US$0.0000768"):
        assert shown in text


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"input_tokens": None, "output_tokens": None}, "Unpriced: the client reported no tokens."),
        (
            {"request_model": "", "response_model": "", "input_tokens": 3},
            "Unpriced: the client named no language model.",
        ),
        (
            {"response_model": "mine", "provider": "home", "input_tokens": 3},
            "Unpriced: no price is known for mine of home.",
        ),
    ],
)
def test_a_call_without_a_price_says_why(
    as_bia: Client, support_assistant: Model, stopped_clock: datetime, columns: dict[str, Any], told: str
) -> None:
    empty = dict.fromkeys(("input_tokens", "cached_input_tokens", "output_tokens"))
    text = page(as_bia, support_assistant, stopped_clock, **{**empty, **columns})
    assert told in text
    assert "<dd>unpriced</dd>" in text


def test_the_list_names_the_cost_as_the_page_of_a_call_does(
    as_bia: Client, support_assistant: Model, stopped_clock: datetime
) -> None:
    story.make_call(support_assistant, 1, stopped_clock, cost_nano=516_800, reported_nano=None)
    for language, name in (("en", "Cost"), ("pt-br", "Custo")):
        listed = as_bia.get(f"/p/{support_assistant.project.slug}/llm-calls/", headers={"accept-language": language})
        heads = re.findall(r"<th [^>]*>([^<]*)</th>", listed.content.decode())
        assert heads[6] == name, heads


def test_exact_money_keeps_its_digits() -> None:
    assert [money_exact(Decimal(value)) for value in ("3", "0.075", "0.0000768")] == [
        "US$3.00",
        "US$0.075",
        "US$0.0000768",
    ]
