"""PostgreSQL compresses large values with pglz unless told otherwise; of buckets, which every drain writes again, that was a tenth of all work.

lz4 where the server was built with it; otherwise all stays as it was, for these values are kept.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

COLUMNS = [("bucket", "bins"), ("prediction", "payload"), ("llmcall", "payload"), ("logrecord", "payload")]
HAS_LZ4 = "SELECT 'lz4' = ANY(enumvals) FROM pg_settings WHERE name = 'default_toast_compression'"


def compress_lightly(_apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """What is stored already keeps the method it was stored with."""
    _set_compression(editor, "lz4")


def compress_as_before(_apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """By the server's default."""
    _set_compression(editor, "default")


def _set_compression(editor: BaseDatabaseSchemaEditor, method: str) -> None:
    """Nothing on SQLite, which stores bytes as they are."""
    if editor.connection.vendor != "postgresql":
        return
    with editor.connection.cursor() as cursor:
        cursor.execute(HAS_LZ4)
        found = cursor.fetchone()
        if found is None or not found[0]:
            return
        for table, column in COLUMNS:
            cursor.execute(f"ALTER TABLE monitoring_{table} ALTER COLUMN {column} SET COMPRESSION {method}")


class Migration(migrations.Migration):

    dependencies = [
        ('monitoring', '0015_add_policies'),
    ]

    operations = [migrations.RunPython(compress_lightly, compress_as_before)]
