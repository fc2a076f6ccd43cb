"""Give a version the profile that its inputs are held against from now on."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection, transaction

from models_registry.models import ModelVersion
from monitoring.drain.prepare import INDEX_BITS
from monitoring.models import InboxBody, Prediction, Reference
from monitoring.selectors.floors import hold_references
from monitoring.selectors.references import current_reference
from monitoring.stats.profile import MAX_FEATURES, Profile, ProfileError, profile_of_columns
from monitoring.stats.profile_data import to_json

MAX_ROWS = 200_000
WINDOW_ROWS = 100_000
CHUNK = 200  # payloads of a window in memory at a time


class Payload(msgspec.Struct):
    """What of a stored payload is needed here."""

    features: dict[str, Any] | None = None


_features = msgspec.json.Decoder(Payload).decode


@transaction.atomic
def set_reference(version: ModelVersion, profile: Profile, *, origin: str, now: datetime) -> Reference:
    """The version's reference in force; the one it has, if that is the same. `origin` is a `Reference.Origin`.

    It folds the predictions that are accepted from now on: its place in the ingest sequence is taken while no drain
    folds. A drain that claims a later body then sees the reference, and a recount decides by the same place.
    """
    hold_references(to_set=True)
    found = current_reference(version.pk)
    if found is not None and found.layout == profile.layout:
        return found
    return Reference.objects.create(
        version=version,
        origin=origin,
        layout=profile.layout,
        rows=profile.rows,
        profile=to_json(profile),
        since=(_last_body() + 1) << INDEX_BITS,
        created_at=now,
    )


def profile_of_rows(rows: Sequence[Mapping[str, Any]], *, categorical: Iterable[str] = ()) -> Profile:
    """The profile of rows as programs send them; a feature that a row leaves out is null there."""
    if len(rows) > MAX_ROWS:
        message = f"At most {MAX_ROWS} rows; send a random sample or ready-made histograms."
        raise ProfileError(message)
    return profile_of_columns(_columns(rows), categorical=categorical)


def profile_of_window(
    version: ModelVersion, *, start: datetime, end: datetime, categorical: Iterable[str] = ()
) -> Profile:
    """The profile of the newest predictions of a past window, as far as their raw events are kept."""
    rows = Prediction.objects.filter(
        project_id=version.model.project_id,
        version=version,
        ts_us__gte=int(start.timestamp() * 1_000_000),
        ts_us__lt=int(end.timestamp() * 1_000_000),
    ).order_by("-ts_us", "-id")
    columns = _columns(_stored(rows.values_list("payload", flat=True)[:WINDOW_ROWS].iterator(chunk_size=CHUNK)))
    if not columns:
        raise ProfileError("This version has no stored predictions with features in the window.")
    return profile_of_columns(columns, categorical=categorical)


def _stored(payloads: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The features of each payload that has some; the payload itself is let go."""
    return (features for payload in payloads if (features := _features(payload).features))


def _columns(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """The values of each feature, None where a row leaves it out. The rows are read once, and no further than allowed."""
    columns: dict[str, list[Any]] = {}
    for place, row in enumerate(rows):
        columns |= {name: [None] * place for name in row if name not in columns}
        if len(columns) > MAX_FEATURES:
            message = f"A reference holds at most {MAX_FEATURES} features; these rows have more."
            raise ProfileError(message)
        for name, column in columns.items():
            column.append(row.get(name))
    for name, column in columns.items():
        if not {dict, list}.isdisjoint(map(type, column)):
            message = f"Feature {name!r}: values are numbers, texts, booleans or null."
            raise ProfileError(message)
    return columns


def _last_body() -> int:
    """The highest id that any inbox body has ever been given, be it committed or not."""
    table = InboxBody._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table])
            cursor.execute(f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {cursor.fetchone()[0]}")
        else:
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        found = cursor.fetchone()
    return int(found[0]) if found else 0
