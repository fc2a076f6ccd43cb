"""Incidents of the time before groups were of a model: their key and labels are those that its alerts have from now on."""

from django.db import migrations


def fingerprint(labels):
    value = 0xCBF29CE484222325
    for name, text in sorted(labels.items()):
        for byte in name.encode() + b"\xff" + text.encode() + b"\xff":
            value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


def group(apps, schema_editor):
    Incident = apps.get_model("alerting", "Incident")
    for incident in Incident.objects.filter(group_key__startswith="model:", model__isnull=False).select_related("model"):
        incident.group_labels = {"model": incident.model.slug}
        incident.group_key = f"v1:{fingerprint(incident.group_labels)}"
        incident.save(update_fields=["group_labels", "group_key"])


def ungroup(apps, schema_editor):
    Incident = apps.get_model("alerting", "Incident")
    for incident in Incident.objects.filter(group_key__startswith="v1:", model__isnull=False):
        incident.group_key = f"model:{incident.model_id}"
        incident.save(update_fields=["group_key"])


class Migration(migrations.Migration):
    dependencies = [("alerting", "0005_group_incidents_by_labels")]

    operations = [migrations.RunPython(group, ungroup)]
