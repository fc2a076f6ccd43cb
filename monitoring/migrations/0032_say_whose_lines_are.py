"""Log lines say whose they are and in which environment."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('models_registry', '0011_know_services'),
        ('monitoring', '0031_remember_imports'),
    ]

    operations = [
        migrations.AddField(
            model_name='logrecord',
            name='environment',
            field=models.CharField(default='production', max_length=64),
        ),
        migrations.AddField(
            model_name='logrecord',
            name='version',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='models_registry.modelversion'),
        ),
        migrations.AlterField(
            model_name='estimator',
            name='kind',
            field=models.CharField(choices=[('binary', 'binary classifier'), ('multiclass', 'multiclass classifier'), ('regression', 'regression'), ('llm', 'LLM application'), ('service', 'service')], max_length=12, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='retentionfloor',
            name='kind',
            field=models.CharField(choices=[('events', 'events'), ('logs', 'log records'), ('minutes', 'minute buckets'), ('hours', 'hour buckets')], max_length=8, primary_key=True, serialize=False),
        ),
    ]
