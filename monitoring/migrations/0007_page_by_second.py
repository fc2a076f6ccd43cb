"""Page events by second: writing an event touches an index at its second, not at its microsecond."""

import monitoring.models.events
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('models_registry', '0003_add_jobs'),
        ('monitoring', '0006_keep_opinions'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='businessevent',
            name='businessevent_page',
        ),
        migrations.RemoveIndex(
            model_name='feedback',
            name='feedback_page',
        ),
        migrations.RemoveIndex(
            model_name='llmcall',
            name='llmcall_page',
        ),
        migrations.RemoveIndex(
            model_name='logrecord',
            name='logrecord_page',
        ),
        migrations.RemoveIndex(
            model_name='outcome',
            name='outcome_page',
        ),
        migrations.RemoveIndex(
            model_name='prediction',
            name='prediction_page',
        ),
        migrations.AddIndex(
            model_name='businessevent',
            index=models.Index(models.F('project'), monitoring.models.events.Second('ts_us'), name='businessevent_page'),
        ),
        migrations.AddIndex(
            model_name='feedback',
            index=models.Index(models.F('project'), monitoring.models.events.Second('ts_us'), name='feedback_page'),
        ),
        migrations.AddIndex(
            model_name='llmcall',
            index=models.Index(models.F('project'), monitoring.models.events.Second('ts_us'), name='llmcall_page'),
        ),
        migrations.AddIndex(
            model_name='logrecord',
            index=models.Index(models.F('project'), monitoring.models.events.Second('ts_us'), name='logrecord_page'),
        ),
        migrations.AddIndex(
            model_name='outcome',
            index=models.Index(models.F('project'), monitoring.models.events.Second('ts_us'), name='outcome_page'),
        ),
        migrations.AddIndex(
            model_name='prediction',
            index=models.Index(models.F('project'), monitoring.models.events.Second('ts_us'), name='prediction_page'),
        ),
    ]
