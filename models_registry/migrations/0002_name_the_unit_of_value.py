"""Figures of value say what they are counted in."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('models_registry', '0001_first_version'),
    ]

    operations = [
        migrations.AddField(
            model_name='model',
            name='value_unit',
            field=models.CharField(blank=True, help_text='What the matrix and the values of events and outcomes are counted in: US$, R$, points.', max_length=16, verbose_name='unit of value'),
        ),
    ]
