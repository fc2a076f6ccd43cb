"""The fast path's proof: these items need no normalising. Nothing is changed here.

Items are looked at together, field by field and then level by level, so that the loops run inside the interpreter:
what a thousand items hold is mostly nothing, or objects of numbers, and is passed over at once.
"""

from collections.abc import Sequence
from itertools import chain
from operator import attrgetter
from typing import Any

from monitoring.ingest.normalise import IDENTITY, INT64, MAX_DEPTH, MAX_VALUES, TEXT_FIELDS
from monitoring.ingest.redact import Redactor
from monitoring.ingest.schema import ITEM_TYPES, Item

# Fields whose text is free; the others are identities, numbers, times or one of a few words.
CHECKED = frozenset({"ts", "status", "score", "latency_ms", "ttft_ms", "cost_usd", "usage", "finish_reason"})

TEXTS = {kind: [attrgetter(name) for name in sorted(TEXT_FIELDS[kind] - IDENTITY)] for kind in ITEM_TYPES.values()}
NESTED = {
    kind: [attrgetter(name) for name in kind.__struct_fields__ if name not in TEXT_FIELDS[kind] | IDENTITY | CHECKED]
    for kind in ITEM_TYPES.values()
}


def gather(items: Sequence[Item], texts: set[str]) -> bool:
    """Add the free texts of items of one kind and the keys of their objects; False if only the normaliser can judge."""
    if not items:
        return True
    kind = type(items[0])
    for read in TEXTS[kind]:
        texts.update(map(read, items))
    for read in NESTED[kind]:
        values = list(map(read, items))
        if any(values) and not _gather(values, texts, 0):
            return False
    return True


def _gather(values: Sequence[Any], texts: set[str], depth: int) -> bool:
    """Values of one level, then all that they hold."""
    if depth >= MAX_DEPTH:
        return False
    kinds = set(map(type, values))
    found: dict[type, Sequence[Any]] = {
        kind: values if len(kinds) == 1 else [value for value in values if type(value) is kind]
        for kind in kinds & {str, int, dict, list}
    }
    texts.update(found.get(str, ()))
    if int in found and (min(found[int]) < -INT64 or max(found[int]) >= INT64):
        return False
    objects, arrays = found.get(dict, ()), found.get(list, ())
    if arrays and max(map(len, arrays)) > MAX_VALUES:
        return False
    texts.update(chain.from_iterable(objects))
    inner = [*chain.from_iterable(map(dict.values, objects)), *chain.from_iterable(arrays)]
    return not inner or _gather(inner, texts, depth + 1)


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
