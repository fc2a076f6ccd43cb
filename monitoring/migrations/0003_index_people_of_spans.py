"""Sessions and people that only spans name are found, too: an instrumentation tells them once, at the root of a trace."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('models_registry', '0001_first_version'),
        ('monitoring', '0002_index_words_and_compress_lightly'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='span',
            index=models.Index(condition=models.Q(('session_id', ''), _negated=True), fields=['session_id'], name='span_session'),
        ),
        migrations.AddIndex(
            model_name='span',
            index=models.Index(condition=models.Q(('user_id', ''), _negated=True), fields=['user_id'], name='span_user'),
        ),
    ]
