"""The words of log lines come from the drain, in one statement a batch; triggers only take them out again."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from monitoring.models import log_text


def renew_triggers(_apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """The words stay."""
    log_text.renew_triggers(editor.connection)


class Migration(migrations.Migration):

    dependencies = [
        ('monitoring', '0028_find_spans_by_id'),
    ]

    operations = [migrations.RunPython(renew_triggers, migrations.RunPython.noop)]
