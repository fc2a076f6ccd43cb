from django.db import migrations, models

import alerting.models.mutes
import alerting.wrongs


class Migration(migrations.Migration):
    dependencies = [("alerting", "0008_turn_subjects_of_silences_into_matchers")]

    operations = [
        migrations.RemoveField("silence", "model"),
        migrations.RemoveField("silence", "rule"),
        migrations.AlterField("silence", "matchers", models.JSONField(validators=[alerting.wrongs.check_matchers], verbose_name="matchers")),
        migrations.AlterField("silence", "uid", models.UUIDField(default=alerting.models.mutes.new_id, editable=False, unique=True, verbose_name="id")),
        migrations.AlterField("silence", "updated_at", models.DateTimeField(auto_now=True, verbose_name="changed")),
        migrations.AddIndex("silence", models.Index(fields=["project", "ends_at"], name="silences_by_end")),
        migrations.AddConstraint(
            "silence",
            models.CheckConstraint(condition=models.Q(("ends_at__gte", models.F("starts_at"))), name="silence_ends_after_start"),
        ),
    ]
