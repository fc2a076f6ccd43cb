"""Profiles as plain data: stored as JSON, and built from histograms that somebody else has made. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from math import isfinite
from typing import Any

import msgspec
import numpy as np

from monitoring.stats.profile import (
    MAX_BINS,
    MAX_NAME,
    NULL,
    OTHER,
    STRIDE,
    Feature,
    Profile,
    ProfileError,
    Source,
    profile_of,
)

MAX_COUNT = 10**12
ANSWERS: Mapping[str, Source] = {"prediction": "prediction", "score": "score"}


class Histogram(msgspec.Struct, forbid_unknown_fields=True):
    """A ready-made histogram: a number has `edges` (one fewer than `counts`), anything else has `categories`."""

    edges: list[float] | None = None
    counts: list[int] = []
    categories: dict[str, int] | None = None
    other: int = 0
    nulls: int = 0
    low: float | None = None
    high: float | None = None


class Stored(msgspec.Struct, omit_defaults=True):
    """A feature as it is stored; `counts` by code."""

    name: str
    counts: dict[int, int]
    edges: list[float] | None = None
    low: float | None = None
    high: float | None = None
    categories: list[str] = []
    others: list[str] = []
    forgetful: bool = False
    singles: list[int] = []
    source: Source = "input"


class StoredProfile(msgspec.Struct):
    """A profile as it is stored."""

    rows: int
    features: list[Stored]


def to_json(profile: Profile) -> bytes:
    """The bytes that `from_json` reads."""
    return msgspec.json.encode(StoredProfile(profile.rows, [_stored(feature) for feature in profile.features]))


def from_json(data: bytes) -> Profile:
    """The profile of `to_json`; its layout is that of its content."""
    stored = msgspec.json.decode(data, type=StoredProfile)
    return profile_of(stored.rows, [_feature(one) for one in stored.features])


def profile_of_histograms(histograms: Mapping[str, Any]) -> Profile:
    """A profile of ready-made histograms by feature; refused with the feature and the mend.

    Those named `prediction` and `score` are of what the model answered.
    """
    features = []
    for name, given in histograms.items():
        try:
            found = _given(name, msgspec.convert(given, Histogram))
            features.append(replace(found, source=ANSWERS.get(name, "input")))
        except (msgspec.ValidationError, ProfileError) as error:
            message = f"Feature {name[:MAX_NAME]!r}: {str(error).rstrip('.')}."
            raise ProfileError(message) from error
    rows = max((int(feature.counts.sum()) for feature in features), default=0)
    if features and not rows:
        raise ProfileError("A reference needs at least one row: every count is 0.")
    return profile_of(rows, features)


def _given(name: str, given: Histogram) -> Feature:
    known = given.categories if given.edges is None else given.counts
    numbers = [given.other, given.nulls, *(known.values() if isinstance(known, dict) else known or [])]
    if any(not 0 <= number <= MAX_COUNT for number in numbers):
        message = f"A count is a whole number from 0 to {MAX_COUNT}."
        raise ProfileError(message)
    if given.edges is not None and given.categories is None:
        return _given_number(name, given, given.edges)
    if given.categories is None or given.edges is not None:
        raise ProfileError("Give either `edges` with `counts`, or `categories`.")
    return _given_category(name, given, given.categories)


def _given_number(name: str, given: Histogram, edges: list[float]) -> Feature:
    if not all(map(isfinite, edges)) or any(left >= right for left, right in pairwise(edges)):
        raise ProfileError("`edges` are finite numbers in ascending order, none twice.")
    ends = [end for end in (given.low, *edges[:1], *edges[-1:], given.high) if end is not None]
    if not all(map(isfinite, ends)) or any(left > right for left, right in pairwise(ends)):
        raise ProfileError("`low` is at most the first of `edges`, `high` at least the last one; both are finite.")
    if len(given.counts) != len(edges) + 1 or len(given.counts) > MAX_BINS:
        message = f"`counts` has one more entry than `edges` (both tails are open), and at most {MAX_BINS}."
        raise ProfileError(message)
    if given.other:
        raise ProfileError("`other` is for categories.")
    counts = np.zeros(STRIDE, dtype=np.int64)
    counts[: len(given.counts)] = given.counts
    counts[NULL] = given.nulls
    return Feature(name, counts, np.array(edges, dtype=np.float64), given.low, given.high)


def _given_category(name: str, given: Histogram, categories: dict[str, int]) -> Feature:
    if len(categories) > MAX_BINS:
        message = f"At most {MAX_BINS} categories; add the others up in `other`."
        raise ProfileError(message)
    ranked = sorted(categories, key=lambda text: (-categories[text], text))
    counts = np.zeros(STRIDE, dtype=np.int64)
    counts[: len(ranked)] = [categories[text] for text in ranked]
    counts[[OTHER, NULL]] = given.other, given.nulls
    return Feature(name, counts, categories=tuple(ranked), forgetful=given.other > 0)


def _stored(feature: Feature) -> Stored:
    codes = np.flatnonzero(feature.counts)
    return Stored(
        feature.name,
        dict(zip(codes.tolist(), feature.counts[codes].tolist(), strict=True)),
        None if feature.edges is None else feature.edges.tolist(),
        feature.low,
        feature.high,
        list(feature.categories),
        sorted(feature.others),
        feature.forgetful,
        sorted(feature.singles),
        feature.source,
    )


def _feature(stored: Stored) -> Feature:
    counts = np.zeros(STRIDE, dtype=np.int64)
    counts[list(stored.counts)] = list(stored.counts.values())
    edges = None if stored.edges is None else np.array(stored.edges, dtype=np.float64)
    return Feature(
        stored.name,
        counts,
        edges,
        stored.low,
        stored.high,
        tuple(stored.categories),
        frozenset(stored.others),
        stored.forgetful,
        frozenset(stored.singles),
        stored.source,
    )
