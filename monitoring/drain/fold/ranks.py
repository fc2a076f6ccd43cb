"""What ranked lists add: how long each was, and at which place the label stood once it is known.

A prediction that is a list has no class: its items are read from the payload, because its column holds only the start.
"""

from collections.abc import Sequence
from itertools import compress
from typing import Any

import msgspec

from monitoring.drain.fold.sums import Columns, Integers, Slot, Sums
from monitoring.drain.labels import label_text
from monitoring.stats import layouts
from monitoring.stats.layouts import RANKED, STATUS_OK, rank_bin

RANK = Slot("rank", "", layouts.RANK)
START, MARK = "[", '"prediction":['


class Listed(msgspec.Struct):
    """What of a stored payload is needed here."""

    prediction: list[Any] | None = None


_decode = msgspec.json.Decoder(Listed).decode


def are_lists(columns: Columns) -> list[bool] | None:
    """Which predictions are lists; None where none is (a class may begin with a bracket too)."""
    texts = columns["prediction"]
    if not any(map(str.startswith, texts, [START] * len(texts))):
        return None
    found = [text[:1] == START and MARK in payload for text, payload in zip(texts, columns["payload"], strict=True)]
    return found if any(found) else None


def fold(sums: Sums, columns: Columns, places: Integers, sign: int) -> None:
    """Lists of what did not fail, by length and place of the label; longer ones as if they ended at the last that counts."""
    lists = are_lists(columns)
    if lists is None:
        return
    mine = [on and status == STATUS_OK for on, status in zip(lists, columns["status"], strict=True)]
    rows = zip(compress(columns["payload"], mine), compress(columns["label"], mine), strict=True)
    bins = [_bin(_decode(payload).prediction or [], label) for payload, label in rows]
    sums.count(RANK, places[mine], bins, sign)


def _bin(items: Sequence[Any], label: str | None) -> int:
    first = [label_text(item) for item in items[:RANKED]]
    if label is None:
        return rank_bin(len(first))
    return rank_bin(len(first), first.index(label) + 1 if label in first else 0)
