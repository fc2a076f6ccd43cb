"""What one call alone tells of its limits: patterns of models, and verdicts as a row keeps them."""

import pytest

from monitoring.llm.limits import Facts, Limits, Range, broken, model_allowed
from monitoring.stats.verdicts import verdict_text, verdicts_of


@pytest.mark.parametrize(
    ("patterns", "provider", "model", "allowed"),
    [
        (["gpt-4o"], "", "GPT-4o-2024-08-06", True),
        (["openai/gpt-4o*"], "OpenAI", "gpt-4o-mini", True),
        (["openai/gpt-4o*"], "azure", "gpt-4o-mini", False),
        (["azure/*"], "az.ai.openai", "gpt-4o", True),
        (["claude-*"], "aws", "us.anthropic.claude-sonnet-4-20250514-v1:0", True),
        (["meta-llama/*"], "together", "meta-llama/Llama-3", True),
        (["gpt-4o"], "openai", "gpt-4", False),
        (["*"], "", "anything", True),
    ],
)
def test_models_match_patterns_as_the_price_book_spells_them(
    patterns: list[str], provider: str, model: str, allowed: bool
) -> None:
    assert model_allowed(patterns, provider, model) is allowed


def test_verdicts_go_into_a_row_and_come_back() -> None:
    found = broken(Limits(latency_us=1, context=("prompt",)), Facts(latency_us=2))
    text = verdict_text([("a", [one.violation for one in found]), ("b-2", [])])
    assert text == "a:lc b-2:"
    assert verdicts_of(text) == [("a", [one.violation for one in found]), ("b-2", [])]
    assert not Range(0, 1).holds(True)
