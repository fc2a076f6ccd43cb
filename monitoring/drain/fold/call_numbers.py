"""What the columns of LLM calls say beyond themselves: how they were priced, sizes, speed, use of the context window.

Pure functions of stored columns, so that fold, amend and recount agree. Whole numbers; None is *not known*.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from monitoring.stats.layouts import (
    NOTHING_TO_PRICE,
    PRICED,
    REPORTED_ONLY,
    STATUS_ERROR,
    UNPRICED,
)

Columns = Mapping[str, Sequence[Any]]
Numbers = list[int | None]
# A million tokens per second, a thousand windows: what is beyond is no measurement, and its sums must fit 64 bits.
LARGEST = 10**9
INPUT = ("input_tokens", "cached_input_tokens", "cache_write_tokens", "audio_input_tokens")
OUTPUT = ("output_tokens", "reasoning_tokens", "audio_output_tokens")


def pricing(columns: Columns, known: Mapping[str, Numbers]) -> list[int]:
    """The pricing-1 bin of each call, by its columns and its `numbers`."""
    costs = columns["cost_nano"]
    if None not in costs:
        return [PRICED] * len(costs)
    sides = known["input_size"], known["output_size"]
    told = zip(costs, columns["reported_nano"], columns["status"], *sides, strict=True)
    return [PRICED if cost is not None else _not_priced(reported, *rest) for cost, reported, *rest in told]


def _not_priced(reported: int | None, status: int, used_in: int | None, used_out: int | None) -> int:
    """A failed call that used nothing has no cost, not an unknown one; some clients report 0 for it."""
    if status == STATUS_ERROR and used_in is None and used_out is None and not reported:
        return NOTHING_TO_PRICE
    return UNPRICED if reported is None else REPORTED_ONLY


def numbers(columns: Columns) -> dict[str, Numbers]:
    """Metric → value of each call: nano-USD, tokens, µs, thousandths of a token per second, millionths of the window."""
    used_in, used_out = _total(columns, INPUT), _total(columns, OUTPUT)
    return {
        "cost": list(columns["cost_nano"]),
        "reported_cost": list(columns["reported_nano"]),
        "fallback_cost": [
            reported if cost is None else None
            for cost, reported in zip(columns["cost_nano"], columns["reported_nano"], strict=True)
        ],
        "input_size": used_in,
        "output_size": used_out,
        "ttft": list(columns["ttft_us"]),
        "speed": list(map(_speed, used_out, columns["latency_us"], columns["ttft_us"])),
        "context": list(map(_context_use, used_in, used_out, columns["context_window"])),
    }


def _total(columns: Columns, names: Iterable[str]) -> Numbers:
    """The disjoint buckets of a side together."""
    known = [columns[name] for name in names if any(count is not None for count in columns[name])]
    if not known:
        return [None] * len(columns["status"])
    if len(known) == 1:
        return list(known[0])
    if not any(None in column for column in known):
        return list(map(sum, zip(*known, strict=True)))
    return [
        None if all(count is None for count in counts) else sum(count or 0 for count in counts)
        for counts in zip(*known, strict=True)
    ]


def _speed(output: int | None, latency_us: int | None, ttft_us: int | None) -> int | None:
    """From the first token on where its time is known, over the whole latency where it is not."""
    if not output or not latency_us:
        return None
    spent = latency_us - (ttft_us or 0)
    return min(round(output * 1_000_000_000 / (spent if spent > 0 else latency_us)), LARGEST)


def _context_use(used_in: int | None, used_out: int | None, window: int | None) -> int | None:
    if not window or used_in is None:
        return None
    return min(round((used_in + (used_out or 0)) * 1_000_000 / window), LARGEST)
