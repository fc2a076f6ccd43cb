"""The proof that a body may be kept as its sender wrote it: what it says is what was read in it, and nothing besides.

Encoding again would drop what reading dropped: the first of two equal keys, which nobody looked at and which may hold
what redaction is for. So the strings of the body are counted, and those that were read; a key said twice is one more.
"""

from collections.abc import Sequence
from itertools import repeat
from operator import is_not
from typing import Any

import numpy as np
from msgspec.structs import fields

from monitoring.ingest.normalise import TEXT_FIELDS
from monitoring.ingest.plain import Held
from monitoring.items import ITEM_TYPES, Columns, Item, columns_of
from monitoring.stats.log_levels import canon

ESCAPE = b"\\"
QUOTE = ord('"')
# Fields whose value is a string whenever it is given.
WORDS = {kind: TEXT_FIELDS[kind] | {"status", "kind", "finish_reason"} for kind in ITEM_TYPES.values()}
DEFAULTS = {kind: {field.name: field.default for field in fields(kind)} for kind in ITEM_TYPES.values()}


def may_stay(text: bytes, columns: Columns, kind: type[Item], held: Held) -> bool:
    """Whether these items, none of them changed, are all that is said in this text.

    Without escapes every string stands between two quotes. A null or an empty word is not seen among what was read, so
    the sums differ and the body is encoded again, as it is where a level is told in another word or an exception is no text.
    """
    if ESCAPE in text or _is_retold(columns):
        return False
    quotes = np.count_nonzero(np.frombuffer(text, np.uint8) == QUOTE)
    return bool(quotes == 2 * (held.strings + _of_fields(columns, kind)))


def _is_retold(columns: Columns) -> bool:
    """Whether something of these lines is told otherwise than it came: see what a line must say."""
    levels = set(columns.get("level", ()))
    return any(level != canon(level) for level in levels) or any(
        isinstance(exception, dict | list) for exception in columns.get("exception", ())
    )


def _of_fields(columns: Columns, kind: type[Item]) -> int:
    """How many keys of items there are, with the values that are words."""
    found = list(map(type, columns["ts"])).count(str)
    for name, default in DEFAULTS[kind].items():
        found += _given(columns[name], default) * (2 if name in WORDS[kind] else 1)
    usages = list(filter(None, columns.get("usage", ())))
    if usages:
        found += sum(_given(column, None) for column in columns_of(usages).values())
    return found


def _given(column: Sequence[Any], default: Any) -> int:
    """How many said it, at the least. A default that is a word is told by its identity."""
    if default:
        return sum(map(is_not, column, repeat(default)))
    return len(column) if all(column) else len(column) - column.count(default)
