"""Estimators of a regression that know bins alone go, those with trees on the way back: others are fitted by themselves."""

from django.db import migrations


def drop_estimators_of_losses(apps, schema_editor):
    """With the jobs that fitted them: what has been tried once is not tried again."""
    estimators = apps.get_model("monitoring", "Estimator").objects.filter(kind="regression")
    versions = set(estimators.values_list("version_id", flat=True))
    jobs = apps.get_model("models_registry", "Job").objects.filter(kind="fit_estimator", state="done")
    of_these = [pk for pk, arguments in jobs.values_list("pk", "arguments") if arguments.get("version") in versions]
    jobs.filter(pk__in=of_these).delete()
    estimators.delete()


class Migration(migrations.Migration):

    dependencies = [("monitoring", "0017_estimate_losses_by_trees")]

    operations = [migrations.RunPython(drop_estimators_of_losses, drop_estimators_of_losses)]
