from django.db import migrations, models

BEFORE = {"mitigated": "acknowledged", "closed": "resolved", "merged": "resolved"}


def keep(apps, schema_editor):
    """Who has acknowledged so far was the first."""
    incidents = apps.get_model("alerting", "Incident").objects.exclude(acknowledged_at=None)
    incidents.update(answered_at=models.F("acknowledged_at"))


def forget(apps, schema_editor):
    """States that were not there before become those that came nearest."""
    for state, before in BEFORE.items():
        apps.get_model("alerting", "Incident").objects.filter(state=state).update(state=before)


class Migration(migrations.Migration):
    """One statement each; rows stay as they are otherwise."""

    dependencies = [("alerting", "0014_give_incidents_their_whole_life")]

    operations = [migrations.RunPython(keep, forget)]
