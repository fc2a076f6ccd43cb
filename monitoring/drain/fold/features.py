"""Features of predictions to the codes of their reference, a batch at a time.

A version's features are one histogram per hour: every feature's row of codes, one after the other (see
`monitoring.stats.profile`). What the model answered stands among them where the reference says how it answered in training.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitoring.drain.fold.inputs import Columns, Inputs, Row
from monitoring.drain.fold.sums import Segments, Slot, Sums
from monitoring.selectors.plans import Plan
from monitoring.stats import layouts
from monitoring.stats.layouts import STATUS_ERROR, STATUS_OK, features_key
from monitoring.stats.profile import (
    STRIDE,
    Floats,
    Integers,
    Profile,
    category_codes,
    floats,
    numbers,
    numeric_codes,
)

HOUR_US = 3_600_000_000
MINUTES = 60


class HourOfFeatures(NamedTuple):
    """What one environment (in these segments) adds to one hour; `minute` is the hour's first."""

    environment: str
    segments: Segments
    minute: int
    rows: int
    bins: Integers
    counts: Integers


def fold(sums: Sums, inputs: Inputs, plan: Plan, sign: int) -> None:
    """One histogram per version and hour, as of the hour's first minute."""
    slot = Slot(layouts.FEATURES, features_key(inputs.version_id, plan.reference_id), plan.profile.layout)
    for environment, within, minute, rows, bins, counts in hours_of(inputs):
        place = sums.places([inputs.version_id], [environment], [minute], [within])
        sums.add(slot, place, sign * rows)
        sums.grow(slot, np.broadcast_to(place, bins.shape), bins, sign * counts)


def hours_of(inputs: Inputs) -> list[HourOfFeatures]:
    """The histograms of predictions, by hour and whose they are."""
    profile, columns = inputs.plan.profile, inputs.columns
    places, owners = _places(columns)
    width = len(profile.features) * STRIDE
    keys = bins_of(profile, inputs.values, inputs.as_known)
    if len(places) > 1:
        keys += owners * width
    table = np.bincount(_answered(profile, keys, columns), minlength=len(places) * width).reshape(len(places), width)
    rows = np.bincount(owners, minlength=len(places)).tolist()
    found = []
    for place, (whose, hour) in enumerate(places):
        bins = np.flatnonzero(table[place])
        found.append(HourOfFeatures(*whose, hour * MINUTES, rows[place], bins, table[place][bins]))
    return found


def _places(columns: Columns) -> tuple[list[tuple[tuple[str, Segments], int]], Integers]:
    """(environment, segments and hour of each place, the place of each row)."""
    names = list(dict.fromkeys(columns["whose"]))
    numbers_of = {name: number for number, name in enumerate(names)}
    hours = np.array(columns["ts_us"], dtype=np.int64) // HOUR_US
    keys = hours * len(names)
    if len(names) > 1:
        keys += np.fromiter(map(numbers_of.__getitem__, columns["whose"]), dtype=np.int64, count=len(hours))
    found, owners = np.unique(keys, return_inverse=True)
    return [(names[key % len(names)], key // len(names)) for key in found.tolist()], owners


def bins_of(profile: Profile, rows: Sequence[Row], as_known: bool = False) -> Integers:
    """The bin of each feature of each row; shape (features, rows). `as_known`: every number is a float or None."""
    codes = np.empty((len(profile.features), len(rows)), dtype=np.int64)
    columns = list(zip(*rows, strict=True))
    numeric = [place for place, feature in enumerate(profile.features) if feature.numeric]
    if numeric:
        values, wrong = _numbers([columns[place] for place in numeric], as_known)
        codes[numeric] = numeric_codes([profile.features[place] for place in numeric], values, wrong)
    for place, (feature, column) in enumerate(zip(profile.features, columns, strict=True)):
        if not feature.numeric:
            codes[place] = category_codes(feature, column)
    codes += np.arange(len(codes))[:, None] * STRIDE
    return codes


def _numbers(columns: Sequence[Sequence[Any]], as_known: bool) -> tuple[Floats, NDArray[np.bool_] | None]:
    """(numbers, which of them are none; None if all are); shapes (columns, rows)."""
    if as_known:
        return np.array([floats(column) for column in columns]), None
    read, wrong = zip(*map(numbers, columns), strict=True)
    fine = np.zeros(len(columns[0]), dtype=bool)
    return np.array(read), np.array([fine if which is None else which for which in wrong])


def _answered(profile: Profile, keys: Integers, columns: Columns) -> Integers:
    """All keys in a row, without the answers of what failed: those are errors and no nulls."""
    answers = [place for place, feature in enumerate(profile.features) if feature.source != "input"]
    if not answers or STATUS_ERROR not in columns["status"]:
        return keys.ravel()
    kept = np.ones(keys.shape, dtype=bool)
    kept[answers] = np.array(columns["status"]) == STATUS_OK
    return keys[kept]
