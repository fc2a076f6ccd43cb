"""The fast path's proof: these items need no normalising. Nothing is changed here.

Items are looked at together, column by column and then level by level, so that the loops run inside the interpreter:
what a thousand items hold is mostly nothing, or objects of numbers, and is passed over at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from monitoring.ingest.normalise import IDENTITY, INT64, MAX_DEPTH, MAX_VALUES, TEXT_FIELDS
from monitoring.ingest.redact import Redactor
from monitoring.items import ITEM_TYPES, Columns, Item

# Fields whose text is free; the others are identities, numbers, times or one of a few words.
CHECKED = frozenset({"ts", "status", "kind", "score", "latency_ms", "ttft_ms", "cost_usd", "usage", "finish_reason"})
# Objects of values that are plain and in their range, or they would not have been typed.
FLAT = frozenset({"features", "segments", "scores"})

TEXTS = {kind: sorted(TEXT_FIELDS[kind] - IDENTITY) for kind in ITEM_TYPES.values()}
NESTED = {
    kind: [name for name in kind.__struct_fields__ if name not in TEXT_FIELDS[kind] | IDENTITY | CHECKED | FLAT]
    for kind in ITEM_TYPES.values()
}

FLATS = {kind: [name for name in kind.__struct_fields__ if name in FLAT] for kind in ITEM_TYPES.values()}


@dataclass(slots=True)
class Held:
    """What items hold: their free texts with the keys of their objects, and how many keys and strings are in their values."""

    texts: set[str] = field(default_factory=set)
    strings: int = 0


def gather(columns: Columns, kind: type[Item], held: Held) -> bool:
    """Add what items of one kind hold; False if only the normaliser can judge."""
    for name in TEXTS[kind]:
        if any(columns[name]):
            held.texts.update(columns[name])
    for name in FLATS[kind]:
        if any(columns[name]):
            _gather_flat(list(filter(None, columns[name])), held)
    return all(gather_values(columns[name], held, 0) for name in NESTED[kind] if any(columns[name]))


def _gather_flat(objects: Sequence[dict[str, Any]], held: Held) -> None:
    held.texts.update(*objects)
    held.strings += sum(map(len, objects))
    try:
        sum(
            chain.from_iterable(map(dict.values, objects))
        )  # the cheapest way to see that they are numbers, as they mostly are
    except TypeError:
        gather_values(list(chain.from_iterable(map(dict.values, objects))), held, 1)


def gather_values(values: Sequence[Any], held: Held, depth: int = 0) -> bool:
    """Values of one level, then all that they hold; False if only the normaliser can judge."""
    if depth >= MAX_DEPTH:
        return False
    kinds = set(map(type, values))
    found: dict[type, Sequence[Any]] = {
        kind: values if len(kinds) == 1 else [value for value in values if type(value) is kind]
        for kind in kinds & {str, int, dict, list}
    }
    words = found.get(str, ())
    held.texts.update(words)
    if int in found and (min(found[int]) < -INT64 or max(found[int]) >= INT64):
        return False
    objects, arrays = found.get(dict, ()), found.get(list, ())
    if arrays and max(map(len, arrays)) > MAX_VALUES:
        return False
    held.texts.update(*objects)
    held.strings += len(words) + sum(map(len, objects))
    inner = [*chain.from_iterable(map(dict.values, objects)), *chain.from_iterable(arrays)]
    return not inner or gather_values(inner, held, depth + 1)


def needs_nothing(texts: set[str], *, redact: Redactor | None, joinable: bool, max_text: int) -> bool:
    """Whether no text would be cut or redacted. `joinable` patterns may look at all texts at once."""
    joined = "\n".join(texts)
    if len(joined) > max_text and max(map(len, texts)) > max_text:
        return False
    if redact is None:
        return True
    if joinable:
        return redact(joined) == joined
    return all(redact(text) == text for text in texts)
