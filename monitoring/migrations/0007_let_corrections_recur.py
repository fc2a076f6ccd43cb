"""Corrections that come again on days of the week, and may have no end yet."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('monitoring', '0006_pack_texts_of_calls'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='correction',
            options={'ordering': [models.OrderBy(models.F('ends_at'), descending=True, nulls_first=True), '-starts_at', '-id'], 'verbose_name': 'correction', 'verbose_name_plural': 'corrections'},
        ),
        migrations.AddField(
            model_name='correction',
            name='days',
            field=models.JSONField(blank=True, default=list, help_text='On which it begins, again and again; none where it comes once.', verbose_name='days'),
        ),
        migrations.AddField(
            model_name='correction',
            name='end',
            field=models.TimeField(blank=True, help_text='At or before the beginning: on the next day.', null=True, verbose_name='until'),
        ),
        migrations.AddField(
            model_name='correction',
            name='ended_by',
            field=models.CharField(blank=True, help_text='Where it ends sooner than was said.', max_length=150, verbose_name='ended by'),
        ),
        migrations.AddField(
            model_name='correction',
            name='start',
            field=models.TimeField(blank=True, help_text='By the clock on the wall in that zone; only where it comes again.', null=True, verbose_name='from'),
        ),
        migrations.AddField(
            model_name='correction',
            name='time_zone',
            field=models.CharField(default='UTC', help_text='Such as America/Sao_Paulo, Europe/Berlin, UTC.', max_length=64, verbose_name='time zone'),
        ),
        migrations.AlterField(
            model_name='correction',
            name='ends_at',
            field=models.DateTimeField(blank=True, help_text='One that comes again may leave this empty: it goes on until somebody ends it.', null=True, verbose_name='ends'),
        ),
        migrations.AddConstraint(
            model_name='correction',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('end__isnull', True), ('ends_at__isnull', False), ('start__isnull', True)), models.Q(('end__isnull', False), ('start__isnull', False)), _connector='OR'), name='correction_once_or_again'),
        ),
    ]
