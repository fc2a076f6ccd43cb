"""The confusion matrix as a table whose cells are shaded by their share of the true class."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from panel import format as write

SHOWN = 8  # classes, the most frequent; the others share a row and a column
SHADES = 6
HALF = 4
Cells = Sequence[tuple[str | None, str | None, int]]


@dataclass(frozen=True, slots=True)
class Cell:
    """How often a class was decided where another (or the same) was true; `shade` is 0 to SHADES."""

    n: int
    share: str
    shade: int
    right: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A true class."""

    name: str
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows are true, columns are decided."""

    names: list[str]
    rows: list[Row]

    @property
    def wide(self) -> bool:
        """Too many columns for half of the page."""
        return len(self.names) > HALF


def matrix_of(cells: Cells) -> Matrix | None:
    """The matrix over the most frequent classes; None without labels."""
    if not cells:
        return None
    frequent: Counter[str | None] = Counter()
    for true, decided, count in cells:
        frequent[true] += count
        frequent[decided] += 0
    shown = [
        name for name, _n in sorted(frequent.items(), key=lambda item: (-item[1], item[0] or "")) if name is not None
    ]
    places = {name: place for place, name in enumerate(shown[:SHOWN])}
    beyond = len(frequent) > len(places)
    table: Counter[tuple[int, int]] = Counter()
    for true, decided, count in cells:
        table[places.get(true or "", SHOWN), places.get(decided or "", SHOWN)] += count
    names = [*places, *([_("other classes")] if beyond else [])]
    width = [*range(len(places)), *([SHOWN] if beyond else [])]
    rows = [Row(name, _row(table, true, width)) for name, true in zip(names, width, strict=True)]
    return Matrix(names, rows)


def _row(table: Counter[tuple[int, int]], true: int, width: Sequence[int]) -> list[Cell]:
    """What both sides share past the shown classes may be right or wrong: it is not marked."""
    total = sum(table[true, decided] for decided in width)
    shares = [table[true, decided] / total if total else 0.0 for decided in width]
    return [
        Cell(
            table[true, decided],
            write.percent(share, 0) if total else write.DASH,
            min(SHADES, int(share * SHADES + 0.999)),
            true == decided != SHOWN,
        )
        for decided, share in zip(width, shares, strict=True)
    ]
