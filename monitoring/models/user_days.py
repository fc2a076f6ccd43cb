"""What each user cost each day: the one declared exception to summaries, for limits per user and users affected."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from models_registry.models import Model


class UserDay(models.Model):
    """LLM calls of one user of one application in one environment on one day (UTC): exact sums, written by the drain.

    Users have no cap, so they cannot be series; a day of a user is one row of a hundred bytes instead.
    """

    pk = models.CompositePrimaryKey("model", "day", "user_id", "environment")
    model = models.ForeignKey(Model, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    day = models.IntegerField(help_text="Days since the epoch, UTC.")
    user_id = models.CharField(max_length=200)
    environment = models.CharField(
        max_length=64, default="", help_text="Empty for days from before environments were told apart."
    )
    calls = models.BigIntegerField()
    costed = models.BigIntegerField(help_text="Calls whose cost is known: by our price, else as the client reports it.")
    cost_nano = models.BigIntegerField(help_text="Their cost in nano-USD.")
    last_us = models.BigIntegerField(help_text="Start of the newest call.")

    class Meta:
        """Read by application and day; a user's day is found by the beginning of the key."""

        verbose_name = _("user and day")
        verbose_name_plural = _("users and days")

    def __str__(self) -> str:
        return f"{self.user_id}@{self.day}"
