"""The usage that providers answer with, as disjoint buckets whose sum is the provider's own total.

The names are those of the providers' API references. What matters is which counts contain which: OpenAI and Gemini count
cached tokens within the input, Anthropic and Bedrock beside it; OpenAI counts reasoning within the output, Gemini beside.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Path = tuple[str, ...]


@dataclass(frozen=True)
class Dialect:
    """Where a provider keeps a count. `within` are parts of input or output, `beside` come on top of it."""

    input: str
    output: str
    total: str
    within: Mapping[str, Path]
    beside: Mapping[str, Path] = field(default_factory=dict)


DIALECTS = (
    Dialect(
        "prompt_tokens",
        "completion_tokens",
        "total_tokens",
        {
            "cached_input": ("prompt_tokens_details", "cached_tokens"),
            "audio_input": ("prompt_tokens_details", "audio_tokens"),
            "reasoning": ("completion_tokens_details", "reasoning_tokens"),
            "audio_output": ("completion_tokens_details", "audio_tokens"),
        },
    ),
    Dialect(  # OpenAI's Responses and Anthropic's Messages share names; each has what the other lacks
        "input_tokens",
        "output_tokens",
        "total_tokens",
        {
            "cached_input": ("input_tokens_details", "cached_tokens"),
            "reasoning": ("output_tokens_details", "reasoning_tokens"),
        },
        {"cached_input": ("cache_read_input_tokens",), "cache_write": ("cache_creation_input_tokens",)},
    ),
    Dialect(
        "inputTokens",
        "outputTokens",
        "totalTokens",
        {},
        {"cached_input": ("cacheReadInputTokens",), "cache_write": ("cacheWriteInputTokens",)},
    ),
    Dialect(
        "promptTokenCount",
        "candidatesTokenCount",
        "totalTokenCount",
        {"cached_input": ("cachedContentTokenCount",)},
        {"reasoning": ("thoughtsTokenCount",), "input": ("toolUsePromptTokenCount",)},
    ),
    Dialect(
        "prompt_token_count",
        "candidates_token_count",
        "total_token_count",
        {"cached_input": ("cached_content_token_count",)},
        {"reasoning": ("thoughts_token_count",), "input": ("tool_use_prompt_token_count",)},
    ),
)
WHOLE_OF = {"cached_input": "input", "audio_input": "input", "reasoning": "output", "audio_output": "output"}


def is_provider_usage(usage: Mapping[str, Any]) -> bool:
    """Whether a usage is told in the words of a provider."""
    return any(dialect.input in usage or dialect.output in usage for dialect in DIALECTS)


def disjoint(usage: Mapping[str, Any]) -> dict[str, int] | None:
    """The buckets of the wire contract; None where the counts contradict each other, so that nothing is made up."""
    dialect = next(one for one in DIALECTS if one.input in usage or one.output in usage)
    found = {"input": _count(usage, (dialect.input,)), "output": _count(usage, (dialect.output,))}
    for bucket, path in dialect.within.items():
        if part := _count(usage, path):
            found[bucket] = found.get(bucket, 0) + part
            found[WHOLE_OF[bucket]] -= part
    for bucket, path in dialect.beside.items():
        if part := _count(usage, path):
            found[bucket] = found.get(bucket, 0) + part
    total = usage.get(dialect.total)
    if min(found.values()) < 0 or (total is not None and total != sum(found.values())):
        return None
    return found


def _count(usage: Mapping[str, Any], path: Path) -> int:
    """A count; 0 where it is absent, and less than anything can make good where it is no count."""
    value: Any = usage
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    if value is None:
        return 0
    return value if type(value) is int and value >= 0 else -(10**18)
