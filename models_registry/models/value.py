"""What a decision of a classifier is worth by what turned out to be true: the shape of a value matrix."""

from collections.abc import Set
from math import isfinite
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

MAX_CLASSES = 50
LARGEST = 1e9  # as of the value of one event


def check_matrix(matrix: object, *, classes: int | None, positive: str) -> None:
    """`ValidationError` with the mend unless every decision between the same classes has a number.

    `classes`: how many a model of this kind has; 0 for kinds that decide nothing, None for any number.
    """
    if matrix == {}:
        return
    if classes == 0:
        raise _wrong(_("Only classifiers decide between classes: leave the value matrix empty."))
    if not _is_matrix(matrix):
        told = _(
            'Write what each decision is worth by true class, for example {"yes": {"yes": 10, "no": 0}, "no": {"yes": -2, "no": 0}}.'
        )
        raise _wrong(told)
    rows: dict[str, dict[str, Any]] = matrix  # type: ignore[assignment]  # just seen to be one
    if len(rows) > MAX_CLASSES:
        raise _wrong(_("A value matrix has at most %(n)d classes.") % {"n": MAX_CLASSES})
    for true, row in rows.items():
        _check_row(true, row, rows.keys())
    if classes is not None and len(rows) != classes:
        raise _wrong(_("A binary classifier has two classes; this matrix names %(n)d.") % {"n": len(rows)})
    if classes is not None and positive not in rows:
        raise _wrong(_("One of the classes must be the positive label “%(label)s”.") % {"label": positive})


def _check_row(true: str, row: dict[str, Any], classes: Set[str]) -> None:
    if odd := row.keys() ^ classes:
        told = _("Row “%(row)s” must name the same classes as there are rows; look at: %(odd)s.")
        raise _wrong(told % {"row": true, "odd": ", ".join(sorted(odd))})
    if not all(map(_is_value, row.values())):
        raise _wrong(_("Row “%(row)s”: every value is a number between −10⁹ and 10⁹.") % {"row": true})


def _wrong(told: str) -> ValidationError:
    return ValidationError({"value_matrix": told})


def _is_matrix(matrix: object) -> bool:
    return isinstance(matrix, dict) and all(isinstance(row, dict) and row for row in matrix.values())


def _is_value(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) and abs(value) <= LARGEST
