"""Estimators of a regression have trees, and these reach back as references do."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("models_registry", "0007_declare_value"),
        ("monitoring", "0016_compress_events_and_buckets_lightly"),
    ]

    operations = [
        migrations.AlterField(
            model_name="reference",
            name="job",
            field=models.ForeignKey(
                help_text="Folds what was stored before it came.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="models_registry.job",
            ),
        ),
        migrations.CreateModel(
            name="LossTrees",
            fields=[
                (
                    "since",
                    models.BigIntegerField(help_text="Primary key of the first prediction that came after it."),
                ),
                (
                    "reach",
                    models.BigIntegerField(help_text="Primary key of the first prediction that is folded by it."),
                ),
                (
                    "partial_before",
                    models.BigIntegerField(
                        help_text="Epoch seconds; what is older could not be folded, because raw events were gone.",
                        null=True,
                    ),
                ),
                (
                    "estimator",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="trees",
                        serialize=False,
                        to="monitoring.estimator",
                    ),
                ),
                (
                    "layout",
                    models.CharField(
                        help_text="Made of the content of the trees.", max_length=32, verbose_name="layout"
                    ),
                ),
                ("data", models.BinaryField(help_text="Packed by monitoring.stats.trees.")),
                (
                    "job",
                    models.ForeignKey(
                        help_text="Folds what was stored before it came.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="models_registry.job",
                    ),
                ),
            ],
            options={
                "verbose_name": "trees of an estimator",
                "verbose_name_plural": "trees of estimators",
                "indexes": [models.Index(fields=["layout"], name="trees_by_layout")],
            },
        ),
    ]
