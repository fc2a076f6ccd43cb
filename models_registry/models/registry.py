"""Nouns of the registry: who runs in production, who may write, who may look."""

from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from models_registry.models.feedback import check_feedback, check_words
from models_registry.models.value import check_matrix
from models_registry.redaction import compile_patterns
from models_registry.shipped import shipped

LONGEST = timedelta(days=3_650)
"""No window, delay or interval is longer: a database that counts microseconds overflows in the end."""


class Project(models.Model):
    """A boundary of data: every key, model and event belongs to one."""

    slug = models.SlugField(_("slug"), max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=120)
    redact = models.BooleanField(
        _("redact personal data"), default=True, help_text=_("Applies to what arrives from now on; stored data stays.")
    )
    redact_extra = models.JSONField(
        _("extra patterns"),
        default=dict,
        blank=True,
        help_text=_('Name to regular expression, for example {"matricula": "\\\\b[0-9]{6}-[0-9]\\\\b"}.'),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        """Listed by name."""

        verbose_name = _("project")
        verbose_name_plural = _("projects")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """A pattern that cannot run must not be saved."""
        try:
            compile_patterns(self.redact_extra)
        except ValidationError as error:
            raise ValidationError({"redact_extra": error}) from error


class Model(models.Model):
    """A model or an LLM application, as its team names it."""

    class Kind(models.TextChoices):
        """What it predicts, which decides what can be measured."""

        BINARY = "binary", _("binary classifier")
        MULTICLASS = "multiclass", _("multiclass classifier")
        REGRESSION = "regression", _("regression")
        LLM = "llm", _("LLM application")
        SERVICE = "service", _("service")  # predicts and calls nothing: what it says of itself is all that is known

    class Mode(models.TextChoices):
        """How it is called."""

        ONLINE = "online", _("online")
        BATCH = "batch", _("batch")

    project = models.ForeignKey(Project, models.CASCADE, related_name="models", verbose_name=_("project"))
    slug = models.CharField(_("slug"), max_length=200)
    name = models.CharField(_("name"), max_length=200, blank=True)
    description = models.TextField(_("description"), blank=True)
    owner = models.CharField(_("owner"), max_length=120, blank=True)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices, default=Kind.BINARY)
    mode = models.CharField(_("mode"), max_length=8, choices=Mode.choices, default=Mode.ONLINE)
    positive_label = models.CharField(_("positive label"), max_length=200, default="1", blank=True)
    threshold = models.FloatField(
        _("threshold"), default=0.5, help_text=_("Turns a score into a decision when a prediction carries no label.")
    )
    label_delay = models.DurationField(
        _("label delay"), default=timedelta(0), help_text=_("How long after a prediction its label is usually known.")
    )
    score_min = models.FloatField(_("lowest feedback score"), default=0, help_text=_("What the worst answer gets."))
    score_max = models.FloatField(_("highest feedback score"), default=1, help_text=_("What the best answer gets."))
    bad_score = models.FloatField(
        _("bad below"),
        null=True,
        blank=True,
        help_text=_("A score below this makes an answer a bad one; empty: scores judge no answer."),
    )
    feedback_categories = models.JSONField(
        _("feedback categories"),
        default=list,
        blank=True,
        help_text=_('What a feedback link offers to choose from, for example ["wrong", "outdated", "rude"].'),
    )
    bad_categories = models.JSONField(
        _("bad categories"), default=list, blank=True, help_text=_("Those that make an answer a bad one.")
    )
    conversion_events = models.JSONField(
        _("converting events"),
        default=list,
        blank=True,
        help_text=_(
            'Names of business events that count as a conversion, for example ["purchase"]; empty: all of them.'
        ),
    )
    value_matrix = models.JSONField(
        _("value matrix"),
        default=dict,
        blank=True,
        help_text=_(
            'What a decision is worth, by the true class and then the decided one: {"yes": {"yes": 10, "no": 0}, "no": '
            '{"yes": -2, "no": 0}}. In any unit, such as money.'
        ),
    )
    value_unit = models.CharField(
        _("unit of value"),
        max_length=16,
        blank=True,
        help_text=_("What the matrix and the values of events and outcomes are counted in: US$, R$, points."),
    )
    reviewed = models.BooleanField(
        _("reviewed"), default=False, help_text=_("Registered on first sight until a person confirms its definition.")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        """One slug per project; the second index serves the panel's model list."""

        verbose_name = _("model")
        verbose_name_plural = _("models")
        ordering = ["slug"]
        constraints = [
            models.UniqueConstraint(fields=["project", "slug"], name="model_slug_per_project"),
            models.CheckConstraint(
                condition=models.Q(threshold__gte=0, threshold__lte=1), name="model_threshold_in_unit"
            ),
        ]

    def __str__(self) -> str:
        return shipped(self.name) or self.slug

    def clean(self) -> None:
        """Labels come after their predictions, within living memory; feedback can be judged."""
        if not timedelta(0) <= self.label_delay <= LONGEST:
            problem = _("Choose from 00:00:00 to 3650 00:00:00, which is ten years.")
            raise ValidationError({"label_delay": problem})
        check_feedback(self.score_min, self.score_max, self.bad_score)
        for field in ("feedback_categories", "bad_categories", "conversion_events"):
            check_words(field, getattr(self, field))
        classes = {str(self.Kind.BINARY): 2, str(self.Kind.MULTICLASS): None}.get(self.kind, 0)
        check_matrix(self.value_matrix, classes=classes, positive=self.positive_label)


class ModelVersion(models.Model):
    """One version of a model; every event and summary belongs to exactly one."""

    model = models.ForeignKey(Model, models.CASCADE, related_name="versions", verbose_name=_("model"))
    version = models.CharField(_("version"), max_length=200, blank=True)
    reviewed = models.BooleanField(_("reviewed"), default=False)
    notes = models.TextField(_("notes"), blank=True)
    created_at = models.DateTimeField(_("first seen"), auto_now_add=True)

    class Meta:
        """Newest first, as people read versions."""

        verbose_name = _("model version")
        verbose_name_plural = _("model versions")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["model", "version"], name="version_per_model")]

    def __str__(self) -> str:
        return f"{self.model} {self.version}".strip()


class Deployment(models.Model):
    """A change marker: from this moment this version (or prompt) serves this environment."""

    class Kind(models.TextChoices):
        """What changed."""

        DEPLOY = "deploy", _("deploy")
        PROMPT = "prompt_change", _("prompt change")

    version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="deployments", verbose_name=_("version"))
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices, default=Kind.DEPLOY)
    environment = models.CharField(_("environment"), max_length=64, default="production")
    at = models.DateTimeField(_("at"))
    note = models.CharField(_("note"), max_length=300, blank=True)
    event_ref = models.BigIntegerField(_("event"), null=True, blank=True, unique=True)
    prompt_version = models.ForeignKey(
        "models_registry.PromptVersion",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="deployments",
        verbose_name=_("prompt version"),
    )

    class Meta:
        """The index serves the deploy lines of a chart."""

        verbose_name = _("deployment")
        verbose_name_plural = _("deployments")
        ordering = ["-at"]
        indexes = [models.Index(fields=["version", "at"], name="deployment_by_version")]

    def __str__(self) -> str:
        return f"{self.what} · {self.get_kind_display()}"

    def clean(self) -> None:
        """A prompt of the same project."""
        prompt, version = self.prompt_version, self.version_id and self.version
        if prompt and version and prompt.prompt.project_id != version.model.project_id:
            raise ValidationError({"prompt_version": _("This belongs to another project.")})

    @property
    def what(self) -> str:
        """What began to serve: a prompt by its name and version where one is known, else the model's version."""
        if self.kind != self.Kind.PROMPT:
            return str(self.version)
        return str(self.prompt_version) if self.prompt_version else self.note or str(self.version)

    @property
    def remark(self) -> str:
        """The note, where it says more than `what` does."""
        return "" if self.note.replace(" ", "@") in (self.what, self.what.replace(" ", "@")) else self.note


class ApiKey(models.Model):
    """A program's key: shown once, stored as a hash, found by its prefix."""

    class Scope(models.TextChoices):
        """What a key may do; `backfill` lifts the lower bound on timestamps."""

        INGEST = "ingest", _("ingest")
        READ = "read", _("read")
        RESPOND = "respond", _("respond")
        ADMIN = "admin", _("admin")
        BACKFILL = "backfill", _("backfill")

    project = models.ForeignKey(Project, models.CASCADE, related_name="keys", verbose_name=_("project"))
    name = models.CharField(_("name"), max_length=120)
    prefix = models.CharField(_("prefix"), max_length=16, unique=True, editable=False)
    digest = models.BinaryField(max_length=32, editable=False)
    link_secret = models.BinaryField(max_length=32, null=True, editable=False)
    scopes = models.JSONField(_("scopes"), default=list)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, verbose_name=_("created by")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        """Newest first."""

        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
