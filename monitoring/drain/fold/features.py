"""Features of predictions to the codes of their reference, a batch at a time. Versions without a reference cost nothing.

A version's features are one histogram per hour: every feature's row of codes, one after the other (see
`monitoring.stats.profile`). They are read from the payload as it is stored, so that the drain and a recount read alike.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import compress, repeat
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from monitoring.drain.fold.sums import NOWHERE, Segments, Slot, Sums
from monitoring.selectors.references import Plans
from monitoring.stats import layouts
from monitoring.stats.profile import STRIDE, Feature, Integers, Profile, category_codes, numbers, numeric_codes

HOUR_US = 3_600_000_000
MINUTES = 60
Columns = Mapping[str, Sequence[Any]]
Row = tuple[Any, ...]


class HourOfFeatures(NamedTuple):
    """What one version and environment (in these segments) adds to one hour; `minute` is the hour's first."""

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
    for version_id, environment, within, minute, layout, rows, bins, counts in fold_features(plans, columns, segments):
        place = sums.places([version_id], [environment], [minute], [within])
        slot = Slot(layouts.FEATURES, layout, layout)
        sums.add(slot, place, sign * rows)
        sums.grow(slot, np.broadcast_to(place, bins.shape), bins, sign * counts)


def fold_features(
    plans: Plans, columns: Columns, segments: Sequence[Segments] | None = None
) -> Iterator[HourOfFeatures]:
    """The sums of predictions given by columns (`id`, `ts_us`, `version_id`, `environment`, `payload`)."""
    columns = {**columns, "whose": list(zip(columns["environment"], segments or repeat(NOWHERE), strict=False))}
    versions, ids = np.array(columns["version_id"]), np.array(columns["id"], dtype=np.int64)
    for version_id, given in plans.items():
        mine = versions == version_id
        for since, until, profile in given:
            among = mine & (ids >= since) if until is None else mine & (ids >= since) & (ids < until)
            if among.any():
                yield from _fold(version_id, profile, _chosen(columns, among))


def _chosen(columns: Columns, among: NDArray[np.bool_]) -> Columns:
    if among.all():
        return columns
    picked = among.tolist()
    return {name: list(compress(columns[name], picked)) for name in ("ts_us", "whose", "payload")}


def _fold(version_id: int, profile: Profile, columns: Columns) -> Iterator[HourOfFeatures]:
    places, owners = _places(columns)
    width = len(profile.features) * STRIDE
    keys = bins_of(profile, *read_features(profile, columns["payload"]))
    if len(places) > 1:
        keys += owners * width
    table = np.bincount(keys.ravel(), minlength=len(places) * width).reshape(len(places), width)
    rows = np.bincount(owners, minlength=len(places)).tolist()
    for place, (whose, hour) in enumerate(places):
        bins = np.flatnonzero(table[place])
        yield HourOfFeatures(version_id, *whose, hour * MINUTES, profile.layout, rows[place], bins, table[place][bins])


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


def read_features(profile: Profile, payloads: Sequence[str]) -> tuple[list[Row], bool]:
    """(the values of each payload in the order of the profile, whether numbers are as known); what is absent is None."""
    strict, lenient, nothing = _readers(profile)
    as_known = True
    try:
        read = list(map(strict, payloads))
    except msgspec.ValidationError:  # some value is not of its feature's kind
        as_known = False
        read = list(map(lenient, payloads))
    return [nothing if one.features is None else msgspec.structs.astuple(one.features) for one in read], as_known


@lru_cache(maxsize=256)
def _readers(profile: Profile) -> tuple[Callable[[str], Any], Callable[[str], Any], Row]:
    """Decoders of a payload's features: one that insists on their kinds and makes floats, one that takes anything."""
    names = {f"f{place}": feature.name for place, feature in enumerate(profile.features)}
    kinds: list[Any] = [float | None if feature.numeric else Any for feature in profile.features]
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
