"""Log lines by their level and by their pattern: what a service or model says of itself. They are in no segments."""

from collections.abc import Iterator
from itertools import compress

import msgspec

from monitoring.drain.fold.sums import Columns, Integers, Slot, Sums
from monitoring.stats.layouts import LOG_LEVEL, PATTERNS, WORDS
from monitoring.stats.log_levels import LEVEL_CODES, OTHER_LEVEL
from monitoring.stats.patterns import word_of

LEVEL = Slot("log_level", "", LOG_LEVEL)
PATTERN = Slot(PATTERNS, "", WORDS)
METRICS = (LEVEL.metric, PATTERN.metric)
HAS_TEMPLATE = '"template":'


class Payload(msgspec.Struct, gc=False):
    """What of a stored payload is needed here."""

    template: str = ""


_read = msgspec.json.Decoder(Payload).decode


def folded(columns: Columns) -> Columns:
    """The columns of lines that belong to a version: all but those stored before lines were counted; empty where none does."""
    mine = [version_id is not None for version_id in columns["version_id"]]
    if all(mine):
        return columns
    return {name: list(compress(column, mine)) for name, column in columns.items()} if any(mine) else {}


def fold(sums: Sums, columns: Columns, places: Integers, sign: int) -> None:
    """Each line in the bin of its level, and of its pattern where it has one."""
    sums.count(LEVEL, places, [LEVEL_CODES.get(level, OTHER_LEVEL) for level in columns["level"]], sign)
    known = [key is not None for key in columns["pattern"]]
    words = compress(words_of(columns), known)
    sums.count(PATTERN, places[known], sums.named(words), sign)


def words_of(columns: Columns) -> Iterator[str]:
    """Level and pattern of each line: by the template that its client sent, else by what it says."""
    for level, message, payload in zip(columns["level"], columns["message"], columns["payload"], strict=True):
        template = _read(payload).template if HAS_TEMPLATE in payload else ""
        yield word_of(level, template or message)
