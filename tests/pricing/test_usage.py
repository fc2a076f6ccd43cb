"""Golden cases: what providers answer, what it costs by hand, and what other tools were publicly wrong about."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.pricing.prices import BUCKETS, Tokens
from monitoring.pricing.shipped import shipped_book
from monitoring.pricing.usage import disjoint

NOON = 1_783_944_000_000_000  # 2026-07-13 12:00 UTC


def tokens(usage: dict[str, Any]) -> Tokens:
    found = disjoint(usage)
    assert found is not None
    return [found.get(bucket) for bucket in BUCKETS]


CASES = [
    # langfuse #10592, #5568, #9386, #12306: 17,903 input tokens of which 17,817 cached, shown as 35,720.
    pytest.param(
        ("openai", "gpt-4o"),
        {
            "prompt_tokens": 17_903,
            "completion_tokens": 120,
            "total_tokens": 18_023,
            "prompt_tokens_details": {"cached_tokens": 17_817},
        },
        (86 * 2.5, 17_817 * 1.25, 120 * 10),
        id="langfuse-10592-cached-counted-twice",
    ),
    # phoenix #10036, openinference #2381: cached tokens at the full price, about 42 times too much.
    pytest.param(
        ("openai", "gpt-4o"),
        {
            "prompt_tokens": 1_200,
            "completion_tokens": 57,
            "total_tokens": 1_257,
            "prompt_tokens_details": {"cached_tokens": 1_024},
        },
        (176 * 2.5, 1_024 * 1.25, 57 * 10),
        id="phoenix-10036-cached-at-full-price",
    ),
    # phoenix #13379: the breakdown was lost and the remainder billed as output.
    pytest.param(
        ("anthropic", "claude-sonnet-4-20250514"),
        {
            "input_tokens": 176,
            "cache_read_input_tokens": 1_024,
            "cache_creation_input_tokens": 200,
            "output_tokens": 57,
        },
        (176 * 3, 1_024 * 0.3, 200 * 3.75, 57 * 15),
        id="phoenix-13379-remainder-as-output",
    ),
    # opik #6976, #7016, #1446: cached tokens of Gemini, and of Claude on Vertex, at the full price.
    pytest.param(
        ("google", "gemini-2.5-flash"),
        {
            "promptTokenCount": 20_000,
            "cachedContentTokenCount": 18_000,
            "candidatesTokenCount": 300,
            "thoughtsTokenCount": 700,
            "totalTokenCount": 21_000,
        },
        (2_000 * 0.3, 18_000 * 0.03, 1_000 * 2.5),
        id="opik-6976-gemini",
    ),
    pytest.param(
        ("gcp.vertex_ai", "claude-sonnet-4@20250514"),
        {"input_tokens": 500, "cache_read_input_tokens": 20_000, "output_tokens": 10},
        (500 * 3, 20_000 * 0.3, 10 * 15),
        id="opik-6976-claude-on-vertex",
    ),
    # mlflow #22606, openlit #1284: all input at the full rate.
    pytest.param(
        ("openai", "gpt-4o-mini-2024-07-18"),
        {
            "input_tokens": 2_000,
            "output_tokens": 400,
            "total_tokens": 2_400,
            "input_tokens_details": {"cached_tokens": 1_920},
            "output_tokens_details": {"reasoning_tokens": 0},
        },
        (80 * 0.15, 1_920 * 0.075, 400 * 0.6),
        id="mlflow-22606-all-input-at-full-rate",
    ),
    # langfuse #4072: Bedrock priced as 0.
    pytest.param(
        ("aws.bedrock", "us.anthropic.claude-sonnet-4-20250514-v1:0"),
        {
            "inputTokens": 100,
            "cacheReadInputTokens": 5_000,
            "cacheWriteInputTokens": 40,
            "outputTokens": 9,
            "totalTokens": 5_149,
        },
        (100 * 3, 5_000 * 0.3, 40 * 3.75, 9 * 15),
        id="langfuse-4072-bedrock",
    ),
    # langfuse #2112, opik #4508: an answer from the framework's own cache is free, and known to be.
    pytest.param(
        ("openai", "gpt-4o"),
        {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
        (0,),
        id="opik-4508-phantom-cost",
    ),
    # Reasoning is within OpenAI's output; it must not be billed twice.
    pytest.param(
        ("openai", "gpt-5"),
        {
            "prompt_tokens": 100,
            "completion_tokens": 1_000,
            "total_tokens": 1_100,
            "completion_tokens_details": {"reasoning_tokens": 900},
        },
        (100 * 1.25, 1_000 * 10),
        id="reasoning-within-output",
    ),
]


@pytest.mark.parametrize(("names", "usage", "by_hand"), CASES)
def test_a_call_costs_what_it_costs_by_hand(
    names: tuple[str, str], usage: dict[str, Any], by_hand: tuple[float, ...]
) -> None:
    price = shipped_book().find(*names, ts_us=NOON)
    assert price is not None
    cost = price.cost_nano(tokens(usage))
    assert cost is not None
    dollars = sum(Decimal(str(part)) for part in by_hand) / 1_000_000
    assert abs(Decimal(cost).scaleb(-9) - dollars) <= Decimal("1e-9")
    assert sum(line.cost for line in price.lines(tokens(usage))) == pytest.approx(dollars, abs=Decimal("1e-9"))


def test_the_buckets_sum_to_the_total_of_the_provider() -> None:
    assert disjoint(CASES[0].values[1]) == {"input": 86, "cached_input": 17_817, "output": 120}
    assert sum(disjoint(CASES[3].values[1]).values()) == 21_000
    assert disjoint(CASES[2].values[1]) == {"input": 176, "cached_input": 1_024, "cache_write": 200, "output": 57}


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": 10, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 11}},
        {"prompt_tokens": 10, "completion_tokens": 1, "total_tokens": 12},
        {"prompt_tokens": -10, "completion_tokens": 1},
        {"prompt_tokens": 10.5, "completion_tokens": 1},
        {"prompt_tokens": "10", "completion_tokens": 1},
        {"prompt_tokens": 10, "completion_tokens": 1, "completion_tokens_details": {"reasoning_tokens": 2}},
        {"promptTokenCount": 10, "cachedContentTokenCount": 11},
        {"input_tokens": True, "output_tokens": 3},
    ],
)
def test_counts_that_contradict_each_other_are_not_guessed_at(usage: dict[str, Any]) -> None:
    assert disjoint(usage) is None


COUNT = st.integers(0, 10**9)


@given(whole=COUNT, cached=COUNT, audio=COUNT, output=COUNT, reasoning=COUNT)
def test_any_usage_is_either_whole_or_refused(whole: int, cached: int, audio: int, output: int, reasoning: int) -> None:
    found = disjoint(
        {
            "prompt_tokens": whole,
            "completion_tokens": output,
            "total_tokens": whole + output,
            "prompt_tokens_details": {"cached_tokens": cached, "audio_tokens": audio},
            "completion_tokens_details": {"reasoning_tokens": reasoning},
        }
    )
    if cached + audio > whole or reasoning > output:
        assert found is None
    else:
        assert found is not None
        assert sum(found.values()) == whole + output
        assert min(found.values()) >= 0
