"""What a model's inputs look like: one histogram per feature, in bins that a reference froze. Pure: no Django, no database.

A feature's histogram is a row of STRIDE counts. Its first codes are value bins (quantiles of a number, the commonest
categories), its last ones say what is no value of them. A profile's histogram is the rows of its features one after the
other, so that one sparse histogram holds them all: bin = feature · STRIDE + code.
"""

import struct
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from math import inf, nan
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

STRIDE: Final = 256
MAX_BINS: Final = 50
MAX_FEATURES: Final = 200
MAX_NAME: Final = 200
MAX_REMEMBERED: Final = 1_000  # categories past the table whose names are kept, to tell "rare" from "never seen"
# Out of the reference's range but still a number (they count with the outer bins), a rare category, one never seen.
BELOW, ABOVE, OTHER, UNSEEN = 249, 250, 251, 252
# No value at all: absent or null, infinite, something else than a number.
NULL, INFINITE, MISTYPED = 253, 254, 255
VALUES: Final = NULL  # codes below are values
# Where a value is found: among the inputs, or in what the model answered.
Source = Literal["input", "prediction", "score"]
# Words that programs without a JSON number for them send.
WORDS: Final = {"nan": nan, "inf": inf, "+inf": inf, "infinity": inf, "-inf": -inf, "-infinity": -inf}


class Table(dict[str | None, int]):
    """The code of every category; of those without one, `unknown`. Numbers and booleans are looked up as text."""

    unknown: int = UNSEEN

    def __missing__(self, value: str | float) -> int:
        """Whatever is not in the table as it was sent."""
        return self.unknown if isinstance(value, str) else self.get(category_text(value), self.unknown)


@dataclass(frozen=True, eq=False, slots=True)
class Feature:
    """One feature: `edges` of a number (value bin i holds [edge i-1, edge i), both tails open), else `categories`.

    What the model answered is held against the reference like an input: `source` tells them apart, names need not.

    `low` and `high` are the reference's range where it is known. `forgetful`: the reference had more categories than are
    remembered, so nothing can be called never seen. `singles`: bins of a number in which the reference had one value.
    """

    name: str
    counts: Integers
    edges: Floats | None = None
    low: float | None = None
    high: float | None = None
    categories: tuple[str, ...] = ()
    others: frozenset[str] = frozenset()
    forgetful: bool = False
    singles: frozenset[int] = frozenset()
    source: Source = "input"
    table: "Table" = field(init=False)

    def __post_init__(self) -> None:
        """Name every known category's code once."""
        table = Table(dict.fromkeys(self.others, OTHER))
        table |= {name: code for code, name in enumerate(self.categories)} | {None: NULL}
        table.unknown = OTHER if self.forgetful else UNSEEN
        object.__setattr__(self, "table", table)

    @property
    def numeric(self) -> bool:
        """Whether it is a number."""
        return self.edges is not None

    @property
    def bins(self) -> int:
        """Number of value bins."""
        return len(self.categories) if self.edges is None else len(self.edges) + 1

    def is_one_value(self, code: int) -> bool:
        """Whether what has this code is one category, or one number as far as the reference knows."""
        return code in self.singles if self.numeric else code < len(self.categories)


@dataclass(frozen=True, eq=False, slots=True)
class Profile:
    """The features of a reference of `rows` rows; `layout` names its bins (the same content has the same name)."""

    rows: int
    features: tuple[Feature, ...]
    layout: str


class ProfileError(ValueError):
    """A reference that cannot be used; the message says where and what would help."""


def profile_of(rows: int, features: Iterable[Feature]) -> Profile:
    """A profile, refused where nothing could be compared with it."""
    found = tuple(sorted(features, key=lambda feature: (feature.name, feature.source)))
    inputs = sum(feature.source == "input" for feature in found)
    if not found:
        raise ProfileError("A reference needs at least one feature.")
    if inputs > MAX_FEATURES:
        message = f"A reference holds at most {MAX_FEATURES} features, this one has {inputs}."
        raise ProfileError(message)
    for feature in found:
        if (
            not feature.name
            or len(feature.name) > MAX_NAME
            or any(char in '"\\' or char < " " for char in feature.name)
        ):
            message = f"Feature {feature.name[:MAX_NAME]!r}: a name has 1 to {MAX_NAME} characters, no quotes, backslashes or line breaks."
            raise ProfileError(message)
    text = repr([(one.name, list(one.categories), sorted(one.others), _numbers_of(one)) for one in found])
    return Profile(rows, found, f"features-{sha256(text.encode()).hexdigest()[:20]}")


def profile_of_columns(
    columns: Mapping[str, Sequence[Any]], *, categorical: Iterable[str] = (), answers: Iterable[Feature] = ()
) -> Profile:
    """The profile of raw values, one column per feature and all of one length; None is null.

    A column is a number when most of its values are; those in `categorical` are categories whatever they look like.
    `answers` are the features of what the model answered in these rows.
    """
    forced = set(categorical)
    if unknown := forced - columns.keys():
        message = f"`categorical` names features that no row has: {', '.join(sorted(unknown)[:5])}."
        raise ProfileError(message)
    inputs = [feature_of(name, values, as_category=name in forced) for name, values in columns.items()]
    found = [*inputs, *answers]
    rows = int(found[0].counts.sum()) if found else 0
    if not rows:
        raise ProfileError("A reference needs at least one row.")
    return profile_of(rows, found)


def feature_of(name: str, values: Sequence[Any], *, as_category: bool = False, source: Source = "input") -> Feature:
    """The frozen histogram of one column."""
    kinds = Counter(map(type, values))
    known = len(values) - kinds[type(None)]
    if not as_category and 2 * (kinds[int] + kinds[float]) > known:
        return replace(_numeric(name, values), source=source)
    return replace(_categorical(name, values), source=source)


def numbers(values: Sequence[Any]) -> tuple[Floats, NDArray[np.bool_] | None]:
    """(floats with NaN for null, which of them are no numbers; None if all are). True and false are 1 and 0."""
    if str not in set(map(type, values)):
        return floats(values), None
    read = [WORDS.get(value.strip().lower()) if type(value) is str else value for value in values]
    wrong = [number is None and value is not None for number, value in zip(read, values, strict=True)]
    return floats(read), np.array(wrong, dtype=bool)


def floats(values: Sequence[float | None]) -> Floats:
    """Numbers as floats, NaN for null; shape (n,)."""
    try:
        return np.frombuffer(struct.pack(f"{len(values)}d", *values))  # numpy takes four times as long to look at each
    except struct.error:  # some are null
        return np.array(values, dtype=np.float64)


def numeric_codes(features: Sequence[Feature], values: Floats, wrong: NDArray[np.bool_] | None = None) -> Integers:
    """The code of each number; both shapes (features, n)."""
    codes = _value_bins(features, values)
    codes[values < _column([feature.low for feature in features])] = BELOW
    codes[values > _column([feature.high for feature in features])] = ABOVE
    if not np.isfinite(values.sum()):  # one number that is none makes the sum none
        codes[np.isinf(values)] = INFINITE
        codes[np.isnan(values)] = NULL
    if wrong is not None:
        codes[wrong] = MISTYPED
    return codes


def _value_bins(features: Sequence[Feature], values: Floats) -> Integers:
    """How many edges of its feature each number is at or past: one binary search of all of them together, without branches,
    three times as fast as `searchsorted` over the edges of each.
    """
    ladders = [feature.edges if feature.edges is not None else np.empty(0) for feature in features]
    width = 1 << max(map(len, ladders)).bit_length()  # more than there are edges
    edges = np.full((len(ladders), width), nan)  # nothing is past NaN
    for row, ladder in zip(edges, ladders, strict=True):
        row[: len(ladder)] = ladder
    starts = np.arange(len(ladders))[:, None] * width
    found = np.repeat(starts - 1, values.shape[1], axis=1)
    step = width // 2
    while step:
        found += step * (values >= edges.ravel()[found + step])
        step //= 2
    return found + 1 - starts


def _column(limits: Sequence[float | None]) -> Floats:
    """Limits beside rows of numbers, NaN (which nothing is beyond) where there is none; shape (features, 1)."""
    return np.array(limits, dtype=np.float64)[:, None]


def category_codes(feature: Feature, values: Sequence[Any]) -> Integers:
    """The code of each category; shape (n,)."""
    return np.fromiter(map(feature.table.__getitem__, values), dtype=np.int64, count=len(values))


def category_text(value: Any) -> str:
    """A category as text: true is "true"; 1, 1.0 and "1" are the same."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)


def dense(profile: Profile, bins: NDArray[np.integer[Any]], counts: Integers) -> Integers:
    """A sparse histogram as rows of features; shape (features, STRIDE)."""
    table = np.zeros(len(profile.features) * STRIDE, dtype=np.int64)
    table[bins] = counts
    return table.reshape(-1, STRIDE)


def value_counts(feature: Feature, counts: Integers) -> Integers:
    """Counts of values alone: a number's bins with what is out of range in its tails; categories, other and unseen."""
    found = counts[: feature.bins].copy()
    if not feature.numeric:
        return np.append(found, counts[[OTHER, UNSEEN]])
    found[0] += counts[BELOW]
    found[-1] += counts[ABOVE]
    return found


def _numeric(name: str, values: Sequence[Any]) -> Feature:
    """Few distinct values have a bin each; otherwise quantiles."""
    read, wrong = numbers(values)
    finite = read[np.isfinite(read)]
    distinct = np.unique(finite)
    edges = distinct[1:]
    if len(distinct) > MAX_BINS:
        edges = np.unique(np.quantile(finite, np.arange(1, MAX_BINS) / MAX_BINS))
        edges = edges[edges > distinct[0]]
    low, high = (float(distinct[0]), float(distinct[-1])) if len(distinct) else (None, None)
    frozen = Feature(name, np.zeros(STRIDE, np.int64), edges, low, high)
    singles = frozenset(np.flatnonzero(_counted(numeric_codes([frozen], distinct[None])) == 1).tolist())
    codes = numeric_codes([frozen], read[None], None if wrong is None else wrong[None])
    return Feature(name, _counted(codes), edges, low, high, singles=singles)


def _categorical(name: str, values: Sequence[Any]) -> Feature:
    """The commonest have a bin each (ties by name); of the others the names are remembered, as far as that goes."""
    seen = Counter(category_text(value) for value in values if value is not None)
    ranked = sorted(seen, key=lambda text: (-seen[text], text))
    table, rest = tuple(ranked[:MAX_BINS]), ranked[MAX_BINS:]
    forgetful = len(rest) > MAX_REMEMBERED
    others = frozenset[str]() if forgetful else frozenset(rest)
    frozen = Feature(name, np.zeros(STRIDE, np.int64), categories=table, others=others, forgetful=forgetful)
    codes = category_codes(frozen, values)
    return Feature(name, _counted(codes), categories=table, others=others, forgetful=forgetful)


def _counted(codes: Integers) -> Integers:
    return np.bincount(codes.ravel(), minlength=STRIDE).astype(np.int64)


def _numbers_of(feature: Feature) -> list[Any]:
    edges = None if feature.edges is None else feature.edges.tolist()
    found = [edges, feature.low, feature.high, feature.forgetful, feature.counts.tolist(), sorted(feature.singles)]
    return found if feature.source == "input" else [*found, feature.source]
