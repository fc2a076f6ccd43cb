"""What keeps messages back on purpose: silences, maintenance windows that come again, and alerts that explain others."""

from datetime import datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from alerting.labels.matchers import Matcher, from_json
from alerting.labels.validators import check_label_names, check_matchers
from lib.clock import zone_names
from lib.ids import uuid7
from models_registry.models import Project
from monitoring.stats.recurrence import Weekly

EVERY_DAY = list(range(7))


def all_days() -> list[int]:
    """Daily."""
    return list(EVERY_DAY)


def new_id() -> UUID:
    """Of a silence, as other programs know it."""
    return uuid7()


def check_days(stored: object) -> None:
    """At least one day of the week, each once."""
    days = stored if isinstance(stored, list) else []
    if not days:
        raise ValidationError(_("Choose at least one day of the week."))
    if len(days) != len(set(map(str, days))) or not all(day in EVERY_DAY for day in days):
        raise ValidationError(_("Name each day once, by numbers from 0 (Monday) to 6 (Sunday)."))


def check_zone(name: str) -> None:
    """A zone of the IANA database."""
    if name not in zone_names():
        raise ValidationError(
            _("“%(name)s” is no time zone: write one such as America/Sao_Paulo or UTC."), params={"name": name}
        )


class Silence(models.Model):
    """A promise to look later: no messages for matching alerts until it ends. Owner and end are mandatory."""

    class State(models.TextChoices):
        """By the clock."""

        PENDING = "pending", _("not begun")
        ACTIVE = "active", _("active")
        EXPIRED = "expired", _("ended")

    uid = models.UUIDField(_("id"), unique=True, default=new_id, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="silences", verbose_name=_("project"))
    matchers = models.JSONField(_("matchers"), validators=[check_matchers])
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("owner"))
    created_by = models.CharField(
        _("made by"), max_length=200, blank=True, help_text=_("As the program that made it says.")
    )
    comment = models.TextField(_("comment"), max_length=2_000, blank=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        """One that was ended before it began has no length."""

        verbose_name = _("silence")
        verbose_name_plural = _("silences")
        ordering = ["-ends_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gte=models.F("starts_at")), name="silence_ends_after_start"
            )
        ]
        indexes = [models.Index(fields=["project", "ends_at"], name="silences_by_end")]

    def __str__(self) -> str:
        return f"{', '.join(map(str, self.asked))} → {self.ends_at:%Y-%m-%d %H:%M}"

    @property
    def asked(self) -> list[Matcher]:
        """Its matchers."""
        return from_json(self.matchers)

    @property
    def who(self) -> str:
        """Who answers for it."""
        return self.created_by or self.owner.get_username()

    def state_at(self, now: datetime) -> str:
        """A value of `State`."""
        if now < self.starts_at:
            return self.State.PENDING
        return self.State.ACTIVE if now < self.ends_at else self.State.EXPIRED


class Maintenance(models.Model):
    """A window that comes again, daily or on days of the week, in which matching alerts stay quiet."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="maintenances", verbose_name=_("project"))
    name = models.CharField(_("name"), max_length=120)
    matchers = models.JSONField(_("matchers"), validators=[check_matchers])
    days = models.JSONField(_("days"), default=all_days, validators=[check_days])
    start = models.TimeField(_("from"), default=time(2))
    end = models.TimeField(_("until"), default=time(4), help_text=_("At or before the beginning: on the next day."))
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[check_zone])
    owner = models.CharField(_("owner"), max_length=120)
    enabled = models.BooleanField(_("enabled"), default=True)

    class Meta:
        """Listed by name."""

        verbose_name = _("maintenance window")
        verbose_name_plural = _("maintenance windows")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="maintenance_name_per_project")]

    def __str__(self) -> str:
        return self.name

    @property
    def asked(self) -> list[Matcher]:
        """Its matchers."""
        return from_json(self.matchers)

    @property
    def weekly(self) -> Weekly:
        """When it is open."""
        return Weekly(frozenset(self.days), self.start, self.end, ZoneInfo(self.time_zone))


class Inhibition(models.Model):
    """While one alert fires, others that follow from it stay quiet."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="inhibitions", verbose_name=_("project"))
    name = models.CharField(_("name"), max_length=120)
    source = models.JSONField(_("while this fires"), validators=[check_matchers])
    target = models.JSONField(_("these stay quiet"), validators=[check_matchers])
    equal = models.JSONField(_("if these labels are equal"), default=list, blank=True, validators=[check_label_names])
    enabled = models.BooleanField(_("enabled"), default=True)

    class Meta:
        """Listed by name."""

        verbose_name = _("inhibition")
        verbose_name_plural = _("inhibitions")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="inhibition_name_per_project")]

    def __str__(self) -> str:
        return self.name
