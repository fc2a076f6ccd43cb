"""Prices are exact, know their tiers, and say nothing where they know nothing."""

from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.llm.pricing.book import PriceBook
from monitoring.llm.pricing.prices import BILLED_AS, BUCKETS, INPUT_SIDE, Price, Tier
from monitoring.llm.pricing.shipped import shipped_book

NOON = 1_783_944_000_000_000  # 2026-07-13 12:00 UTC
RATE = st.decimals(0, 1_000, places=6)
RATES = st.fixed_dictionaries(
    {"input": RATE, "output": RATE}, optional={bucket: RATE for bucket in BUCKETS if bucket not in {"input", "output"}}
)
TOKENS = st.lists(st.none() | st.integers(0, 10**7), min_size=7, max_size=7)


def own(model: str, rate: str, **more: object) -> Price:
    return Price(provider="", model=model, rates={"input": Decimal(rate)}, source="own:x", **more)  # type: ignore[arg-type]


@given(rates=RATES, dearer=RATES, above=st.integers(0, 10**7), tokens=TOKENS)
def test_the_cost_is_the_sum_of_tokens_times_rates_rounded_once(rates, dearer, above, tokens) -> None:
    price = Price("p", "m", rates, (Tier(above, dearer),))
    counts = dict(zip(BUCKETS, tokens, strict=True))
    size = sum(count or 0 for bucket, count in counts.items() if bucket in INPUT_SIDE)
    used = {**rates, **dearer} if size > above else rates
    asked = {bucket: used.get(bucket, used.get(BILLED_AS.get(bucket, ""))) for bucket, count in counts.items() if count}
    cost = price.cost_nano(tokens)
    if all(count is None for count in tokens) or None in asked.values():
        assert cost is None
    else:
        exact = sum((counts[bucket] * rate * 1_000 for bucket, rate in asked.items()), Decimal(0))
        assert cost == exact.to_integral_value(ROUND_HALF_EVEN)
        assert sum(line.cost for line in price.lines(tokens)) == exact / 10**9


def test_halves_are_rounded_to_even() -> None:
    price = Price("p", "m", {"input": Decimal("0.0005")})  # half a nano-USD per token
    assert [price.cost_nano([n, *[None] * 6]) for n in (1, 2, 3, 5)] == [0, 1, 2, 2]


def test_what_nobody_reported_or_priced_has_no_cost() -> None:
    price = Price("p", "m", {"input": Decimal(1)})
    assert price.cost_nano([None] * 7) is None
    assert price.cost_nano([0, *[None] * 6]) == 0
    assert price.cost_nano([5, None, None, 1, None, None, None]) is None  # output without a price
    assert price.cost_nano([5, None, None, None, None, 1, None]) is None  # audio is never billed as text
    assert price.cost_nano([10**12, *[None] * 6]) == 10**15
    assert Price("p", "m", {"input": Decimal(10**6)}).cost_nano([10**12, *[None] * 6]) is None  # beyond 10^8 dollars


def test_a_tier_holds_for_all_tokens_of_a_larger_input() -> None:
    price = shipped_book().find("google", "gemini-2.5-pro", ts_us=NOON)
    assert price is not None
    assert price.cost_nano([200_000, None, None, 1_000, None, None, None]) == 260_000_000
    assert price.cost_nano([200_001, None, None, 1_000, None, None, None]) == 515_002_500
    assert price.cost_nano([100_001, 100_000, None, 0, None, None, None]) == 275_002_500  # the cache counts too


def test_the_price_is_that_of_the_time_of_the_call() -> None:
    april, july = 1_745_150_400_000_000, 1_751_371_200_000_000  # 2025-04-20, 2025-07-01
    million = [1_000_000, None, None, None, None, None, None]
    assert shipped_book().find("openai", "o3", ts_us=april).cost_nano(million) == 10 * 10**9
    assert shipped_book().find("openai", "o3", ts_us=july).cost_nano(million) == 2 * 10**9


@pytest.mark.parametrize(
    ("provider", "model", "version"),
    [
        ("openai", "GPT-4o-mini-2024-07-18", "openai/gpt-4o-mini"),
        ("OpenAI", "gpt-4o-2027-01-01", "openai/gpt-4o"),
        ("", "openai/gpt-4o", "openai/gpt-4o"),
        ("", "models/gemini-2.5-flash", "google/gemini-2.5-flash"),
        ("az.ai.openai", "gpt-4o", "openai/gpt-4o"),
        (
            "",
            "bedrock/us.anthropic.claude-sonnet-4-20250514-v1:0",
            "aws/regional.anthropic.claude-sonnet-4-20250514-v1:0",
        ),
        ("", "ft:gpt-4o-2024-08-06:acme::x", "openai/ft:gpt-4o"),
        ("openrouter", "openai/gpt-4o", "openrouter/openai/gpt-4o"),
    ],
)
def test_names_are_normalised(provider: str, model: str, version: str) -> None:
    found = shipped_book().find(provider, model, ts_us=NOON)
    assert found is not None
    assert found.version == f"genai-prices {shipped_book().version} {version}"


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("ollama", "gpt-4o"),
        ("openai-compatible", "gpt-4o"),
        ("", "llama3.1:8b"),
        ("openai", "my-private-model"),
        ("groq", "gpt-4o"),
        ("", ""),
        ("perplexity", "sonar"),
    ],
)
def test_what_is_not_certain_is_not_priced(provider: str, model: str) -> None:
    price = shipped_book().find(provider, model, ts_us=NOON)
    assert price is None or price.cost_nano([1, None, None, 1, None, None, None]) is None


def test_own_prices_go_before_the_list_and_begin_on_their_day() -> None:
    book = PriceBook(
        [
            own("gpt-4o", "1"),
            own("gpt-4o", "2", valid_from="2026-07-13"),
            own("gpt-4o", "3", valid_from="2026-07-14"),
            own("llama*", "4"),
            own("llama-3*", "5"),
        ],
        shipped_book(),
    )
    rate = {
        model: book.find("any", ("", model), ts_us=NOON).rates["input"]
        for model in ("gpt-4o", "GPT-4o-2024-08-06", "llama-2", "llama-3.3")
    }
    assert rate == {"gpt-4o": 2, "GPT-4o-2024-08-06": 2, "llama-2": 4, "llama-3.3": 5}
    assert book.find("openai", ("unknown", "gpt-4o-mini"), ts_us=NOON).source.startswith("genai-prices")
    assert book.find("any", ("unknown", ""), ts_us=NOON) is None
    only = PriceBook([Price("azure", "gpt-4o", {"input": Decimal(9)}, source="own:y")], shipped_book())
    assert only.find("azure_openai", ("gpt-4o",), ts_us=NOON).source == "own:y"
    assert only.find("openai", ("gpt-4o",), ts_us=NOON).source != "own:y"
