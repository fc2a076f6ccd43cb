"""Corrections of what objectives count: stretches of time whose events do not spend a budget, and why."""

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from models_registry.models import Model, Project
from monitoring.models.objectives import SLO
from monitoring.stats.recurrence import Weekly, openings_within

FOREVER: Final = datetime.max.replace(tzinfo=UTC)


class Correction(models.Model):
    """A stretch of time that an objective, or all of a model or of the project, do not count as it was; or one that comes
    again on days of the week, as a maintenance window does, from `starts_at` until `ends_at`.

    It is never changed and never deleted: whoever errs withdraws it, which is kept too, and writes another one. What comes
    again can be ended, which leaves what it did.
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
    ends_at = models.DateTimeField(
        _("ends"),
        null=True,
        blank=True,
        help_text=_("One that comes again may leave this empty: it goes on until somebody ends it."),
    )
    days = models.JSONField(
        _("days"),
        default=list,
        blank=True,
        help_text=_("On which it begins, again and again; none where it comes once."),
    )
    start = models.TimeField(
        _("from"),
        null=True,
        blank=True,
        help_text=_("By the clock on the wall in that zone; only where it comes again."),
    )
    end = models.TimeField(
        _("until"), null=True, blank=True, help_text=_("At or before the beginning: on the next day.")
    )
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="UTC", help_text=_("Such as America/Sao_Paulo, Europe/Berlin, UTC.")
    )
    effect = models.CharField(_("its events count"), max_length=8, choices=Effect.choices, default=Effect.EXCLUDED)
    reason = models.TextField(_("reason"), max_length=2_000)
    author = models.CharField(_("author"), max_length=150)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    ended_by = models.CharField(
        _("ended by"), max_length=150, blank=True, help_text=_("Where it ends sooner than was said.")
    )
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    withdrawn_by = models.CharField(_("withdrawn by"), max_length=150, blank=True)

    class Meta:
        """Those that go on first, then the newest."""

        verbose_name = _("correction")
        verbose_name_plural = _("corrections")
        ordering = [models.F("ends_at").desc(nulls_first=True), "-starts_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "slug"], name="correction_slug_per_project"),
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="correction_ends_after_start"
            ),
            models.CheckConstraint(
                condition=models.Q(slo__isnull=True) | models.Q(model__isnull=True), name="correction_of_one_thing"
            ),
            models.CheckConstraint(
                condition=models.Q(start__isnull=True, end__isnull=True, ends_at__isnull=False)
                | models.Q(start__isnull=False, end__isnull=False),
                name="correction_once_or_again",
            ),
        ]

    def __str__(self) -> str:
        until = f"{self.ends_at:%Y-%m-%d %H:%M}Z" if self.ends_at else "…"
        return f"{self.slug}: {self.starts_at:%Y-%m-%d %H:%M}Z → {until}"

    @property
    def recurs(self) -> bool:
        """Whether anything says that it comes again."""
        return bool(self.days) or self.start is not None or self.end is not None

    @property
    def weekly(self) -> Weekly | None:
        """When it comes again; nothing where it comes once."""
        if self.start is None or self.end is None:
            return None
        return Weekly(frozenset(self.days), self.start, self.end, ZoneInfo(self.time_zone))

    @property
    def until(self) -> datetime:
        """Its end, however far away."""
        return self.ends_at or FOREVER

    def spans(self, *, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """What it covers: its one stretch, wherever that is, or those of its stretches that touch [start, end)."""
        if self.weekly is None:
            return [(self.starts_at, self.until)]
        found = openings_within(self.weekly, start=max(start, self.starts_at), end=min(end, self.until))
        return [(max(opens, self.starts_at), min(closes, self.until)) for opens, closes in found]
