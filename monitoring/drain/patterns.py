"""When each pattern of log lines was seen first and last, and its newest line: by new lines alone, in key order, after the buckets."""

from collections.abc import Sequence
from typing import NamedTuple

from django.db import connection

from monitoring.drain.codes import Codes, Word, owners
from monitoring.drain.fold.lines import PATTERN, folded, words_of
from monitoring.drain.rows import LogRecordRow, columns_of
from monitoring.drain.sql import binary_cursor, is_postgres

COLUMNS = ("model_id", "code", "first_us", "last_us", "sample_ref")
UPSERT = """
    ON CONFLICT (model_id, code) DO UPDATE SET
        first_us = CASE WHEN stored.first_us < excluded.first_us THEN stored.first_us ELSE excluded.first_us END,
        last_us = CASE WHEN stored.last_us > excluded.last_us THEN stored.last_us ELSE excluded.last_us END,
        sample_ref = CASE WHEN (stored.last_us, stored.sample_ref) > (excluded.last_us, excluded.sample_ref)
            THEN stored.sample_ref ELSE excluded.sample_ref END"""
INSERT = f"INSERT INTO monitoring_logpattern AS stored ({', '.join(COLUMNS)})"


class Seen(NamedTuple):
    """The oldest line, and the newest with its key."""

    first_us: int
    last_us: int
    sample_ref: int


def see_patterns(rows: Sequence[LogRecordRow]) -> None:
    """Remember when the patterns of these new lines were seen; their codes have been given."""
    columns = folded(columns_of(rows)) if rows else {}
    if not columns:
        return
    models = {version_id: owner.model_id for version_id, owner in owners(set(columns["version_id"])).items()}
    found: dict[Word, Seen] = {}
    lines = zip(columns["version_id"], words_of(columns), columns["ts_us"], columns["id"], strict=True)
    for version_id, word, ts_us, pk in lines:
        name = Word(models[version_id], PATTERN.metric, word)
        found[name] = _together(found.get(name), Seen(ts_us, ts_us, pk))
    codes = Codes(found, create=False)
    places: dict[tuple[int, int], Seen] = {}
    for name, seen in found.items():
        place = (name.model_id, codes.code(name))
        places[place] = _together(places.get(place), seen)
    _write([(*place, *seen) for place, seen in sorted(places.items())])


def _together(one: Seen | None, other: Seen) -> Seen:
    if one is None:
        return other
    last_us, sample_ref = max(one[1:], other[1:])
    return Seen(min(one.first_us, other.first_us), last_us, sample_ref)


def _write(rows: Sequence[tuple[int, ...]]) -> None:
    if is_postgres():
        arrays = "%b::bigint[], %b::int[], %b::bigint[], %b::bigint[], %b::bigint[]"
        sql = f"{INSERT} SELECT * FROM unnest({arrays}) AS mine {UPSERT}"
        with binary_cursor() as cursor:
            cursor.execute(sql.encode(), [list(column) for column in zip(*rows, strict=True)])
        return
    with connection.cursor() as cursor:
        cursor.executemany(f"{INSERT} VALUES ({', '.join(['%s'] * len(COLUMNS))}) {UPSERT}", rows)
