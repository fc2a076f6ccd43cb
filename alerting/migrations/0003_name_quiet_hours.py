"""Quiet hours that are there are named after whom they leave alone and when they begin."""

from itertools import chain, count

from django.db import migrations


def name_all(apps, schema_editor):
    taken = set()
    for row in apps.get_model("alerting", "QuietHours").objects.select_related("channel", "person").order_by("pk"):
        whose = row.channel.name if row.channel else row.person.username
        first = f"{whose[:100]} {row.starts:%H:%M}"
        names = chain([first], (f"{first} {n}" for n in count(2)))
        row.name = next(name for name in names if (row.project_id, name) not in taken)
        taken.add((row.project_id, row.name))
        row.save(update_fields=["name"])


class Migration(migrations.Migration):
    """Backwards, the names go with their column."""

    dependencies = [("alerting", "0002_quiet_hours_have_names")]

    operations = [migrations.RunPython(name_all, migrations.RunPython.noop)]
