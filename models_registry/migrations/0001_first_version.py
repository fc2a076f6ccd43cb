"""The tables of the first version."""

import datetime
import django.contrib.auth.models
import django.contrib.auth.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('models_registry', '0001_initial'),
        ('models_registry', '0002_create_login_attempts'),
        ('models_registry', '0003_add_jobs'),
        ('models_registry', '0004_declare_feedback'),
        ('models_registry', '0005_add_prompts'),
        ('models_registry', '0006_sign_links'),
        ('models_registry', '0007_declare_value'),
        ('models_registry', '0008_lease_jobs'),
        ('models_registry', '0009_keep_answers'),
        ('models_registry', '0010_keep_exports'),
        ('models_registry', '0011_know_services'),
    ]

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='GivenAnswer',
            fields=[
                ('key', models.BinaryField(max_length=16, primary_key=True, serialize=False, verbose_name='key')),
                ('asked', models.BinaryField(max_length=16, verbose_name='what was asked')),
                ('status', models.PositiveSmallIntegerField(null=True, verbose_name='status')),
                ('media_type', models.CharField(blank=True, max_length=64, verbose_name='media type')),
                ('body', models.BinaryField(default=b'', help_text='Sealed: an answer may show a key.', verbose_name='answer')),
                ('created_at', models.DateTimeField(db_index=True, verbose_name='created')),
            ],
            options={
                'verbose_name': 'given answer',
                'verbose_name_plural': 'given answers',
            },
        ),
        migrations.CreateModel(
            name='LoginAttempts',
            fields=[
                ('key', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('count', models.PositiveIntegerField(default=0)),
                ('last_at', models.DateTimeField(db_index=True)),
                ('free_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'login attempts',
                'verbose_name_plural': 'login attempts',
            },
        ),
        migrations.CreateModel(
            name='Project',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=64, unique=True, verbose_name='slug')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('redact', models.BooleanField(default=True, help_text='Applies to what arrives from now on; stored data stays.', verbose_name='redact personal data')),
                ('redact_extra', models.JSONField(blank=True, default=dict, help_text='Name to regular expression, for example {"matricula": "\\\\b[0-9]{6}-[0-9]\\\\b"}.', verbose_name='extra patterns')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
            ],
            options={
                'verbose_name': 'project',
                'verbose_name_plural': 'projects',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Model',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.CharField(max_length=200, verbose_name='slug')),
                ('name', models.CharField(blank=True, max_length=200, verbose_name='name')),
                ('description', models.TextField(blank=True, verbose_name='description')),
                ('owner', models.CharField(blank=True, max_length=120, verbose_name='owner')),
                ('kind', models.CharField(choices=[('binary', 'binary classifier'), ('multiclass', 'multiclass classifier'), ('regression', 'regression'), ('llm', 'LLM application'), ('service', 'service')], default='binary', max_length=12, verbose_name='kind')),
                ('mode', models.CharField(choices=[('online', 'online'), ('batch', 'batch')], default='online', max_length=8, verbose_name='mode')),
                ('positive_label', models.CharField(blank=True, default='1', max_length=200, verbose_name='positive label')),
                ('threshold', models.FloatField(default=0.5, help_text='Turns a score into a decision when a prediction carries no label.', verbose_name='threshold')),
                ('label_delay', models.DurationField(default=datetime.timedelta(0), help_text='How long after a prediction its label is usually known.', verbose_name='label delay')),
                ('score_min', models.FloatField(default=0, help_text='What the worst answer gets.', verbose_name='lowest feedback score')),
                ('score_max', models.FloatField(default=1, help_text='What the best answer gets.', verbose_name='highest feedback score')),
                ('bad_score', models.FloatField(blank=True, help_text='A score below this makes an answer a bad one; empty: scores judge no answer.', null=True, verbose_name='bad below')),
                ('feedback_categories', models.JSONField(blank=True, default=list, help_text='What a feedback link offers to choose from, for example ["wrong", "outdated", "rude"].', verbose_name='feedback categories')),
                ('bad_categories', models.JSONField(blank=True, default=list, help_text='Those that make an answer a bad one.', verbose_name='bad categories')),
                ('conversion_events', models.JSONField(blank=True, default=list, help_text='Names of business events that count as a conversion, for example ["purchase"]; empty: all of them.', verbose_name='converting events')),
                ('value_matrix', models.JSONField(blank=True, default=dict, help_text='What a decision is worth, by the true class and then the decided one: {"yes": {"yes": 10, "no": 0}, "no": {"yes": -2, "no": 0}}. In any unit, such as money.', verbose_name='value matrix')),
                ('reviewed', models.BooleanField(default=False, help_text='Registered on first sight until a person confirms its definition.', verbose_name='reviewed')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='models', to='models_registry.project', verbose_name='project')),
            ],
            options={
                'verbose_name': 'model',
                'verbose_name_plural': 'models',
                'ordering': ['slug'],
                'constraints': [models.UniqueConstraint(fields=('project', 'slug'), name='model_slug_per_project'), models.CheckConstraint(condition=models.Q(('threshold__gte', 0), ('threshold__lte', 1)), name='model_threshold_in_unit')],
            },
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('username', models.CharField(error_messages={'unique': 'A user with that username already exists.'}, help_text='Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.', max_length=150, unique=True, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()], verbose_name='username')),
                ('first_name', models.CharField(blank=True, max_length=150, verbose_name='first name')),
                ('last_name', models.CharField(blank=True, max_length=150, verbose_name='last name')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='email address')),
                ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'verbose_name': 'user',
                'verbose_name_plural': 'users',
                'abstract': False,
            },
            managers=[
                ('objects', django.contrib.auth.models.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name='Clock',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ('real', models.DateTimeField(verbose_name='real time')),
                ('story', models.DateTimeField(verbose_name='story time')),
                ('rate', models.FloatField(default=1.0, verbose_name='rate')),
            ],
            options={
                'verbose_name': 'clock',
                'verbose_name_plural': 'clocks',
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='clock_is_single'), models.CheckConstraint(condition=models.Q(('rate__gte', 0), ('rate__lte', 600)), name='clock_rate_in_range')],
            },
        ),
        migrations.CreateModel(
            name='Job',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(help_text='A name in settings.JOBS.', max_length=32, verbose_name='kind')),
                ('arguments', models.JSONField(blank=True, default=dict, verbose_name='arguments')),
                ('state', models.CharField(choices=[('queued', 'queued'), ('running', 'running'), ('done', 'done'), ('failed', 'failed'), ('cancelled', 'cancelled')], default='queued', max_length=10, verbose_name='state')),
                ('cursor', models.JSONField(blank=True, default=dict, verbose_name='cursor')),
                ('done', models.BigIntegerField(default=0, verbose_name='done')),
                ('total', models.BigIntegerField(blank=True, help_text='Empty where nobody knows beforehand.', null=True, verbose_name='of')),
                ('report', models.JSONField(blank=True, default=dict, verbose_name='report')),
                ('error', models.TextField(blank=True, verbose_name='error')),
                ('cancel', models.BooleanField(default=False, verbose_name='to be cancelled')),
                ('created_at', models.DateTimeField(verbose_name='created')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='finished')),
                ('stepped_at', models.DateTimeField(blank=True, help_text='In real time.', null=True, verbose_name='last step')),
                ('lease_until', models.DateTimeField(blank=True, help_text='In real time; somebody works on it outside a transaction.', null=True, verbose_name='under way until')),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='started by')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='jobs', to='models_registry.project', verbose_name='project')),
            ],
            options={
                'verbose_name': 'job',
                'verbose_name_plural': 'jobs',
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('state__in', ['queued', 'running'])), fields=['stepped_at'], name='job_with_work'), models.Index(fields=['project', '-id'], name='job_by_project')],
            },
        ),
        migrations.CreateModel(
            name='ModelVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.CharField(blank=True, max_length=200, verbose_name='version')),
                ('reviewed', models.BooleanField(default=False, verbose_name='reviewed')),
                ('notes', models.TextField(blank=True, verbose_name='notes')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='first seen')),
                ('model', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='models_registry.model', verbose_name='model')),
            ],
            options={
                'verbose_name': 'model version',
                'verbose_name_plural': 'model versions',
                'ordering': ['-id'],
                'constraints': [models.UniqueConstraint(fields=('model', 'version'), name='version_per_model')],
            },
        ),
        migrations.CreateModel(
            name='ApiKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('prefix', models.CharField(editable=False, max_length=16, unique=True, verbose_name='prefix')),
                ('digest', models.BinaryField(max_length=32)),
                ('link_secret', models.BinaryField(max_length=32, null=True)),
                ('scopes', models.JSONField(default=list, verbose_name='scopes')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('last_used_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='last used')),
                ('expires_at', models.DateTimeField(blank=True, null=True, verbose_name='expires')),
                ('revoked_at', models.DateTimeField(blank=True, null=True, verbose_name='revoked')),
                ('created_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL, verbose_name='created by')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='keys', to='models_registry.project', verbose_name='project')),
            ],
            options={
                'verbose_name': 'API key',
                'verbose_name_plural': 'API keys',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Prompt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200, verbose_name='name')),
                ('description', models.TextField(blank=True, verbose_name='description')),
                ('owner', models.CharField(blank=True, max_length=120, verbose_name='owner')),
                ('reviewed', models.BooleanField(default=False, help_text='Registered on first sight until a person confirms its definition.', verbose_name='reviewed')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('model', models.ForeignKey(blank=True, help_text='Who uses it; set by the first call unless you choose.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='prompts', to='models_registry.model', verbose_name='application')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='prompts', to='models_registry.project', verbose_name='project')),
            ],
            options={
                'verbose_name': 'prompt',
                'verbose_name_plural': 'prompts',
                'ordering': ['name'],
                'constraints': [models.UniqueConstraint(fields=('project', 'name'), name='prompt_per_project')],
            },
        ),
        migrations.CreateModel(
            name='PromptVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.CharField(blank=True, max_length=200, verbose_name='version')),
                ('template', models.JSONField(blank=True, help_text='A text in quotes, or messages: [{"role": "system", "content": "…"}].', null=True, verbose_name='template')),
                ('parameters', models.JSONField(blank=True, help_text='For example {"temperature": 0.2, "max_tokens": 700}.', null=True, verbose_name='parameters')),
                ('note', models.TextField(blank=True, help_text='What is different, and why.', verbose_name='note')),
                ('author', models.CharField(blank=True, max_length=120, verbose_name='author')),
                ('reviewed', models.BooleanField(default=False, verbose_name='reviewed')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('first_used_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='first used')),
                ('observed_system', models.JSONField(blank=True, editable=False, null=True, verbose_name='observed system prompt')),
                ('observed_parameters', models.JSONField(blank=True, editable=False, null=True, verbose_name='observed parameters')),
                ('system_varies', models.BooleanField(default=False, editable=False, verbose_name='system prompt differs from call to call')),
                ('parameters_vary', models.BooleanField(default=False, editable=False, verbose_name='parameters differ from call to call')),
                ('prompt', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='models_registry.prompt', verbose_name='prompt')),
            ],
            options={
                'verbose_name': 'prompt version',
                'verbose_name_plural': 'prompt versions',
                'ordering': ['-id'],
                'constraints': [models.UniqueConstraint(fields=('prompt', 'version'), name='prompt_version_per_prompt')],
            },
        ),
        migrations.CreateModel(
            name='Deployment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('deploy', 'deploy'), ('prompt_change', 'prompt change')], default='deploy', max_length=16, verbose_name='kind')),
                ('environment', models.CharField(default='production', max_length=64, verbose_name='environment')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='note')),
                ('event_ref', models.BigIntegerField(blank=True, null=True, unique=True, verbose_name='event')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deployments', to='models_registry.modelversion', verbose_name='version')),
                ('prompt_version', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='deployments', to='models_registry.promptversion', verbose_name='prompt version')),
            ],
            options={
                'verbose_name': 'deployment',
                'verbose_name_plural': 'deployments',
                'ordering': ['-at'],
                'indexes': [models.Index(fields=['version', 'at'], name='deployment_by_version')],
            },
        ),
        migrations.CreateModel(
            name='ExportPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveIntegerField(verbose_name='position')),
                ('body', models.BinaryField(verbose_name='piece')),
                ('job', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='models_registry.job', verbose_name='job')),
            ],
            options={
                'verbose_name': 'part of an export',
                'verbose_name_plural': 'parts of exports',
                'ordering': ['position'],
                'constraints': [models.UniqueConstraint(fields=('job', 'position'), name='export_part_in_order')],
            },
        ),
    ]
