"""Give a version the profile that its inputs are held against from now on."""

from datetime import datetime
from itertools import starmap
from typing import Any

import msgspec
from django.db import connection, transaction

from models_registry.models import Model, ModelVersion
from monitoring.drain.prepare import INDEX_BITS
from monitoring.models import InboxBody, Prediction, Reference, ReferenceSample
from monitoring.selectors.floors import hold_references
from monitoring.selectors.references import current_reference
from monitoring.selectors.spans import newest_first, within
from monitoring.stats.profile import Profile, ProfileError
from monitoring.stats.profile_data import to_json
from monitoring.stats.sample import Sample, pack, sample_of, thinned

WINDOW_ROWS = 100_000
CHUNK = 200  # payloads of a window in memory at a time


class Payload(msgspec.Struct):
    """What of a stored payload is needed here."""

    features: dict[str, Any] | None = None
    scores: dict[str, float] | None = None


_known = msgspec.json.Decoder(Payload).decode


@transaction.atomic
def set_reference(
    version: ModelVersion, profile: Profile, *, origin: str, now: datetime, sample: Sample | None = None
) -> Reference:
    """The version's reference in force; the one it has, if that is the same. `origin` is a `Reference.Origin`.

    The rows behind it are kept where `sample` gives some. It folds the predictions that are accepted from now on: its place in the ingest sequence is taken while no drain
    folds. A drain that claims a later body then sees the reference, and a recount decides by the same place.
    """
    hold_references(to_set=True)
    found = current_reference(version.pk)
    if found is None or found.layout != profile.layout:
        found = Reference.objects.create(
            version=version,
            origin=origin,
            layout=profile.layout,
            rows=profile.rows,
            profile=to_json(profile),
            since=next_row_id(),
            created_at=now,
        )
    if sample is not None:
        kept = {"data": pack(thinned(sample))}
        ReferenceSample.objects.update_or_create(reference=found, defaults=kept)
    return found


def sample_of_window(version: ModelVersion, *, start: datetime, end: datetime) -> Sample:
    """The newest predictions of a past window as rows, as far as their raw events are kept, with what is known of each."""
    mine = Prediction.objects.filter(project_id=version.model.project_id, version=version)
    span = within(mine, start=int(start.timestamp() * 1_000_000), end=int(end.timestamp() * 1_000_000))
    rows = newest_first(span)
    columns = rows.values_list("payload", "prediction", "score", "label")
    read = _number if version.model.kind == Model.Kind.REGRESSION else _class
    sample = sample_of(filter(None, starmap(read, columns[:WINDOW_ROWS].iterator(chunk_size=CHUNK))))
    if not sample.features:
        raise ProfileError("This version has no stored predictions with features in the window.")
    return sample


def _class(payload: str, prediction: str, score: float | None, label: str | None) -> dict[str, Any]:
    """A stored prediction of a classifier as a row; the payload is let go."""
    given = _known(payload)
    row = {"prediction": prediction or None, "score": score, "scores": given.scores, "label": label}
    return _with_features(given, row)


def _number(payload: str, _text: str, number: float | None, label: str | None) -> dict[str, Any]:
    """A stored prediction of a regression as a row: its number is in the column of scores, the label is one as text."""
    return _with_features(_known(payload), {"prediction": number, "label": None if label is None else _read(label)})


def _read(label: str) -> float | None:
    try:
        return float(label)
    except ValueError:
        return None


def _with_features(given: Payload, row: dict[str, Any]) -> dict[str, Any]:
    """Nothing where the prediction came without features; what is not known of a row it does not say."""
    if not given.features:
        return {}
    return {"features": given.features, **{name: value for name, value in row.items() if value is not None}}


def next_row_id() -> int:
    """The lowest primary key that an event of a body still to come can have."""
    return (_last_body() + 1) << INDEX_BITS


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
