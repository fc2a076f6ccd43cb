"""Golden cases: what providers answer, what it costs by hand, and what other tools were publicly wrong about."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.llm.pricing.prices import BUCKETS, Tokens
from monitoring.llm.pricing.shipped import shipped_book
from monitoring.llm.pricing.usage import disjoint

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
    # langfuse #5568, langfuse-js: the same with a provider that adds cache writes to the details (OpenRouter).
    pytest.param(
        ("anthropic", "claude-sonnet-4-20250514"),
        {
            "prompt_tokens": 12_000,
            "completion_tokens": 300,
            "total_tokens": 12_300,
            "prompt_tokens_details": {"cached_tokens": 9_000, "cache_write_tokens": 2_500},
        },
        (500 * 3, 9_000 * 0.3, 2_500 * 3.75, 300 * 15),
        id="langfuse-5568-cache-writes-in-the-details",
    ),
    # dust #20989 into langfuse #9386: the whole input sent beside its cached part.
    pytest.param(
        ("anthropic", "claude-sonnet-4-20250514"),
        {"input_tokens": 2, "cache_read_input_tokens": 9_842, "cache_creation_input_tokens": 0, "output_tokens": 50},
        (2 * 3, 9_842 * 0.3, 50 * 15),
        id="langfuse-9386-anthropic-input-is-what-is-left",
    ),
    # langfuse #12306, #13110, residual #14902: input that includes the cache, as LangChain and OpenTelemetry mean it.
    pytest.param(
        ("anthropic", "claude-sonnet-4-20250514"),
        {
            "input_tokens": 1_400,
            "output_tokens": 57,
            "total_tokens": 1_457,
            "input_token_details": {"cache_read": 1_024, "cache_creation": 200},
        },
        (176 * 3, 1_024 * 0.3, 200 * 3.75, 57 * 15),
        id="langfuse-12306-input-includes-the-cache",
    ),
    # phoenix #10036, openinference #2381: shown $0.20, about 42 times too much; the same details, this time beside.
    pytest.param(
        ("aws", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        {
            "input_tokens": 3,
            "output_tokens": 12,
            "total_tokens": 13_256,
            "input_token_details": {"cache_creation": 25, "cache_read": 13_216},
        },
        (3 * 3.3, 25 * 4.125, 13_216 * 0.33, 12 * 16.5),
        id="phoenix-10036-cached-at-full-price",
    ),
    # phoenix #10783: output computed as total − input, 8,709 instead of 442.
    pytest.param(
        ("amazon_bedrock", "global.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        {
            "inputTokens": 3,
            "outputTokens": 442,
            "totalTokens": 8_712,
            "cacheReadInputTokens": 7_917,
            "cacheWriteInputTokens": 350,
        },
        (3 * 3, 442 * 15, 7_917 * 0.3, 350 * 3.75),
        id="phoenix-10783-output-as-total-less-input",
    ),
    # phoenix #13379: the breakdown was lost and 53,361 tokens billed as output.
    pytest.param(
        ("aws.bedrock", "us.anthropic.claude-sonnet-4-20250514-v1:0"),
        {
            "inputTokens": 4_299,
            "outputTokens": 631,
            "cacheReadInputTokens": 35_574,
            "cacheWriteInputTokens": 17_787,
            "totalTokens": 58_291,
        },
        (4_299 * 3, 35_574 * 0.3, 17_787 * 3.75, 631 * 15),
        id="phoenix-13379-remainder-as-output",
    ),
    # litellm #11364: 98,805 prompt tokens of which 98,795 cached or written to the cache, told twice.
    pytest.param(
        ("anthropic", "claude-opus-4-5-20251101"),
        {
            "prompt_tokens": 98_805,
            "completion_tokens": 5_120,
            "total_tokens": 103_925,
            "prompt_tokens_details": {"cached_tokens": 66_360, "cache_creation_tokens": 32_435, "audio_tokens": None},
            "completion_tokens_details": {"reasoning_tokens": 1_710},
            "cache_read_input_tokens": 66_360,
            "cache_creation_input_tokens": 32_435,
        },
        (10 * 5, 66_360 * 0.5, 32_435 * 6.25, 5_120 * 25),
        id="litellm-11364-cache-told-twice",
    ),
    # litellm #35127: $0.860 instead of $0.16625, cache reads of a Responses call at the full rate.
    pytest.param(
        ("anthropic", "claude-opus-4-5-20251101"),
        {
            "input_tokens": 172_000,
            "output_tokens": 0,
            "total_tokens": 172_000,
            "input_tokens_details": {"cached_tokens": 155_000, "cache_write_tokens": 3_000},
        },
        (166_250,),
        id="litellm-35127-responses-cache-at-full-rate",
    ),
    # langsmith-sdk #2519: the 19 tokens that were not cached were billed $0.
    pytest.param(
        ("anthropic", "claude-sonnet-4-20250514"),
        {"input_tokens": 19, "cache_read_input_tokens": 39_000, "output_tokens": 8},
        (19 * 3, 39_000 * 0.3, 8 * 15),
        id="langsmith-2519-what-is-left-is-free",
    ),
    # mlflow #24867: the cache's counts dropped, so that cached prompts cost too little.
    pytest.param(
        ("bedrock", "us.anthropic.claude-sonnet-4-20250514-v1:0"),
        {
            "inputTokens": 12,
            "outputTokens": 100,
            "totalTokens": 8_112,
            "cacheReadInputTokens": 6_000,
            "cacheWriteInputTokens": 2_000,
        },
        (12 * 3, 6_000 * 0.3, 2_000 * 3.75, 100 * 15),
        id="mlflow-24867-cache-dropped",
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
    by_id = {case.id: disjoint(case.values[1]) for case in CASES}
    assert sum(by_id["opik-6976-gemini"].values()) == 21_000
    assert by_id["phoenix-13379-remainder-as-output"] == {
        "input": 4_299,
        "cached_input": 35_574,
        "cache_write": 17_787,
        "output": 631,
    }


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
        {"input_tokens": 3, "output_tokens": 1, "input_token_details": {"cache_read": 10}},
        {"input_tokens": 3, "output_tokens": 1, "total_tokens": 15, "input_token_details": {"cache_read": 10}},
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
