"""Quiet hours have names, so that files can define them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Empty until the next one."""

    dependencies = [("alerting", "0001_first_version")]

    operations = [
        migrations.AddField("quiethours", "name", models.CharField("name", default="", max_length=120), preserve_default=False),
    ]
