"""PostgreSQL compresses large values with pglz unless told otherwise, which costs more than the rest of accepting.

lz4 where the server was built with it, else no compression: a body stays for a second or so.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

COLUMN = "ALTER TABLE monitoring_inboxbody ALTER COLUMN items"
HAS_LZ4 = "SELECT 'lz4' = ANY(enumvals) FROM pg_settings WHERE name = 'default_toast_compression'"


def compress_lightly(_apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Nothing on SQLite, which stores bytes as they are."""
    if editor.connection.vendor != "postgresql":
        return
    with editor.connection.cursor() as cursor:
        cursor.execute(HAS_LZ4)
        found = cursor.fetchone()
        has_lz4 = found is not None and found[0]
        cursor.execute(f"{COLUMN} SET COMPRESSION lz4" if has_lz4 else f"{COLUMN} SET STORAGE EXTERNAL")


class Migration(migrations.Migration):

    dependencies = [
        ('monitoring', '0002_index_key_age'),
    ]

    operations = [migrations.RunPython(compress_lightly, migrations.RunPython.noop)]
