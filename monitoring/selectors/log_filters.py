"""Log lines by text, level and field, along an index: the words of a line lead there, and its fields are then compared.

PostgreSQL chooses between the index of words and that of time by itself. SQLite is told: what few lines say is looked up,
what many say is found on the way along the time.
"""

import json
from collections.abc import Mapping
from functools import reduce
from operator import and_
from typing import Any, Final

from django.db import connection
from django.db.models import BooleanField, Q, QuerySet
from django.db.models.expressions import RawSQL

from lib.pages import MAX_LIMIT, Cursor, Page, keyset_page
from monitoring.models import LogRecord
from monitoring.models.events import ERROR_LEVELS
from monitoring.models.log_text import ACCENTED, PLAIN, postgres_vector
from monitoring.selectors.event_filters import FIELD
from monitoring.selectors.phrases import Phrase, for_fts5, for_tsquery, phrase, read_query
from monitoring.selectors.spans import SECOND
from monitoring.stats.log_levels import at_least, canon

# Fields of a line that are in its payload; fields of the sender's own are under `extra`.
PAYLOAD: Final = frozenset({"span_id", "session_id", "template"})
FEW: Final = 2_000
STRETCHES: Final = 20
TABLE: Final = "monitoring_logrecord"
Rows = QuerySet[LogRecord]


def narrow_logs(rows: Rows, asked: Mapping[str, str], *, by_words: bool = True) -> Rows:
    """The lines that are meant by `q`, `level`, `min_level`, `logger`, fields of the payload and `field.…`.

    Without `by_words` whoever walks along the lines looks for the words: see `said_by_many`.
    """
    levels = _levels(asked)
    if levels is not None:
        rows = rows.filter(level__in=levels)
        if set(levels) <= set(ERROR_LEVELS):
            rows = rows.filter(raw_condition(_severe()))
    for name, value in asked.items():
        if name == "logger":
            rows = rows.filter(logger=value)
        elif _is_field(name):
            rows = rows.filter(_holds(name, value))
    phrases = _phrases(asked) if by_words else []
    return _saying(rows, phrases) if phrases else rows


def named_before(asked: Mapping[str, str]) -> Q:
    """Lines that name this model, and version, of before each line was known to be of one."""
    given = [_holds(name, asked[name]) for name in ("model", "version") if name in asked]
    return reduce(and_, given, Q(version_id__isnull=True))


def _phrases(asked: Mapping[str, str]) -> list[Phrase]:
    """What a line must say: the search, and the fields that it must have."""
    phrases = read_query(asked["q"]) if "q" in asked else []
    fields = [value for name, value in asked.items() if name == "logger" or _is_field(name)]
    return phrases + [one for one in map(phrase, fields) if one]


def _is_field(name: str) -> bool:
    return name in PAYLOAD or name.startswith(FIELD)


def said_by_many(asked: Mapping[str, str]) -> str:
    """The search in FTS5's words where too many lines say it to look all of them up; empty otherwise."""
    phrases = _phrases(asked) if connection.vendor == "sqlite" else []
    if not phrases:
        return ""
    query = for_fts5(phrases)
    return query if len(_ids_saying(query)) > FEW else ""


def said_by_few(asked: Mapping[str, str]) -> bool:
    """Whether the words of a search lead to so few lines that these are looked up, wherever in time they are (SQLite)."""
    phrases = _phrases(asked) if connection.vendor == "sqlite" else []
    return bool(phrases) and len(_ids_saying(for_fts5(phrases))) <= FEW


def walk(rows: Rows, query: str, *, limit: int, cursor: str | None) -> Page[LogRecord]:
    """A page of lines that say it, found on the way along the time: each stretch of lines is compared with the words at once.

    After 20,000 lines the page is told as it is, with where to go on: a search must end.
    """
    found: list[LogRecord] = []
    for _stretch in range(STRETCHES):
        page = keyset_page(
            rows.select_related(None).only("ts_us"), time="ts_us", limit=MAX_LIMIT, cursor=cursor, coarse=SECOND
        )
        saying = _saying_among(query, [row.pk for row in page.items])
        found += [row for row in page.items if row.pk in saying]
        cursor = page.next
        if cursor is None or len(found) > limit:
            break
    shown = found[:limit]
    if len(found) > limit:
        cursor = Cursor(shown[-1].ts_us, shown[-1].pk).encode()
    whole = LogRecord.objects.select_related("version__model").in_bulk([row.pk for row in shown])
    return Page([whole[row.pk] for row in shown if row.pk in whole], cursor)


def _saying_among(query: str, ids: list[int]) -> set[int]:
    """Lines of one stretch came together, so that their ids are near each other."""
    if not ids:
        return set()
    sql = "SELECT rowid FROM monitoring_logtext WHERE monitoring_logtext MATCH %s AND rowid BETWEEN %s AND %s"
    with connection.cursor() as cursor:
        cursor.execute(sql, [query, min(ids), max(ids)])
        return {rowid for (rowid,) in cursor.fetchall()}


def _ids_saying(query: str) -> list[int]:
    with connection.cursor() as cursor:
        sql = f"SELECT rowid FROM monitoring_logtext WHERE monitoring_logtext MATCH %s LIMIT {FEW + 1}"
        cursor.execute(sql, [query])
        return [rowid for (rowid,) in cursor.fetchall()]


def _levels(asked: Mapping[str, str]) -> list[str] | None:
    """The levels that are asked for; None where any will do."""
    wanted = None
    if "level" in asked:
        wanted = [canon(word) for word in asked["level"].split(",") if word.strip()]
    if "min_level" in asked:
        least = at_least(canon(asked["min_level"]))
        wanted = [level for level in (least if wanted is None else wanted) if level in least]
    return wanted


def _severe() -> str:
    """The condition of the index of errors, as a literal: SQLite does not look into parameters."""
    return f'"{TABLE}"."level" IN ({", ".join(map(repr, ERROR_LEVELS))})'


def raw_condition(sql: str, params: tuple[Any, ...] = ()) -> Q:
    """A condition of our own writing, with its values beside it."""
    return Q(RawSQL(sql, params, output_field=BooleanField()))  # noqa: S611 - statements of this module; values are parameters


def _holds(name: str, value: str) -> Q:
    """A field of the payload that is this text, or the number or word of JSON that is written so."""
    path = [name] if not name.startswith(FIELD) else ["extra", name.removeprefix(FIELD)]
    texts = [json.dumps(value, ensure_ascii=False), value]
    paths = {tuple(path), (path[0], *path[-1].split("."))} if len(path) > 1 else {tuple(path)}
    sql, params = list[str](), list[Any]()
    for one in sorted(paths):
        if connection.vendor == "postgresql":
            sql.append(f'"{TABLE}"."payload"::jsonb #>> %s::text[] = %s')
            params += [list(one), value]
        else:
            sql.append(f'"{TABLE}"."payload" -> %s IN (%s, %s)')
            params += ["$" + "".join(f".{json.dumps(part, ensure_ascii=False)}" for part in one), *texts]
    return raw_condition(f"({' OR '.join(sql)})", tuple(params))


def _saying(rows: Rows, phrases: list[Phrase]) -> Rows:
    if connection.vendor == "postgresql":
        vector = postgres_vector(f'"{TABLE}".').replace("%", "%%")
        asked = f"to_tsquery('simple'::regconfig, translate(%s, '{ACCENTED}', '{PLAIN}'))"
        return rows.filter(raw_condition(f"{vector} @@ {asked}", (for_tsquery(phrases),)))
    asked = for_fts5(phrases)
    found = _ids_saying(asked)
    if len(found) <= FEW:
        return rows.filter(raw_condition(f'"{TABLE}"."id" IN (SELECT value FROM json_each(%s))', (json.dumps(found),)))
    exists = f'SELECT 1 FROM monitoring_logtext WHERE monitoring_logtext MATCH %s AND rowid = "{TABLE}"."id"'
    return rows.filter(raw_condition(f"EXISTS ({exists})", (asked,)))
