"""A silence of a model, a rule or everything becomes one whose matchers say so."""

from django.db import migrations

import lib.ids


def matcher(name, value, regex=False):
    return {"name": name, "value": value, "isRegex": regex, "isEqual": True}


def to_matchers(apps, schema_editor):
    Silence = apps.get_model("alerting", "Silence")
    for silence in Silence.objects.select_related("model", "rule"):
        named = [("model", silence.model), ("rule", silence.rule)]
        matchers = [matcher(name, row.slug) for name, row in named if row is not None]
        silence.matchers = matchers or [matcher("alertname", ".+", regex=True)]
        silence.uid, silence.updated_at = lib.ids.uuid7(), silence.starts_at
        silence.save(update_fields=["matchers", "uid", "updated_at"])


def to_subjects(apps, schema_editor):
    """What names a model or a rule; other matchers have no subject, and their silences are not undone into wider ones."""
    Silence = apps.get_model("alerting", "Silence")
    Model, Rule = apps.get_model("models_registry", "Model"), apps.get_model("alerting", "AlertRule")
    for silence in Silence.objects.all():
        equal = {one["name"]: one["value"] for one in silence.matchers if one["isEqual"] and not one["isRegex"]}
        silence.model = Model.objects.filter(project=silence.project_id, slug=equal.get("model", "")).first()
        silence.rule = Rule.objects.filter(project=silence.project_id, slug=equal.get("rule", "")).first()
        everything = silence.matchers == [matcher("alertname", ".+", regex=True)]
        if not everything and silence.model is None and silence.rule is None:
            silence.delete()
        else:
            silence.save(update_fields=["model", "rule"])


class Migration(migrations.Migration):
    dependencies = [("alerting", "0007_keep_quiet_by_matchers")]

    operations = [migrations.RunPython(to_matchers, to_subjects)]
