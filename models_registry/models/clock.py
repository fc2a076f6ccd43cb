"""The row behind the one clock."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Clock(models.Model):
    """The one row behind `lib.clock`; absent in production, where time is real."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    real = models.DateTimeField(_("real time"))
    story = models.DateTimeField(_("story time"))
    rate = models.FloatField(_("rate"), default=1.0)

    class Meta:
        """At most one row, between standing still and 600 times as fast."""

        verbose_name = _("clock")
        verbose_name_plural = _("clocks")
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="clock_is_single"),
            models.CheckConstraint(condition=models.Q(rate__gte=0, rate__lte=600), name="clock_rate_in_range"),
        ]

    def __str__(self) -> str:
        return f"{self.story:%Y-%m-%d %H:%M:%S} × {self.rate:g}"
