"""The text of log lines as it is searched: one expression for each database, written once for index and query.

PostgreSQL holds it in an index over the expression itself; SQLite in a contentless FTS5 table that triggers keep up. Either
changes with the line, in its transaction, and goes with it when retention drops it. Neither keeps the text twice.
"""

from typing import Final

from django.db.backends.base.base import BaseDatabaseWrapper

LENGTH: Final = 32_768  # of the message, and again of everything without a column
ACCENTED: Final = "ÁÀÂÃÄÅÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑÝáàâãäåéèêëíìîïóòôõöúùûüçñýÿ"
PLAIN: Final = "AAAAAAEEEEIIIIOOOOOUUUUCNYaaaaaaeeeeiiiiooooouuuucnyy"
PARTING: Final = "".join(chr(code) for code in range(33, 127) if not chr(code).isalnum() and chr(code) != "'")
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


def _sqlite() -> list[str]:
    body = {row: _body(f"{row}.", f"substr({{}}, 1, {LENGTH})") for row in ("new", "old")}
    insert = f"INSERT INTO monitoring_logtext (rowid, body) VALUES (new.id, {body['new']});"
    remove = (
        f"INSERT INTO monitoring_logtext (monitoring_logtext, rowid, body) VALUES ('delete', old.id, {body['old']});"
    )
    return [
        "CREATE VIRTUAL TABLE IF NOT EXISTS monitoring_logtext USING fts5"
        "(body, content='', tokenize=\"unicode61 remove_diacritics 2\")",
        f"CREATE TRIGGER IF NOT EXISTS logtext_insert AFTER INSERT ON monitoring_logrecord BEGIN {insert} END",
        f"CREATE TRIGGER IF NOT EXISTS logtext_delete AFTER DELETE ON monitoring_logrecord BEGIN {remove} END",
        "CREATE TRIGGER IF NOT EXISTS logtext_update AFTER UPDATE OF message, logger, payload ON monitoring_logrecord"
        f" BEGIN {remove} {insert} END",
    ]


def create_index(connection: BaseDatabaseWrapper) -> None:
    """Make lines searchable, those that are there already too; nothing where that is done."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                f"CREATE INDEX IF NOT EXISTS logrecord_text ON monitoring_logrecord USING gin (({postgres_vector()}))"
            )
            return
        cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'monitoring_logtext'")
        if cursor.fetchone() is None:
            for statement in _sqlite():
                cursor.execute(statement)
            body = _body("", f"substr({{}}, 1, {LENGTH})")
            cursor.execute(f"INSERT INTO monitoring_logtext (rowid, body) SELECT id, {body} FROM monitoring_logrecord")


def drop_index(connection: BaseDatabaseWrapper) -> None:
    """Undo `create_index`."""
    names = ("logtext_insert", "logtext_delete", "logtext_update")
    drops = [f"DROP TRIGGER IF EXISTS {name}" for name in names]
    drops.append("DROP TABLE IF EXISTS monitoring_logtext")
    with connection.cursor() as cursor:
        for statement in ["DROP INDEX IF EXISTS logrecord_text"] if connection.vendor == "postgresql" else drops:
            cursor.execute(statement)
