"""SQLite copied the table of log lines to say whose they are, and triggers went with the old one."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from monitoring.models import log_text


def renew_triggers(_apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """The words stay."""
    log_text.renew_triggers(editor.connection)


class Migration(migrations.Migration):

    dependencies = [
        ('monitoring', '0032_say_whose_lines_are'),
    ]

    operations = [migrations.RunPython(renew_triggers, migrations.RunPython.noop)]
