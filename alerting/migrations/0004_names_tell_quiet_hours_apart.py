"""No two quiet hours of a project have the same name."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """And whose they are is told in a sentence."""

    dependencies = [
        ('alerting', '0003_name_quiet_hours'),
        ('models_registry', '0001_first_version'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='quiethours',
            constraint=models.UniqueConstraint(fields=('project', 'name'), name='quiet_hours_name_per_project'),
        ),
        migrations.AlterConstraint(
            model_name='quiethours',
            name='quiet_hours_of_one',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('channel', None), ('person__isnull', False)), models.Q(('channel__isnull', False), ('person', None)), _connector='OR'), name='quiet_hours_of_one', violation_error_message='Choose a channel or a person, and not both.'),
        ),
    ]
