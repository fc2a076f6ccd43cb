"""When a pattern of log lines was seen: what no sum can tell. How often is in the summaries."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from models_registry.models import Model


class LogPattern(models.Model):
    """A pattern of a model's or service's log lines, by its code (`Category`, field `log_pattern`); code 0 is all past the cap.

    Lines are never amended, so the oldest and the newest stay what they are; any order of lines gives the same.
    """

    pk = models.CompositePrimaryKey("model", "code")
    model = models.ForeignKey(Model, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    code = models.PositiveIntegerField()
    first_us = models.BigIntegerField(help_text="Time of the oldest line.")
    last_us = models.BigIntegerField(help_text="Time of the newest line.")
    sample_ref = models.BigIntegerField(help_text="The newest line, while it is kept.")

    class Meta:
        """Found by model."""

        verbose_name = _("log pattern")
        verbose_name_plural = _("log patterns")

    def __str__(self) -> str:
        return f"{self.model_id}:{self.code}"
