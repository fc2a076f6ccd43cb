"""The usage that providers answer with, as disjoint buckets whose sum is the provider's own total.

The names are those of the providers' API references. What matters is which counts contain which: OpenAI and Gemini count
cached tokens within the input, Anthropic and Bedrock beside it; OpenAI counts reasoning within the output, Gemini beside.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from monitoring.llm.pricing.prices import BUCKETS

Paths = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Dialect:
    """Where a provider keeps a count; of several paths the first that is there counts.

    `within` are parts of input or output, `beside` come on top of it. Of `either` the total says which it is.
    """

    input: str
    output: str
    total: str
    within: Mapping[str, Paths]
    beside: Mapping[str, Paths] = field(default_factory=dict)
    either: Mapping[str, Paths] = field(default_factory=dict)


DIALECTS = (
    Dialect(  # OpenAI's Chat Completions; cache writes as OpenRouter and LiteLLM add them
        "prompt_tokens",
        "completion_tokens",
        "total_tokens",
        {
            "cached_input": (("prompt_tokens_details", "cached_tokens"),),
            "cache_write": (
                ("prompt_tokens_details", "cache_write_tokens"),
                ("prompt_tokens_details", "cache_creation_tokens"),
            ),
            "audio_input": (("prompt_tokens_details", "audio_tokens"),),
            "reasoning": (("completion_tokens_details", "reasoning_tokens"),),
            "audio_output": (("completion_tokens_details", "audio_tokens"),),
        },
    ),
    # OpenAI's Responses, Anthropic's Messages and LangChain share names; each has what the others lack. LangChain means its
    # details as parts, and passes on some that are not.
    Dialect(
        "input_tokens",
        "output_tokens",
        "total_tokens",
        {
            "cached_input": (("input_tokens_details", "cached_tokens"),),
            "cache_write": (("input_tokens_details", "cache_write_tokens"),),
            "reasoning": (("output_tokens_details", "reasoning_tokens"), ("output_token_details", "reasoning")),
        },
        {"cached_input": (("cache_read_input_tokens",),), "cache_write": (("cache_creation_input_tokens",),)},
        {
            "cached_input": (("input_token_details", "cache_read"),),
            "cache_write": (("input_token_details", "cache_creation"),),
        },
    ),
    Dialect(
        "inputTokens",
        "outputTokens",
        "totalTokens",
        {},
        {"cached_input": (("cacheReadInputTokens",),), "cache_write": (("cacheWriteInputTokens",),)},
    ),
    Dialect(
        "promptTokenCount",
        "candidatesTokenCount",
        "totalTokenCount",
        {"cached_input": (("cachedContentTokenCount",),)},
        {"reasoning": (("thoughtsTokenCount",),), "input": (("toolUsePromptTokenCount",),)},
    ),
    Dialect(
        "prompt_token_count",
        "candidates_token_count",
        "total_token_count",
        {"cached_input": (("cached_content_token_count",),)},
        {"reasoning": (("thoughts_token_count",),), "input": (("tool_use_prompt_token_count",),)},
    ),
)
WHOLE_OF = {
    **dict.fromkeys(("cached_input", "cache_write", "audio_input"), "input"),
    **dict.fromkeys(("reasoning", "audio_output"), "output"),
}
TOTALS = ("total", *dict.fromkeys(dialect.total for dialect in DIALECTS))


def is_provider_usage(usage: Mapping[str, Any]) -> bool:
    """Whether a usage is told in the words of a provider."""
    return any(dialect.input in usage or dialect.output in usage for dialect in DIALECTS)


def is_usage(usage: Mapping[str, Any]) -> bool:
    """Whether it tells any count that we know, ours or a provider's."""
    return is_provider_usage(usage) or any(bucket in usage for bucket in BUCKETS)


def disjoint(usage: Mapping[str, Any]) -> dict[str, int] | None:
    """The buckets of the wire contract; None where the counts contradict each other, so that nothing is made up."""
    dialect = next(one for one in DIALECTS if one.input in usage or one.output in usage)
    total = usage.get(dialect.total)
    found = _buckets(usage, dialect, dialect.either, {})
    if dialect.either and not _agrees(found, total) and total is not None:
        found = _buckets(usage, dialect, {}, dialect.either)
    return found if _agrees(found, total) else None


def sums_up(buckets: Mapping[str, Any], usage: Mapping[str, Any]) -> bool:
    """Whether buckets of the wire contract come to every total that was sent with them."""
    told = [usage[name] for name in TOTALS if usage.get(name) is not None]
    counts = [count for count in buckets.values() if count is not None]
    if not told or any(type(count) is not int for count in counts):
        return True
    return all(total == sum(counts) for total in told)


def _buckets(
    usage: Mapping[str, Any], dialect: Dialect, more_within: Mapping[str, Paths], more_beside: Mapping[str, Paths]
) -> dict[str, int]:
    found = {"input": _count(usage, ((dialect.input,),)), "output": _count(usage, ((dialect.output,),))}
    for within in (dialect.within, more_within):
        for bucket, paths in within.items():
            if part := _count(usage, paths):
                found[bucket] = found.get(bucket, 0) + part
                found[WHOLE_OF[bucket]] -= part
    for beside in (dialect.beside, more_beside):
        for bucket, paths in beside.items():
            if part := _count(usage, paths):
                found[bucket] = found.get(bucket, 0) + part
    return found


def _agrees(buckets: Mapping[str, int], total: object) -> bool:
    return min(buckets.values()) >= 0 and (total is None or total == sum(buckets.values()))


def _count(usage: Mapping[str, Any], paths: Paths) -> int:
    """A count; 0 where it is absent, and less than anything can make good where it is no count."""
    for path in paths:
        value: Any = usage
        for name in path:
            value = value.get(name) if isinstance(value, Mapping) else None
        if value is not None:
            return value if type(value) is int and value >= 0 else -(10**18)
    return 0
