"""Retention finds old keys on PostgreSQL by a block range index: a few pages, nothing to write per key."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def create(_apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    """SQLite needs none: its keys lie in the order of their arrival."""
    if editor.connection.vendor == "postgresql":
        editor.execute(
            "CREATE INDEX eventkey_seen ON monitoring_eventkey USING brin (seen_us) WITH (autosummarize = on)"
        )


def drop(_apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    """Back to none."""
    if editor.connection.vendor == "postgresql":
        editor.execute("DROP INDEX eventkey_seen")


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0001_initial")]
    operations = [migrations.RunPython(create, drop)]
