"""The text of log lines as it is searched: one expression for each database, written once for index and query.

PostgreSQL holds it in an index over the expression itself; SQLite in a contentless FTS5 table that the drain fills and
triggers clear. Either changes with the line, in its transaction, and goes with it when retention drops it. Neither keeps the text twice.
"""

import json
from collections.abc import Sequence
from typing import Final

from django.db.backends.base.base import BaseDatabaseWrapper

LENGTH: Final = 32_768  # of the message, and again of everything without a column
ACCENTED: Final = "ÁÀÂÃÄÅÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑÝáàâãäåéèêëíìîïóòôõöúùûüçñýÿ"
PLAIN: Final = "AAAAAAEEEEIIIIOOOOOUUUUCNYaaaaaaeeeeiiiiooooouuuucnyy"
PARTING: Final = "".join(chr(code) for code in range(33, 127) if not chr(code).isalnum() and chr(code) != "'")
TRIGGERS: Final = ("logtext_delete", "logtext_update")
FOLDED: Final = ACCENTED + PARTING
FOLDS: Final = PLAIN + " " * len(PARTING)


def _body(row: str, shorten: str) -> str:
    """Message, logger and payload of a row; line breaks of a JSON text part words."""
    message, payload = f"{row}message", f"replace(replace({row}payload, '\\n', ' '), '\\t', ' ')"
    return f"{shorten.format(message)} || ' ' || {row}logger || ' ' || {shorten.format(payload)}"


def postgres_vector(row: str = "") -> str:
    """The words of a line; `row` is a prefix of its columns."""
    body = _body(row, f"left({{}}, {LENGTH})")
    return f"to_tsvector('simple'::regconfig, translate({body}, '{FOLDED}''', '{FOLDS} '))"


def _sqlite_body(row: str = "") -> str:
    return _body(row, f"substr({{}}, 1, {LENGTH})")


def _triggers() -> list[str]:
    """What takes words out again, of lines whose words are there."""
    remove = (
        "INSERT INTO monitoring_logtext (monitoring_logtext, rowid, body)"
        f" VALUES ('delete', old.id, {_sqlite_body('old.')});"
    )
    insert = f"INSERT INTO monitoring_logtext (rowid, body) VALUES (new.id, {_sqlite_body('new.')});"
    known = "WHEN EXISTS (SELECT 1 FROM monitoring_logtext_docsize WHERE id = old.id)"
    return [
        f"CREATE TRIGGER logtext_delete AFTER DELETE ON monitoring_logrecord {known} BEGIN {remove} END",
        "CREATE TRIGGER logtext_update AFTER UPDATE OF message, logger, payload ON monitoring_logrecord"
        f" {known} BEGIN {remove} {insert} END",
    ]


def create_index(connection: BaseDatabaseWrapper) -> None:
    """Make lines searchable, those that are there already too; nothing where that is done."""
    if connection.vendor == "postgresql":
        _execute(
            connection,
            f"CREATE INDEX IF NOT EXISTS logrecord_text ON monitoring_logrecord USING gin (({postgres_vector()}))",
        )
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'monitoring_logtext'")
        if cursor.fetchone() is not None:
            return
    _execute(
        connection,
        "CREATE VIRTUAL TABLE monitoring_logtext USING fts5"
        "(body, content='', tokenize=\"unicode61 remove_diacritics 2\")",
        *_triggers(),
        f"INSERT INTO monitoring_logtext (rowid, body) SELECT id, {_sqlite_body()} FROM monitoring_logrecord",
    )


def index_lines(connection: BaseDatabaseWrapper, ids: Sequence[int]) -> None:
    """The words of lines that have just been stored, in one statement: a trigger would cost five times as much a line."""
    if connection.vendor == "sqlite":
        select = f"SELECT id, {_sqlite_body()} FROM monitoring_logrecord WHERE id IN (SELECT value FROM json_each(%s))"
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO monitoring_logtext (rowid, body) {select}", [json.dumps(list(ids))])


def drop_index(connection: BaseDatabaseWrapper) -> None:
    """Undo `create_index`."""
    if connection.vendor == "postgresql":
        _execute(connection, "DROP INDEX IF EXISTS logrecord_text")
    else:
        drops = [f"DROP TRIGGER IF EXISTS {name}" for name in TRIGGERS]
        _execute(connection, *drops, "DROP TABLE IF EXISTS monitoring_logtext")


def _execute(connection: BaseDatabaseWrapper, *statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
