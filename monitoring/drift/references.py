"""Give a version the profile that its inputs are held against from now on."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import starmap
from math import isnan
from typing import Any

import msgspec
from django.db import transaction

from models_registry.models import Model, ModelVersion
from models_registry.register import read_version
from monitoring.drain.fold.inputs import answered_score
from monitoring.drain.labels import decision
from monitoring.models import Reference, ReferenceSample
from monitoring.selectors.floors import hold_references
from monitoring.selectors.references import current_reference, predictions_of, profile_by, read_sample
from monitoring.stats.matched import Window
from monitoring.stats.profile import (
    Feature,
    Profile,
    ProfileError,
    Source,
    feature_of,
    numbers,
    profile_of,
    profile_of_columns,
)
from monitoring.stats.profile_data import to_json
from monitoring.stats.sample import Sample, pack, sample_of, thinned
from monitoring.summaries.reach import place

WINDOW_ROWS = 100_000
CHUNK = 200  # payloads of a window in memory at a time


class Payload(msgspec.Struct):
    """What of a stored payload is needed here."""

    features: dict[str, Any] | None = None
    scores: dict[str, float] | None = None


_known = msgspec.json.Decoder(Payload).decode


def set_reference(
    version: ModelVersion,
    profile: Profile,
    *,
    origin: str,
    now: datetime,
    sample: Sample | None = None,
    period: Window | None = None,
) -> Reference:
    """The version's reference in force; the one it has, if that is the same. `origin` is a `Reference.Origin`.

    The rows behind it are kept where `sample` gives some, `period` is the past window it was taken from. It folds the
    predictions that are accepted from now on, and a job what is stored already.
    """
    kept = None if sample is None else pack(thinned(sample))  # before anybody waits
    start, end = period or (None, None)
    new = Reference(
        period_start=start,
        period_end=end,
        version=version,
        origin=origin,
        layout=profile.layout,
        rows=profile.rows,
        profile=to_json(profile),
        created_at=now,
    )
    with transaction.atomic():
        hold_references(to_set=True)
        found = current_reference(version.pk)
        if found is None or found.layout != profile.layout:
            place(new, version, kind="reference", now=now)
            found = new
        if kept is not None:
            ReferenceSample.objects.update_or_create(reference=found, defaults={"data": kept})
    return found


def freeze(version: ModelVersion, sample: Sample, *, categorical: Iterable[str] = ()) -> Profile:
    """The profile of rows: inputs, and what the model answered in them."""
    return profile_of_columns(sample.features, categorical=categorical, answers=_answers(version, sample))


def borrow(reference: Reference) -> tuple[Profile, Sample | None]:
    """What a reference says of the inputs, for another version. What the model answered is that version's own affair."""
    profile, sample = profile_by(reference.layout), read_sample(reference)
    inputs = [feature for feature in profile.features if feature.source == "input"]
    kept = None if sample is None else Sample(sample.of, sample.features, label=sample.label)
    return profile_of(profile.rows, inputs), kept


def answers_of(version: ModelVersion, sample: Sample) -> dict[Source, list[Any]]:
    """Predictions and scores of rows, as the drain will find them in stored predictions; what no row has is left out."""
    if version.model.kind == Model.Kind.REGRESSION:
        return {"prediction": sample.prediction} if sample.prediction else {}
    known = read_version(version.pk)
    nothing: list[None] = [None] * sample.rows
    scores = sample.scores or nothing
    given = zip(sample.prediction or nothing, sample.score or nothing, scores, strict=True)
    found: dict[Source, list[Any]] = {
        "prediction": [decision(*one[:2], one[2] or {}, known) or None for one in given],
        "score": [answered_score(*one) for one in zip(sample.score or nothing, scores, strict=True)],
    }
    return {source: column for source, column in found.items() if any(value is not None for value in column)}


def _answers(version: ModelVersion, sample: Sample) -> Iterator[Feature]:
    """The frozen histograms of predictions and scores."""
    number = version.model.kind == Model.Kind.REGRESSION
    for source, column in answers_of(version, sample).items():
        if number:
            read, wrong = numbers(column)
            if wrong is not None and wrong.any():
                raise ProfileError("`prediction` of a regression is a number or null.")
            column = [None if isnan(value) else value for value in read.tolist()]
        yield feature_of(source, column, as_category=source == "prediction" and not number, source=source)


def sample_of_window(
    version: ModelVersion, *, start: datetime, end: datetime, environment: str | None = None
) -> Sample:
    """The newest predictions of a past window as rows, as far as their raw events are kept, with what is known of each."""
    rows = predictions_of(version, start=start, end=end, environment=environment or "")
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
