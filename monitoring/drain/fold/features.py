"""Features of predictions to the codes of their reference, a batch at a time. Versions without a reference cost nothing.

A version's features are one histogram per hour: every feature's row of codes, one after the other (see
`monitoring.stats.profile`). They are read from the payload as it is stored, so that the drain and a recount read alike.
What the model answered stands among them where the reference says how it answered in training.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import compress, repeat
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from monitoring.drain.fold.class_scores import MARK, Scored
from monitoring.drain.fold.sums import NOWHERE, Segments, Slot, Sums
from monitoring.selectors.references import Plan, Plans
from monitoring.stats import layouts
from monitoring.stats.layouts import STATUS_ERROR, STATUS_OK, features_key
from monitoring.stats.profile import STRIDE, Feature, Integers, Profile, category_codes, numbers, numeric_codes

HOUR_US = 3_600_000_000
READ = ("ts_us", "whose", "payload", "status", "prediction", "score")
_scored = msgspec.json.Decoder(Scored).decode
MINUTES = 60
Columns = Mapping[str, Sequence[Any]]
Row = tuple[Any, ...]


class HourOfFeatures(NamedTuple):
    """What one version and environment (in these segments) adds to one hour; `minute` is the hour's first."""

    reference_id: int
    version_id: int
    environment: str
    segments: Segments
    minute: int
    layout: str
    rows: int
    bins: Integers
    counts: Integers


def fold(sums: Sums, columns: Columns, plans: Plans, sign: int, segments: Sequence[Segments] | None = None) -> None:
    """One histogram per version and hour, as of the hour's first minute."""
    for reference_id, version_id, environment, within, minute, layout, rows, bins, counts in fold_features(
        plans, columns, segments
    ):
        place = sums.places([version_id], [environment], [minute], [within])
        slot = Slot(layouts.FEATURES, features_key(version_id, reference_id), layout)
        sums.add(slot, place, sign * rows)
        sums.grow(slot, np.broadcast_to(place, bins.shape), bins, sign * counts)


def fold_features(
    plans: Plans, columns: Columns, segments: Sequence[Segments] | None = None
) -> Iterator[HourOfFeatures]:
    """The sums of predictions given by the columns of their rows."""
    columns = {**columns, "whose": list(zip(columns["environment"], segments or repeat(NOWHERE), strict=False))}
    versions, ids = np.array(columns["version_id"]), np.array(columns["id"], dtype=np.int64)
    for version_id, given in plans.items():
        mine = versions == version_id
        for plan in given:
            among = mine & (ids >= plan.since)
            if plan.until is not None:
                among &= ids < plan.until
            if among.any():
                yield from _fold(version_id, plan, _chosen(columns, among))


def _chosen(columns: Columns, among: NDArray[np.bool_]) -> Columns:
    if among.all():
        return columns
    picked = among.tolist()
    return {name: list(compress(columns[name], picked)) for name in READ}


def _fold(version_id: int, plan: Plan, columns: Columns) -> Iterator[HourOfFeatures]:
    profile = plan.profile
    places, owners = _places(columns)
    width = len(profile.features) * STRIDE
    keys = bins_of(profile, *read_features(profile, columns))
    if len(places) > 1:
        keys += owners * width
    table = np.bincount(_answered(profile, keys, columns), minlength=len(places) * width).reshape(len(places), width)
    rows = np.bincount(owners, minlength=len(places)).tolist()
    for place, (whose, hour) in enumerate(places):
        bins = np.flatnonzero(table[place])
        minute, counts = hour * MINUTES, table[place][bins]
        yield HourOfFeatures(plan.reference_id, version_id, *whose, minute, profile.layout, rows[place], bins, counts)


def _places(columns: Columns) -> tuple[list[tuple[tuple[str, Segments], int]], Integers]:
    """(environment, segments and hour of each place, the place of each row)."""
    names = list(dict.fromkeys(columns["whose"]))
    numbers_of = {name: number for number, name in enumerate(names)}
    hours = np.array(columns["ts_us"], dtype=np.int64) // HOUR_US
    where = np.fromiter(map(numbers_of.__getitem__, columns["whose"]), dtype=np.int64, count=len(hours))
    found, owners = np.unique(hours * len(names) + where, return_inverse=True)
    return [(names[key % len(names)], key // len(names)) for key in found.tolist()], owners


def bins_of(profile: Profile, rows: Sequence[Row], as_known: bool = False) -> Integers:
    """The bin of each feature of each row; shape (features, rows). `as_known`: every number is a float or None."""
    bins = np.empty((len(profile.features), len(rows)), dtype=np.int64)
    for place, (feature, column) in enumerate(zip(profile.features, zip(*rows, strict=True), strict=True)):
        np.add(_codes(feature, column, as_known), place * STRIDE, out=bins[place])
    return bins


def _codes(feature: Feature, column: Sequence[Any], as_known: bool) -> Integers:
    if not feature.numeric:
        return category_codes(feature, column)
    if as_known:
        return numeric_codes(feature, np.array(column, dtype=np.float64))
    return numeric_codes(feature, *numbers(column))


def _answered(profile: Profile, keys: Integers, columns: Columns) -> Integers:
    """All keys in a row, without the answers of what failed: those are errors and no nulls."""
    answers = [place for place, feature in enumerate(profile.features) if feature.source != "input"]
    if not answers or STATUS_ERROR not in columns["status"]:
        return keys.ravel()
    kept = np.ones(keys.shape, dtype=bool)
    kept[answers] = np.array(columns["status"]) == STATUS_OK
    return keys[kept]


def read_features(profile: Profile, columns: Columns) -> tuple[list[Row], bool]:
    """(the values of each row in the order of the profile, whether numbers are as known); what is absent is None."""
    strict, lenient, nothing = _readers(profile)
    payloads, as_known = columns["payload"], True
    try:
        read = list(map(strict, payloads))
    except msgspec.ValidationError:  # some value is not of its feature's kind
        as_known = False
        read = list(map(lenient, payloads))
    rows = [nothing if one.features is None else msgspec.structs.astuple(one.features) for one in read]
    return (
        (_with_answers(profile, rows, columns), as_known) if len(nothing) < len(profile.features) else (rows, as_known)
    )


def _with_answers(profile: Profile, rows: list[Row], columns: Columns) -> list[Row]:
    """The values of the inputs with what was answered put in its places."""
    inputs = iter(zip(*rows, strict=True))
    found = [next(inputs) if feature.source == "input" else _answers(feature, columns) for feature in profile.features]
    return list(zip(*found, strict=True))


def _answers(feature: Feature, columns: Columns) -> Sequence[Any]:
    """Classes as text, numbers of a regression (which are in the column of scores), or scores."""
    if feature.source == "prediction" and not feature.numeric:
        return [text or None for text in columns["prediction"]]
    scores = columns["score"]
    if feature.source == "prediction" or None not in scores:
        return scores
    return [
        answered_score(score, _scored(payload).scores if score is None and MARK in payload else None)
        for score, payload in zip(scores, columns["payload"], strict=True)
    ]


def answered_score(score: float | None, scores: Mapping[str, float] | None) -> float | None:
    """The score of a prediction: the one given, else that of the likeliest class."""
    return max(scores.values()) if score is None and scores else score


@lru_cache(maxsize=256)
def _readers(profile: Profile) -> tuple[Callable[[str], Any], Callable[[str], Any], Row]:
    """Decoders of a payload's features: one that insists on their kinds and makes floats, one that takes anything."""
    inputs = [feature for feature in profile.features if feature.source == "input"]
    names = {f"f{place}": feature.name for place, feature in enumerate(inputs)}
    kinds: list[Any] = [float | None if feature.numeric else Any for feature in inputs]
    return (
        _decoder(dict(zip(names, kinds, strict=True)), names),
        _decoder(dict.fromkeys(names, Any), names),
        (None,) * len(names),
    )


def _decoder(kinds: Mapping[str, Any], names: Mapping[str, str]) -> Callable[[str], Any]:
    features = msgspec.defstruct(
        "Features", [(name, kind, None) for name, kind in kinds.items()], rename=dict(names), gc=False
    )
    payload: Any = msgspec.defstruct("Payload", [("features", features | None, None)], gc=False)
    decode: Callable[[str], Any] = msgspec.json.Decoder(payload).decode
    return decode
