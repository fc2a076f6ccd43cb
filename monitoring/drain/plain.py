"""Predictions of which no two have one identity: nearly every batch. They go by columns, and no row is ever made of them."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, NamedTuple

from lib.ids import identities
from monitoring.drain.claim import Body
from monitoring.drain.rows import PredictionRow, Row
from monitoring.drain.served import Versions, prediction_columns
from monitoring.items import Columns, Item, namespace

KIND = "prediction"


class Plain(NamedTuple):
    """Identities and columns of predictions, in ingest order."""

    keys: Sequence[bytes]
    columns: Columns

    def rows(self) -> dict[bytes, Row]:
        """By identity, where they have to be looked at one by one after all."""
        return dict(zip(self.keys, map(PredictionRow._make, zip(*self.columns.values(), strict=True)), strict=True))


def plain_predictions(pieces: Iterable[tuple[Body, Sequence[int], Sequence[Item]]], versions: Versions) -> Plain | None:
    """The predictions of these bodies; None where there is anything else in them, or an identity comes again."""
    pieces = list(pieces)
    if not pieces or any(body.kind != KIND for body, _, _ in pieces):
        return None
    keys: list[bytes] = []
    for body, _, items in pieces:
        keys += identities(body.project_id, namespace(KIND), [item.id for item in items])
    if len(set(keys)) < len(keys):
        return None
    columns: dict[str, list[Any]] = {name: [] for name in PredictionRow._fields}
    for body, ids, items in pieces:
        for mine, column in zip(columns.values(), prediction_columns(body, ids, items, versions), strict=False):
            mine += column if isinstance(column, list | tuple) else islice(column, len(items))
    columns |= {name: [default] * len(keys) for name, default in PredictionRow._field_defaults.items()}
    return Plain(keys, columns)
