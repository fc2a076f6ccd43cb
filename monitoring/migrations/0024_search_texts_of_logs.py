"""Make the texts of log lines searchable (an index of words on PostgreSQL, FTS5 on SQLite), and their levels one word each."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from monitoring.models import log_text
from monitoring.stats.severity import SAME


def name_levels(_apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """One word for each level, as lines have it from now on."""
    with editor.connection.cursor() as cursor:
        for word, level in SAME.items():
            cursor.execute("UPDATE monitoring_logrecord SET level = %s WHERE level = %s", [level, word])


def create_index(_apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Of the lines that are there already too."""
    log_text.create_index(editor.connection)


def drop_index(_apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """The lines stay."""
    log_text.drop_index(editor.connection)


class Migration(migrations.Migration):

    dependencies = [
        ('monitoring', '0023_find_events_by_any_id'),
    ]

    operations = [
        migrations.RunPython(name_levels, migrations.RunPython.noop),
        migrations.RunPython(create_index, drop_index),
    ]
