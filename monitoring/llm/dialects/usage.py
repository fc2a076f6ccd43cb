"""Token counts of a span as the disjoint buckets of the wire contract.

Whether a count of cached tokens is a part of the input or stands beside it differs between dialects and their versions.
The conventions of OpenTelemetry say a part; the total, where it is told, decides; without a total, counts that cannot be parts
stand beside where the provider is known to count so, and contradict each other elsewhere.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from monitoring.llm.dialects.values import count
from monitoring.llm.pricing.usage import disjoint, is_provider_usage

Counts = Mapping[str, int]
# Langfuse's and other clients' own words in an object of counts.
WORDS = {
    "input": ("input", "input_tokens", "prompt_tokens"),
    "output": ("output", "output_tokens", "completion_tokens"),
    "total": ("total", "total_tokens"),
    "cached_input": ("cache_read_input_tokens", "input_cached_tokens", "input_cache_read", "cached_input"),
    "cache_write": ("cache_creation_input_tokens", "input_cache_creation", "cache_write"),
    "reasoning": ("output_reasoning_tokens", "output_reasoning", "reasoning"),
    "audio_input": ("input_audio_tokens", "input_audio", "audio_input"),
    "audio_output": ("output_audio_tokens", "output_audio", "audio_output"),
}
FLAT = frozenset(name for names in WORDS.values() for name in names)
SIDES = ("input", "output")
WHOLE = frozenset({*SIDES, "total"})
CACHE = ("cached_input", "cache_write")
CACHE_BESIDE = ("anthropic", "bedrock", "claude")
# Instrumentations that pass the counts of such a provider on as they came; where they tell a total, they added it up themselves.
AS_THEY_CAME = ("opentelemetry.instrumentation.bedrock", "opentelemetry.instrumentation.botocore")
REASONING_BESIDE = ("google", "gemini", "vertex", "gcp")


class Tokens(NamedTuple):
    """The buckets (None: nothing certain), the flags, and the counts as they came where they contradict each other."""

    buckets: dict[str, int] | None = None
    flags: tuple[str, ...] = ()
    raw: dict[str, Any] | None = None


NOTHING_CERTAIN = Tokens()


def tokens(counts: Counts, told: Mapping[str, Any] | None, *, maker: str, witness: str = "") -> Tokens:
    """The buckets of single `counts` by bucket (and `total`), and of an object of them; `maker` is provider and model."""
    own = _of_object(told) if told else NOTHING_CERTAIN
    if not counts.get("input") and not counts.get("output"):
        return own
    raw = witness.startswith(AS_THEY_CAME)
    found = _of_counts(_untotalled(counts) if raw else counts, beside_first=raw, maker=maker.lower())
    if own.buckets and (found.buckets is None or _output(own.buckets) == counts.get("output")):
        return Tokens(own.buckets, found.flags if found.buckets else ())
    return found


def _of_object(told: Mapping[str, Any]) -> Tokens:
    """In a provider's own words where it is, else in a client's."""
    clean = {name: value for name, value in told.items() if value is not None}
    if is_provider_usage(clean):
        buckets = disjoint(clean)
        if buckets is not None:
            return Tokens(buckets if any(buckets.values()) else None)
        found = _of_words(clean) if clean.keys() <= FLAT else Tokens()
        return found if found.buckets else Tokens(None, ("usage_contradicts",), dict(told))
    return _of_words(clean)


def _of_words(clean: Mapping[str, Any]) -> Tokens:
    """In a client's own words, which may be those of a provider for something else: MLflow's cached tokens are a part."""
    counts = {bucket: found for bucket, names in WORDS.items() if (found := _first(clean, names)) is not None}
    return _of_counts(counts, beside_first=True, maker="") if any(counts.values()) else Tokens()


def _of_counts(counts: Counts, *, beside_first: bool, maker: str) -> Tokens:
    if counts.keys() <= WHOLE and counts.get("total") in (None, sum(counts.get(side, 0) for side in SIDES)):
        return Tokens({side: counts[side] for side in SIDES if side in counts})  # nothing that may be a part
    for cache, reasoning, certain in _ways(counts, beside_first=beside_first, maker=maker):
        words = _words(counts, cache_beside=cache, reasoning_beside=reasoning)
        buckets = disjoint(words) if certain or counts.get("total") is not None else None
        if buckets is not None:
            kept = {bucket: found for bucket, found in buckets.items() if bucket in counts}
            return Tokens(kept, _flags(counts, cache))
    if counts.get("total") == counts.get("input", 0) + counts.get(
        "output", 0
    ):  # which the client added up: it tells nothing
        return _of_counts(_untotalled(counts), beside_first=beside_first, maker=maker)
    return Tokens(None, ("usage_contradicts",), _words(counts, cache_beside=False, reasoning_beside=False))


def _untotalled(counts: Counts) -> Counts:
    return {bucket: count for bucket, count in counts.items() if bucket != "total"}


def _ways(counts: Counts, *, beside_first: bool, maker: str) -> Iterator[tuple[bool, bool, bool]]:
    """(cache beside, reasoning beside, whether it may hold without a total), the likeliest first."""
    yield beside_first, beside_first, True
    yield not beside_first, False, beside_first or any(name in maker for name in CACHE_BESIDE)
    yield False, not beside_first, beside_first or any(name in maker for name in REASONING_BESIDE)
    yield not beside_first, not beside_first, False


def _words(counts: Counts, *, cache_beside: bool, reasoning_beside: bool) -> dict[str, Any]:
    """The counts in words in which every detail is a part."""
    beside = sum(counts.get(bucket, 0) for bucket in CACHE) if cache_beside else 0
    thought = counts.get("reasoning", 0) if reasoning_beside else 0
    words: dict[str, Any] = {
        "prompt_tokens": counts.get("input", 0) + beside,
        "completion_tokens": counts.get("output", 0) + thought,
        "prompt_tokens_details": {
            "cached_tokens": counts.get("cached_input"),
            "cache_write_tokens": counts.get("cache_write"),
            "audio_tokens": counts.get("audio_input"),
        },
        "completion_tokens_details": {
            "reasoning_tokens": counts.get("reasoning"),
            "audio_tokens": counts.get("audio_output"),
        },
    }
    return words | ({"total_tokens": counts["total"]} if "total" in counts else {})


def _flags(counts: Counts, cache_beside: bool) -> tuple[str, ...]:
    if not any(counts.get(bucket) for bucket in CACHE):
        return ()
    return ("input_excludes_cached",) if cache_beside else ("input_includes_cached",)


def _output(buckets: Counts) -> int:
    return buckets.get("output", 0) + buckets.get("reasoning", 0) + buckets.get("audio_output", 0)


def _first(told: Mapping[str, Any], names: tuple[str, ...]) -> int | None:
    return next((found for name in names if (found := count(told.get(name))) is not None), None)
