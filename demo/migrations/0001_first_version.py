"""The tables of the first version."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('demo', '0001_create_play'),
    ]

    dependencies = [
        ('models_registry', '0001_first_version'),
    ]

    operations = [
        migrations.CreateModel(
            name='Play',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seed', models.BigIntegerField(verbose_name='seed')),
                ('origin', models.DateTimeField(verbose_name='origin')),
                ('episodes', models.JSONField(default=list, help_text='["scenario", onset in epoch seconds] each.', verbose_name='episodes')),
                ('through', models.DateTimeField(verbose_name='told through')),
                ('seeded', models.BooleanField(default=False, verbose_name='seeded')),
                ('project', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='models_registry.project', verbose_name='project')),
            ],
            options={
                'verbose_name': 'play',
                'verbose_name_plural': 'plays',
            },
        ),
    ]
