import datetime

import django.db.models.deletion
from django.db import migrations, models

import alerting.models.mutes
import alerting.wrongs


class Migration(migrations.Migration):
    dependencies = [
        ("alerting", "0006_give_open_incidents_their_group"),
        ("models_registry", "0008_lease_jobs"),
    ]

    operations = [
        migrations.CreateModel(
            name="Inhibition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("source", models.JSONField(validators=[alerting.wrongs.check_matchers], verbose_name="while this fires")),
                ("target", models.JSONField(validators=[alerting.wrongs.check_matchers], verbose_name="these stay quiet")),
                ("equal", models.JSONField(blank=True, default=list, validators=[alerting.wrongs.check_label_names], verbose_name="if these labels are equal")),
                ("enabled", models.BooleanField(default=True, verbose_name="enabled")),
                ("project", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="inhibitions", to="models_registry.project", verbose_name="project")),
            ],
            options={
                "verbose_name": "inhibition",
                "verbose_name_plural": "inhibitions",
                "ordering": ["name"],
                "constraints": [models.UniqueConstraint(fields=("project", "name"), name="inhibition_name_per_project")],
            },
        ),
        migrations.CreateModel(
            name="Maintenance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("matchers", models.JSONField(validators=[alerting.wrongs.check_matchers], verbose_name="matchers")),
                ("days", models.JSONField(default=alerting.models.mutes.all_days, validators=[alerting.models.mutes.check_days], verbose_name="days")),
                ("start", models.TimeField(default=datetime.time(2, 0), verbose_name="from")),
                ("end", models.TimeField(default=datetime.time(4, 0), help_text="At or before the beginning: on the next day.", verbose_name="until")),
                ("time_zone", models.CharField(default="UTC", max_length=64, validators=[alerting.models.mutes.check_zone], verbose_name="time zone")),
                ("owner", models.CharField(max_length=120, verbose_name="owner")),
                ("enabled", models.BooleanField(default=True, verbose_name="enabled")),
                ("project", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="maintenances", to="models_registry.project", verbose_name="project")),
            ],
            options={
                "verbose_name": "maintenance window",
                "verbose_name_plural": "maintenance windows",
                "ordering": ["name"],
                "constraints": [models.UniqueConstraint(fields=("project", "name"), name="maintenance_name_per_project")],
            },
        ),
        migrations.RemoveConstraint(model_name="silence", name="silence_ends_after_start"),
        migrations.AddField("silence", "created_by", models.CharField(blank=True, default="", help_text="As the program that made it says.", max_length=200, verbose_name="made by"), preserve_default=False),
        migrations.AlterField("silence", "comment", models.TextField(blank=True, max_length=2000, verbose_name="comment")),
        # Filled by the next migration.
        migrations.AddField("silence", "matchers", models.JSONField(default=list)),
        migrations.AddField("silence", "uid", models.UUIDField(null=True)),
        migrations.AddField("silence", "updated_at", models.DateTimeField(null=True)),
    ]
