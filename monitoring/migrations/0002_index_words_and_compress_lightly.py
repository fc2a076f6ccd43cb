"""What no model declares: the index of the words of log lines, and on PostgreSQL an index of ages and a lighter compression.

PostgreSQL compresses large values with pglz unless told otherwise, which costs more than the rest of accepting, and a tenth of all
work for buckets, which every drain writes again. lz4 where the server was built with it. Where it was not, a body, which stays for a
second or so, is not compressed, and what is kept is compressed as ever.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from monitoring.models import log_text

KEPT = [("bucket", "bins"), ("prediction", "payload"), ("llmcall", "payload"), ("logrecord", "payload")]
HAS_LZ4 = "SELECT 'lz4' = ANY(enumvals) FROM pg_settings WHERE name = 'default_toast_compression'"


def create_words(_apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """An index of words on PostgreSQL, FTS5 on SQLite."""
    log_text.create_index(editor.connection)


def drop_words(_apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """The lines stay."""
    log_text.drop_index(editor.connection)


def create_ages(_apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Retention finds old keys by a block range index: a few pages, nothing to write per key. On SQLite keys lie as they arrived."""
    if editor.connection.vendor == "postgresql":
        editor.execute(
            "CREATE INDEX eventkey_seen ON monitoring_eventkey USING brin (seen_us) WITH (autosummarize = on)"
        )


def drop_ages(_apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Back to none."""
    if editor.connection.vendor == "postgresql":
        editor.execute("DROP INDEX eventkey_seen")


def compress_lightly(_apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Nothing on SQLite, which stores bytes as they are."""
    if editor.connection.vendor != "postgresql":
        return
    with editor.connection.cursor() as cursor:
        cursor.execute(HAS_LZ4)
        found = cursor.fetchone()
        has_lz4 = found is not None and found[0]
        body = "SET COMPRESSION lz4" if has_lz4 else "SET STORAGE EXTERNAL"
        cursor.execute(f"ALTER TABLE monitoring_inboxbody ALTER COLUMN items {body}")
        for table, column in KEPT if has_lz4 else []:
            cursor.execute(f"ALTER TABLE monitoring_{table} ALTER COLUMN {column} SET COMPRESSION lz4")


class Migration(migrations.Migration):
    replaces = [
        ('monitoring', '0002_index_key_age'),
        ('monitoring', '0003_compress_inbox_lightly'),
        ('monitoring', '0016_compress_events_and_buckets_lightly'),
        ('monitoring', '0024_search_texts_of_logs'),
        ('monitoring', '0029_index_lines_in_bulk'),
        ('monitoring', '0033_put_triggers_back'),
    ]

    dependencies = [
        ('monitoring', '0001_first_version'),
    ]

    operations = [
        migrations.RunPython(create_words, drop_words),
        migrations.RunPython(create_ages, drop_ages),
        migrations.RunPython(compress_lightly, migrations.RunPython.noop),
    ]
