"""The tables of the first version."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('runbooks', '0001_initial'),
        ('runbooks', '0002_add_review_language'),
    ]

    initial = True

    dependencies = [
        ('alerting', '0001_first_version'),
        ('models_registry', '0001_first_version'),
        ('models_registry', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='Review',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('draft', 'draft'), ('published', 'published')], default='draft', max_length=12, verbose_name='state')),
                ('body', models.TextField(blank=True, help_text='Markdown.', verbose_name='body')),
                ('language', models.CharField(blank=True, editable=False, help_text='Of the first who saved it.', max_length=16, verbose_name='language of the text')),
                ('revision', models.PositiveIntegerField(default=0, editable=False, help_text='Counts saves; an edit of an older one is refused.', verbose_name='revision')),
                ('created_at', models.DateTimeField(verbose_name='created')),
                ('edited_at', models.DateTimeField(blank=True, null=True, verbose_name='edited')),
                ('published_at', models.DateTimeField(blank=True, null=True, verbose_name='published at')),
                ('edited_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='edited by')),
                ('incident', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='review', to='alerting.incident', verbose_name='incident')),
                ('published_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='published by')),
            ],
            options={
                'verbose_name': 'review',
                'verbose_name_plural': 'reviews',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='ActionItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=300, verbose_name='title')),
                ('owner', models.CharField(max_length=120, verbose_name='owner')),
                ('due', models.DateField(verbose_name='due')),
                ('done_at', models.DateTimeField(blank=True, null=True, verbose_name='done')),
                ('review', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='actions', to='runbooks.review', verbose_name='review')),
            ],
            options={
                'verbose_name': 'action item',
                'verbose_name_plural': 'action items',
                'ordering': ['due', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Runbook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=64, verbose_name='slug')),
                ('title', models.CharField(max_length=160, verbose_name='title')),
                ('summary', models.TextField(blank=True, help_text='Markdown: meaning and impact.', verbose_name='summary')),
                ('owner', models.CharField(blank=True, max_length=120, verbose_name='owner')),
                ('verified_at', models.DateField(blank=True, null=True, verbose_name='last verified')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='runbooks', to='models_registry.project', verbose_name='project')),
                ('rules', models.ManyToManyField(blank=True, related_name='runbooks', to='alerting.alertrule', verbose_name='rules')),
            ],
            options={
                'verbose_name': 'runbook',
                'verbose_name_plural': 'runbooks',
                'ordering': ['title'],
                'constraints': [models.UniqueConstraint(fields=('project', 'slug'), name='runbook_slug_per_project')],
            },
        ),
        migrations.CreateModel(
            name='Run',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('started_at', models.DateTimeField(verbose_name='started')),
                ('incident', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='runs', to='alerting.incident', verbose_name='incident')),
                ('started_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='started by')),
                ('runbook', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='runs', to='runbooks.runbook', verbose_name='runbook')),
            ],
            options={
                'verbose_name': 'run',
                'verbose_name_plural': 'runs',
                'constraints': [models.UniqueConstraint(fields=('incident', 'runbook'), name='run_per_incident')],
            },
        ),
        migrations.CreateModel(
            name='RunStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(verbose_name='position')),
                ('title', models.CharField(max_length=200, verbose_name='title')),
                ('body', models.TextField(blank=True, verbose_name='body')),
                ('done_at', models.DateTimeField(blank=True, null=True, verbose_name='done')),
                ('note', models.TextField(blank=True, verbose_name='note')),
                ('done_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='done by')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='runbooks.run', verbose_name='run')),
            ],
            options={
                'verbose_name': 'run step',
                'verbose_name_plural': 'run steps',
                'ordering': ['position', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Step',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(verbose_name='position')),
                ('title', models.CharField(max_length=200, verbose_name='title')),
                ('body', models.TextField(blank=True, help_text='Markdown.', verbose_name='body')),
                ('runbook', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='runbooks.runbook', verbose_name='runbook')),
            ],
            options={
                'verbose_name': 'step',
                'verbose_name_plural': 'steps',
                'ordering': ['position', 'id'],
            },
        ),
    ]
