"""The fast path's proof: this item needs no normalising. Nothing is changed here."""

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any

from monitoring.ingest.normalise import IDENTITY, INT64, MAX_DEPTH, MAX_VALUES, TEXT_FIELDS
from monitoring.ingest.redact import Redactor
from monitoring.ingest.schema import ITEM_TYPES, Item

# Fields whose text is free; the others are identities, numbers, times or one of a few words.
CHECKED = frozenset({"ts", "status", "score", "latency_ms", "ttft_ms", "cost_usd", "usage", "finish_reason"})
# Values of these types may hold something to look at; an object of floats, booleans and nulls is passed over.
TELLING = frozenset({str, int, dict, list})


def _reader(names: Iterable[str]) -> Callable[[Item], tuple[Any, ...]]:
    """Several attributes at once, as a tuple however few they are."""
    wanted = sorted(names)
    return attrgetter(*wanted) if len(wanted) > 1 else lambda item: tuple(getattr(item, name) for name in wanted)


TEXTS = {kind: _reader(TEXT_FIELDS[kind] - IDENTITY) for kind in ITEM_TYPES.values()}
NESTED = {
    kind: _reader(name for name in kind.__struct_fields__ if name not in TEXT_FIELDS[kind] | IDENTITY | CHECKED)
    for kind in ITEM_TYPES.values()
}


def gather(item: Item, texts: set[str]) -> bool:
    """Add the item's free texts and the keys of its objects; False if only the normaliser can judge it."""
    texts.update(TEXTS[type(item)](item))
    return _gather(NESTED[type(item)](item), texts, 0)


def _gather(values: Iterable[Any], texts: set[str], depth: int) -> bool:
    if depth >= MAX_DEPTH:
        return False
    for value in values:
        if not value:
            continue
        kind = type(value)
        if kind is str:
            texts.add(value)
        elif kind is dict:
            texts.update(value)
            if not (TELLING.isdisjoint(map(type, value.values())) or _gather(value.values(), texts, depth + 1)):
                return False
        elif not _is_plain(value, kind, texts, depth):
            return False
    return True


def _is_plain(value: Any, kind: type, texts: set[str], depth: int) -> bool:
    if kind is list:
        return len(value) <= MAX_VALUES and _gather(value, texts, depth + 1)
    return kind is not int or -INT64 <= value < INT64


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
