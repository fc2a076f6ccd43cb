"""Log lines by their level: what a service or model says of itself, of whomever it is known. They are in no segments."""

from itertools import compress

from monitoring.drain.fold.sums import Columns, Integers, Slot, Sums
from monitoring.stats.layouts import LOG_LEVEL
from monitoring.stats.severity import LEVEL_CODES, OTHER_LEVEL

LEVEL = Slot("log_level", "", LOG_LEVEL)


def folded(columns: Columns) -> Columns:
    """The columns of lines that belong to a version: all but those stored before lines were counted; empty where none does."""
    mine = [version_id is not None for version_id in columns["version_id"]]
    if all(mine):
        return columns
    return {name: list(compress(column, mine)) for name, column in columns.items()} if any(mine) else {}


def fold(sums: Sums, columns: Columns, places: Integers, sign: int) -> None:
    """Each line in the bin of its level."""
    sums.count(LEVEL, places, [LEVEL_CODES.get(level, OTHER_LEVEL) for level in columns["level"]], sign)
