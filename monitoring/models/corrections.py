"""Corrections of what objectives count: stretches of time whose events do not spend a budget, and why."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from models_registry.models import Model, Project
from monitoring.models.objectives import SLO


class Correction(models.Model):
    """A stretch of time that an objective, or all of a model or of the project, do not count as it was.

    It is never changed and never deleted: whoever errs withdraws it, which is kept too, and writes another one.
    """

    class Effect(models.TextChoices):
        """How its events, or slices of time, count."""

        EXCLUDED = "excluded", _("not at all: neither good nor valid")
        GOOD = "good", _("as good")

    project = models.ForeignKey(Project, models.CASCADE, related_name="corrections", verbose_name=_("project"))
    slug = models.SlugField(_("slug"), max_length=64)
    slo = models.ForeignKey(
        SLO,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="corrections",
        verbose_name=_("SLO"),
        help_text=_("Empty: every SLO of the model, or of the project."),
    )
    model = models.ForeignKey(
        Model,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="corrections",
        verbose_name=_("model"),
        help_text=_("Empty where an SLO is named, or where it is for the whole project."),
    )
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))
    effect = models.CharField(_("its events count"), max_length=8, choices=Effect.choices, default=Effect.EXCLUDED)
    reason = models.TextField(_("reason"), max_length=2_000)
    author = models.CharField(_("author"), max_length=150)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    withdrawn_by = models.CharField(_("withdrawn by"), max_length=150, blank=True)

    class Meta:
        """The newest first."""

        verbose_name = _("correction")
        verbose_name_plural = _("corrections")
        ordering = ["-starts_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "slug"], name="correction_slug_per_project"),
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="correction_ends_after_start"
            ),
            models.CheckConstraint(
                condition=models.Q(slo__isnull=True) | models.Q(model__isnull=True), name="correction_of_one_thing"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.slug}: {self.starts_at:%Y-%m-%d %H:%M}Z → {self.ends_at:%Y-%m-%d %H:%M}Z"
