"""A reference reaches back by a job, and its features have a key of their own."""

import django.db.models.deletion
from django.db import migrations, models

FROM_ITS_PLACE_ON = "UPDATE monitoring_reference SET reach = since"
KEYED = """
    UPDATE monitoring_series SET key = CAST(version_id AS varchar(20)) || ':' || (
        SELECT CAST(MAX(r.id) AS varchar(20)) FROM monitoring_reference r
        WHERE r.version_id = monitoring_series.version_id AND r.layout = monitoring_series.layout
    ) WHERE metric = 'features'"""
BY_LAYOUT = "UPDATE monitoring_series SET key = layout WHERE metric = 'features'"


class Migration(migrations.Migration):

    dependencies = [
        ("models_registry", "0003_add_jobs"),
        ("monitoring", "0009_add_estimators"),
    ]

    operations = [
        migrations.AlterField(
            model_name="reference",
            name="origin",
            field=models.CharField(
                choices=[
                    ("rows", "training data"),
                    ("histograms", "histograms"),
                    ("window", "a past window"),
                    ("version", "another version"),
                ],
                max_length=12,
                verbose_name="origin",
            ),
        ),
        migrations.AlterField(
            model_name="reference",
            name="since",
            field=models.BigIntegerField(help_text="Primary key of the first prediction that came after it."),
        ),
        migrations.AddField(
            model_name="reference",
            name="reach",
            field=models.BigIntegerField(
                default=0, help_text="Primary key of the first prediction that is folded by it."
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="reference",
            name="partial_before",
            field=models.BigIntegerField(
                help_text="Epoch seconds; what is older could not be folded, because raw events were gone.", null=True
            ),
        ),
        migrations.AddField(
            model_name="reference",
            name="job",
            field=models.ForeignKey(
                help_text="Folds what was stored before the reference came.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="models_registry.job",
            ),
        ),
        migrations.RunSQL(FROM_ITS_PLACE_ON, migrations.RunSQL.noop),
        migrations.RunSQL(KEYED, BY_LAYOUT),
    ]
