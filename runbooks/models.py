"""Nouns of response and learning: runbook, step, run, review, action item."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from alerting.models import AlertRule, Incident
from models_registry.models import Project
from models_registry.shipped import shipped


class Runbook(models.Model):
    """What to do when a rule fires, as ordered steps."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="runbooks", verbose_name=_("project"))
    slug = models.SlugField(_("slug"), max_length=64)
    title = models.CharField(_("title"), max_length=160)
    summary = models.TextField(_("summary"), blank=True, help_text=_("Markdown: meaning and impact."))
    owner = models.CharField(_("owner"), max_length=120, blank=True)
    verified_at = models.DateField(_("last verified"), null=True, blank=True)
    rules = models.ManyToManyField(AlertRule, blank=True, related_name="runbooks", verbose_name=_("rules"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        """One slug per project."""

        verbose_name = _("runbook")
        verbose_name_plural = _("runbooks")
        ordering = ["title"]
        constraints = [models.UniqueConstraint(fields=["project", "slug"], name="runbook_slug_per_project")]

    def __str__(self) -> str:
        return shipped(self.title)


class Step(models.Model):
    """One thing to check or do."""

    runbook = models.ForeignKey(Runbook, models.CASCADE, related_name="steps", verbose_name=_("runbook"))
    position = models.PositiveSmallIntegerField(_("position"))
    title = models.CharField(_("title"), max_length=200)
    body = models.TextField(_("body"), blank=True, help_text=_("Markdown."))

    class Meta:
        """In order."""

        verbose_name = _("step")
        verbose_name_plural = _("steps")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return shipped(self.title)


class Run(models.Model):
    """A runbook followed inside an incident."""

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="runs", verbose_name=_("incident"))
    runbook = models.ForeignKey(Runbook, models.CASCADE, related_name="runs", verbose_name=_("runbook"))
    started_at = models.DateTimeField(_("started"))
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("started by")
    )

    class Meta:
        """A runbook is followed once per incident."""

        verbose_name = _("run")
        verbose_name_plural = _("runs")
        constraints = [models.UniqueConstraint(fields=["incident", "runbook"], name="run_per_incident")]

    def __str__(self) -> str:
        return f"{self.incident} · {self.runbook}"


class RunStep(models.Model):
    """A step as it stood when the run began, with who did it, when, and what they noted."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="steps", verbose_name=_("run"))
    position = models.PositiveSmallIntegerField(_("position"))
    title = models.CharField(_("title"), max_length=200)
    body = models.TextField(_("body"), blank=True)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("done by")
    )
    note = models.TextField(_("note"), blank=True)

    class Meta:
        """In order."""

        verbose_name = _("run step")
        verbose_name_plural = _("run steps")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return shipped(self.title)


class Review(models.Model):
    """What an incident taught. Until somebody edits it, the body is empty and the draft is written on reading."""

    class State(models.TextChoices):
        """A draft is a proposal of the machine."""

        DRAFT = "draft", _("draft")
        PUBLISHED = "published", _("published")

    incident = models.OneToOneField(Incident, models.CASCADE, related_name="review", verbose_name=_("incident"))
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.DRAFT)
    body = models.TextField(_("body"), blank=True, help_text=_("Markdown."))
    language = models.CharField(
        _("language of the text"), max_length=16, blank=True, editable=False, help_text=_("Of the first who saved it.")
    )
    revision = models.PositiveIntegerField(
        _("revision"), default=0, editable=False, help_text=_("Counts saves; an edit of an older one is refused.")
    )
    created_at = models.DateTimeField(_("created"))
    edited_at = models.DateTimeField(_("edited"), null=True, blank=True)
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("edited by")
    )
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("published by"),
    )

    class Meta:
        """Newest first."""

        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ["-id"]

    def __str__(self) -> str:
        return str(self.incident)


class ActionItem(models.Model):
    """Something that will be different next time."""

    review = models.ForeignKey(Review, models.CASCADE, related_name="actions", verbose_name=_("review"))
    title = models.CharField(_("title"), max_length=300)
    owner = models.CharField(_("owner"), max_length=120)
    due = models.DateField(_("due"))
    done_at = models.DateTimeField(_("done"), null=True, blank=True)

    class Meta:
        """By due date."""

        verbose_name = _("action item")
        verbose_name_plural = _("action items")
        ordering = ["due", "id"]

    def __str__(self) -> str:
        return shipped(self.title)
