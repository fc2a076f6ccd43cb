"""The rows behind a reference, by columns: features, and apart from them what the model answered and what was true. Pure.

Four keys of a row are reserved: `prediction`, `score` (of the positive class), `scores` (class to probability) and
`label`. They are never features. A row may also be sent as a prediction is, with its features in an object `features`;
then a feature may bear any name.
"""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from math import ceil
from typing import Any, Final

import msgspec

from monitoring.stats.profile import MAX_FEATURES, ProfileError

PREDICTION, SCORE, SCORES, LABEL = RESERVED = ("prediction", "score", "scores", "label")
MAX_ROWS: Final = 200_000
MAX_KEPT: Final = 2_000_000  # values that are kept of a reference; of more rows than that, every second, third, …
PLAIN: Final = frozenset({str, int, float, bool, type(None)})
NUMBERS: Final = frozenset({int, float, type(None)})
LEVEL: Final = 6


class Sample(msgspec.Struct, omit_defaults=True):
    """Columns of one length, None where a row says nothing; a reserved column that no row has is empty.

    `of` is the number of rows that these were chosen from.
    """

    of: int
    features: dict[str, list[Any]]
    prediction: list[Any] = []
    score: list[float | None] = []
    scores: list[dict[str, float] | None] = []
    label: list[Any] = []

    @property
    def rows(self) -> int:
        """Number of rows."""
        columns = [*self.features.values(), self.prediction, self.score, self.scores, self.label]
        return max(map(len, columns), default=0)

    @property
    def complete(self) -> bool:
        """Whether these are all the rows."""
        return self.rows == self.of


def sample_of(rows: Iterable[Mapping[str, Any]]) -> Sample:
    """The columns of rows, which are read once and no further than allowed; refused with the column and the mend."""
    features: dict[str, list[Any]] = {}
    reserved: dict[str, list[Any]] = {}
    count = 0
    for place, row in enumerate(rows):
        if place == MAX_ROWS:
            message = f"At most {MAX_ROWS} rows; send a random sample or ready-made histograms."
            raise ProfileError(message)
        nested = row.get("features")
        given = nested if isinstance(nested, dict) else row
        _append(features, given, place, skipped=RESERVED if given is row else ())
        if len(features) > MAX_FEATURES:
            message = f"A reference holds at most {MAX_FEATURES} features; these rows have more."
            raise ProfileError(message)
        _append(reserved, {name: row[name] for name in RESERVED if name in row}, place)
        count += 1
    for name, column in features.items():
        if not PLAIN.issuperset(map(type, column)):
            message = f"Feature {name!r}: values are numbers, texts, booleans or null."
            raise ProfileError(message)
    _check(reserved)
    return Sample(count, features, **reserved)


def thinned(sample: Sample, values: int = MAX_KEPT) -> Sample:
    """Every row, or every second, third, … so that no more than this many values are kept."""
    width = len(sample.features) + sum(1 for name in RESERVED if getattr(sample, name))
    step = max(1, ceil(sample.rows * max(1, width) / values))
    if step == 1:
        return sample
    return Sample(
        sample.of,
        {name: column[::step] for name, column in sample.features.items()},
        *(getattr(sample, name)[::step] for name in RESERVED),
    )


def pack(sample: Sample) -> bytes:
    """The bytes that `unpack` reads."""
    return zlib.compress(msgspec.json.encode(sample), LEVEL)


def unpack(data: bytes) -> Sample:
    """The sample of `pack`."""
    return msgspec.json.decode(zlib.decompress(data), type=Sample)


def _append(columns: dict[str, list[Any]], row: Mapping[str, Any], place: int, skipped: Sequence[str] = ()) -> None:
    """One row more; a column that begins or ends within the rows is None elsewhere."""
    columns |= {name: [None] * place for name in row if name not in columns and name not in skipped}
    for name, column in columns.items():
        column.append(row.get(name))


def _check(reserved: Mapping[str, Sequence[Any]]) -> None:
    """What the reserved columns hold."""
    if not NUMBERS.issuperset(map(type, reserved.get(SCORE, ()))):
        raise ProfileError("`score` is a reserved column: the probability of the positive class, a number or null.")
    for name in (PREDICTION, LABEL):
        if not PLAIN.issuperset(map(type, reserved.get(name, ()))):
            message = f"`{name}` is a reserved column: a class, a number or null."
            raise ProfileError(message)
    for given in reserved.get(SCORES, ()):
        if given is not None and not (isinstance(given, dict) and {int, float}.issuperset(map(type, given.values()))):
            raise ProfileError("`scores` is a reserved column: an object, class to probability, or null.")
