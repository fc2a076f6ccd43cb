"""Which way alerts go: routes, what happens when nobody acknowledges, and when somebody is left alone."""

from datetime import time, timedelta
from itertools import chain, count
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from alerting.models.messages import Channel
from lib.clock import zone_names
from models_registry.models import Project

NOTHING = timedelta(0)
NOT_NEGATIVE = [MinValueValidator(NOTHING)]
WEEK = range(7)


def every_day() -> list[int]:
    """0 is Monday."""
    return list(WEEK)


def check_zone(name: str) -> None:
    """A name of the IANA database."""
    if name not in zone_names():
        raise ValidationError(
            _("“%(zone)s” is no time zone. Write one such as America/Sao_Paulo."), params={"zone": name}
        )


def check_days(days: Any) -> None:
    """Numbers of days, at least one."""
    fits = isinstance(days, list) and days and all(type(day) is int and day in WEEK for day in days)
    if not fits:
        raise ValidationError(_("Choose at least one day."))


class Route(models.Model):
    """A branch of the tree. The one without a parent is the root: what no other branch takes goes its way."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="routes", verbose_name=_("project"))
    parent = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, related_name="children", verbose_name=_("under")
    )
    name = models.CharField(_("name"), max_length=120)
    position = models.PositiveSmallIntegerField(
        _("position"), default=0, help_text=_("Routes under the same one are asked in this order.")
    )
    matchers = models.JSONField(_("matchers"), default=list, blank=True)
    keep_going = models.BooleanField(
        _("continue"), default=False, help_text=_("Ask the routes after this one too, although it takes the alert.")
    )
    channels = models.ManyToManyField(
        Channel,
        blank=True,
        related_name="routes",
        verbose_name=_("channels"),
        help_text=_("None: those of the route above."),
    )
    group_wait = models.DurationField(
        _("wait before the first message"),
        null=True,
        blank=True,
        validators=NOT_NEGATIVE,
        help_text=_(
            "So that alerts that come together are told together. Empty: as the route above; at the root 30 seconds."
        ),
    )
    group_interval = models.DurationField(
        _("wait before telling of more alerts"),
        null=True,
        blank=True,
        validators=NOT_NEGATIVE,
        help_text=_("Since the last message. Empty: as the route above; at the root five minutes."),
    )
    repeat_interval = models.DurationField(
        _("repeat every"),
        null=True,
        blank=True,
        validators=NOT_NEGATIVE,
        help_text=_(
            "While it is open and nobody has acknowledged. Zero: never. Empty: as the route above; at the root four hours."
        ),
    )

    class Meta:
        """One root per project; names tell branches apart."""

        verbose_name = _("route")
        verbose_name_plural = _("routes")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="route_name_per_project"),
            models.UniqueConstraint(fields=["project"], condition=models.Q(parent=None), name="one_root_per_project"),
        ]

    def __str__(self) -> str:
        return self.name


class EscalationStep(models.Model):
    """After so long without acknowledgement these channels are told too."""

    route = models.ForeignKey(Route, models.CASCADE, related_name="steps", verbose_name=_("route"))
    after = models.DurationField(_("after"), validators=[MinValueValidator(timedelta(seconds=1))])
    channels = models.ManyToManyField(Channel, related_name="+", verbose_name=_("channels"))

    class Meta:
        """In time's order."""

        verbose_name = _("escalation step")
        verbose_name_plural = _("escalation steps")
        ordering = ["after"]
        constraints = [models.UniqueConstraint(fields=["route", "after"], name="escalation_step_once")]

    def __str__(self) -> str:
        return f"{self.route} + {self.after}"


class QuietHours(models.Model):
    """When a channel, or every channel of a person, is left alone; what comes meanwhile is told when they end."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="quiet_hours", verbose_name=_("project"))
    name = models.CharField(_("name"), max_length=120)
    channel = models.ForeignKey(
        Channel, models.CASCADE, null=True, blank=True, related_name="quiet_hours", verbose_name=_("channel")
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("person"),
        help_text=_("Every channel that is this person's own."),
    )
    starts = models.TimeField(_("from"))
    ends = models.TimeField(_("until"), help_text=_("Earlier than the beginning: on the next day."))
    days = models.JSONField(_("beginning on"), default=every_day, validators=[check_days])
    zone = models.CharField(_("time zone"), max_length=64, validators=[check_zone])
    pages_pass = models.BooleanField(
        _("pages pass"), default=True, help_text=_("What wakes people up is told all the same.")
    )

    class Meta:
        """Of one channel or of one person; names tell those of a project apart."""

        verbose_name = _("quiet hours")
        verbose_name_plural = _("quiet hours")
        ordering = ["project", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(channel=None, person__isnull=False) | models.Q(channel__isnull=False, person=None),
                name="quiet_hours_of_one",
                violation_error_message=_("Choose a channel or a person, and not both."),
            ),
            models.UniqueConstraint(fields=["project", "name"], name="quiet_hours_name_per_project"),
        ]

    def __str__(self) -> str:
        return f"{self.channel or self.person} {self.starts:%H:%M}–{self.ends:%H:%M}"


def free_name(project: Project, whose: str, starts: time) -> str:
    """For quiet hours that nobody named: whose they are and when they begin, and a number where that is taken."""
    taken = set(QuietHours.objects.filter(project=project).values_list("name", flat=True))
    first = f"{whose[:100]} {starts:%H:%M}"
    return next(name for name in chain([first], (f"{first} {n}" for n in count(2))) if name not in taken)
