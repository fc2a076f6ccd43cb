"""Service level objectives."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from models_registry.models import Model, Project
from models_registry.shipped import shipped
from monitoring.stats.periods import NOMINAL

TIME_SLICES = "time_slices"
COMPOSITE = "composite"


class SLO(models.Model):
    """A promise: over the window, at least `target` of the valid events (or slices of time) are good.

    That of a composite is about other objectives, its components: `parts` are these once they were read, or as whoever has
    not saved it yet gives them.
    """

    parts: "Sequence[Component] | None" = None

    class Comparison(models.TextChoices):
        """Which side of the bound a slice of time is good on."""

        AT_MOST = "at_most", _("at most")
        AT_LEAST = "at_least", _("at least")

    class Method(models.TextChoices):
        """What is counted (OpenSLO's budgeting methods)."""

        OCCURRENCES = "occurrences", _("events")
        TIMESLICES = "timeslices", _("slices of time in which enough events are good")
        RATIO_TIMESLICES = "ratio_timeslices", _("the mean over slices of time of their share of good events")

    class Calendar(models.TextChoices):
        """The period that the window is, where it does not roll."""

        ROLLING = "", _("rolling")
        DAY = "day", _("day")
        WEEK = "week", _("week, from Monday on")
        MONTH = "month", _("month")
        QUARTER = "quarter", _("quarter")

    class Composition(models.TextChoices):
        """What the share of a composite is, of the shares of its components."""

        WEIGHTED = "weighted", _("their weighted mean")
        MINIMUM = "minimum", _("the worst of them")
        PRODUCT = "product", _("their product: all are needed, one after the other")

    class WithoutData(models.TextChoices):
        """What a component of which nothing came makes of a composite; 0 of 0 is neither good nor bad."""

        LEFT_OUT = "left_out", _("it is left out, and the others count for it")
        NO_DATA = "no_data", _("the whole has no data")

    project = models.ForeignKey(Project, models.CASCADE, related_name="slos", verbose_name=_("project"))
    slug = models.SlugField(_("slug"), max_length=64)
    name = models.CharField(_("name"), max_length=160)
    description = models.TextField(_("description"), blank=True)
    model = models.ForeignKey(Model, models.CASCADE, related_name="slos", verbose_name=_("model"))
    environment = models.CharField(_("environment"), max_length=64, default="production")
    sli = models.CharField(_("SLI"), max_length=48, help_text=_("A name from the catalogue of indicators."))
    bound_ms = models.FloatField(
        _("bound in ms"), null=True, blank=True, help_text=_("Only for the latency indicator: good is at most this.")
    )
    measure = models.CharField(
        _("measure"), max_length=300, blank=True, help_text=_("Only for slices of time: a name from the catalogue.")
    )
    comparison = models.CharField(_("comparison"), max_length=8, choices=Comparison.choices, default=Comparison.AT_MOST)
    bound = models.FloatField(
        _("bound"), null=True, blank=True, help_text=_("Only for slices of time, in the unit of the measure.")
    )
    slice = models.DurationField(
        _("slice"), null=True, blank=True, help_text=_("Only for slices of time: how long one is.")
    )
    minimum = models.PositiveIntegerField(
        _("minimum sample"), default=1, help_text=_("Only for slices of time: events without which one is not judged.")
    )
    target = models.FloatField(_("target"), help_text=_("A fraction between 0 and 1, for example 0.99."))
    method = models.CharField(
        _("budgeting method"),
        max_length=16,
        choices=Method.choices,
        default=Method.OCCURRENCES,
        help_text=_("What spends the budget: bad events, bad slices of time, or the bad share of each slice."),
    )
    slice_target = models.FloatField(
        _("share of a good slice"),
        null=True,
        blank=True,
        help_text=_("Only for the method that judges slices: the share of good events that makes a slice good."),
    )
    window = models.DurationField(_("window"), default=timedelta(days=30))
    calendar = models.CharField(
        _("calendar window"),
        max_length=8,
        choices=Calendar.choices,
        default=Calendar.ROLLING,
        blank=True,
        help_text=_("A calendar window starts anew with its period and replaces the rolling one."),
    )
    zone = models.CharField(
        _("time zone"),
        max_length=64,
        default="UTC",
        help_text=_("Where the days of the budget begin, as IANA writes it: America/Sao_Paulo."),
    )
    group_by = models.CharField(
        _("one budget per"),
        max_length=48,
        blank=True,
        help_text=_("“version”, or a declared segment key such as region; empty makes one budget."),
    )
    composition = models.CharField(
        _("composition"),
        max_length=8,
        choices=Composition.choices,
        blank=True,
        help_text=_("Only for a composite: what its share is, of the shares of its components."),
    )
    without_data = models.CharField(
        _("component without data"),
        max_length=8,
        choices=WithoutData.choices,
        blank=True,
        help_text=_("Only for a composite: what a component of which nothing came makes of the whole."),
    )
    owner = models.CharField(_("owner"), max_length=120, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        """One slug per project."""

        verbose_name = _("SLO")
        verbose_name_plural = _("SLOs")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["project", "slug"], name="slo_slug_per_project"),
            models.CheckConstraint(condition=models.Q(target__gt=0, target__lt=1), name="slo_target_is_fraction"),
            models.CheckConstraint(
                condition=~models.Q(sli=TIME_SLICES) | models.Q(bound__isnull=False, slice__gt=timedelta(0)),
                name="slo_slices_have_a_bound",
                violation_error_message=_("Slices of time need a bound and a length: write both."),
            ),
            models.CheckConstraint(
                condition=~models.Q(sli=COMPOSITE) | ~models.Q(composition=""),
                name="slo_composite_says_how",
                violation_error_message=_("Say how a composite is made of its components."),
            ),
        ]

    def __str__(self) -> str:
        return shipped(self.name)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Whatever knows lengths only takes a calendar window for its nominal one; how no data counts is always said."""
        self.window = self.period
        if self.sli == COMPOSITE:
            self.without_data = self.without_data or self.WithoutData.LEFT_OUT
        super().save(*args, **kwargs)

    @property
    def sliced(self) -> timedelta | None:
        """How long a slice of time is; None where events are counted instead."""
        by_slices = self.sli == TIME_SLICES or self.method != self.Method.OCCURRENCES
        return self.slice if by_slices else None

    @property
    def period(self) -> timedelta:
        """How long the window is; of a calendar window its nominal length."""
        return NOMINAL.get(self.calendar, self.window)


class Component(models.Model):
    """An objective that a composite is made of. One that is in a composite is not deleted."""

    composite = models.ForeignKey(SLO, models.CASCADE, related_name="components", verbose_name=_("composite"))
    slo = models.ForeignKey(SLO, models.RESTRICT, related_name="composites", verbose_name=_("SLO"))
    weight = models.FloatField(_("weight"), default=1.0)

    class Meta:
        """Each once; what weighs nothing is none."""

        verbose_name = _("component")
        verbose_name_plural = _("components")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["composite", "slo"], name="component_once_per_composite"),
            models.CheckConstraint(condition=models.Q(weight__gt=0), name="component_weighs_something"),
        ]

    def __str__(self) -> str:
        return f"{self.composite}: {self.slo}"
