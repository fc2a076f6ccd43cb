"""What the contents of calls add: characters of prompt and response, tool calls, and usage that contradicts itself.

Read from the payload as it is stored, which has the sizes of texts that are packed away, so that drain and recount read alike.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from monitoring.drain.fold.sums import Columns, Integers, Slot, Sums
from monitoring.drain.rows import LLMCallRow
from monitoring.llm.evaluators.answer import TEXT_KEYS
from monitoring.llm.pricing.usage import is_usage
from monitoring.stats import layouts
from monitoring.stats.layouts import USAGE_MISMATCH, USAGE_WHOLE

PROMPT, RESPONSE = Slot("prompt_chars", "", layouts.LOG), Slot("response_chars", "", layouts.LOG)
TOOL_USE, TOOL_CALLS = Slot("tool_use", "", layouts.COUNT), Slot("tool_calls", "", layouts.LOG)
USAGE = Slot("usage", "", layouts.USAGE)
TOKENS = tuple(name for name in LLMCallRow._fields if name.endswith("_tokens"))


class Sizes(msgspec.Struct, array_like=True, gc=False):
    """Characters of prompt and response, and how many tools were called; None where there is nothing of the kind."""

    prompt: int | None = None
    response: int | None = None
    tool_calls: int | None = None


class Said(msgspec.Struct, gc=False):
    """What of the texts of a call is measured."""

    system: Any = None
    prompt: Any = None
    context: Any = None
    response: Any = None
    tool_calls: Any = None


NO_SIZES = Sizes()


class Payload(Said, gc=False):
    """What of a stored payload is needed here; older ones have the texts themselves."""

    sizes: Sizes | None = None
    extra: Any = None


_read = msgspec.json.Decoder(Payload).decode
_read_said = msgspec.json.Decoder(Said).decode
NOTHING = Payload(sizes=NO_SIZES)


def sizes_of(texts: bytes) -> Sizes | None:
    """The sizes of the texts of a call, a JSON object; None where there is nothing to measure."""
    sizes = _measured(_read_said(texts))
    return None if sizes == NO_SIZES else sizes


def _measured(said: Said) -> Sizes:
    sent = _sum((said.system, said.prompt, said.context))
    return Sizes(sent, characters(said.response), _tool_calls(said.tool_calls))


def fold(sums: Sums, columns: Columns, places: Integers, sign: int) -> None:
    """Sizes of what was sent; tool calls and usage of the calls that have some."""
    read = [_read(payload) if payload != "{}" else NOTHING for payload in columns["payload"]]
    sizes = [one.sizes or _measured(one) for one in read]
    sums.measure(PROMPT, places, [one.prompt for one in sizes], sign)
    sums.measure(RESPONSE, places, [one.response for one in sizes], sign)
    _tools(sums, columns, places, sign, [one.tool_calls for one in sizes])
    states = list(map(_usage_state, read, zip(*(columns[name] for name in TOKENS), strict=True)))
    told = np.array([state is not None for state in states], dtype=bool)
    sums.count(USAGE, places[told], [state for state in states if state is not None], sign)


def _tools(sums: Sums, columns: Columns, places: Integers, sign: int, counts: Sequence[int | None]) -> None:
    """Calls that used tools, as their list or their finish reason says; how many only where there is a list."""
    reasons = columns["finish_reason"]
    used = [bool(count) or reason == "tool_calls" for count, reason in zip(counts, reasons, strict=True)]
    if any(used):
        sums.add(TOOL_USE, places[np.array(used, dtype=bool)], sign)
        sums.measure(TOOL_CALLS, places, [count or None for count in counts], sign)


def _usage_state(payload: Payload, tokens: Sequence[int | None]) -> int | None:
    """Whole where tokens are known, a mismatch where only counts that contradict each other were sent, else None."""
    if tokens.count(None) < len(tokens):
        return USAGE_WHOLE
    raw = payload.extra.get("usage") if isinstance(payload.extra, Mapping) else None
    return USAGE_MISMATCH if isinstance(raw, Mapping) and is_usage(raw) else None


def characters(value: Any) -> int | None:
    """Characters of the text in a prompt, a list of messages or parts, or an answer; None where there is no text."""
    if value is None:
        return None
    kind = type(value)
    if kind is str:
        return len(value)
    if kind is list:
        return _sum(value)
    if kind is dict:
        return next((characters(value[key]) for key in TEXT_KEYS if key in value), None)
    return None


def _sum(values: Sequence[Any]) -> int | None:
    total = None
    for value in values:
        if (count := characters(value)) is not None:
            total = count if total is None else total + count
    return total


def _tool_calls(value: Any) -> int | None:
    if isinstance(value, list):
        return len(value)
    return 1 if isinstance(value, Mapping) and value else None
