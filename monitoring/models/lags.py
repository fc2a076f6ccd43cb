"""How long the labels of a model take, as learned from its summaries."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from models_registry.models import Model


class LabelLag(models.Model):
    """The lag curve of a model, learned again every hour; a cache of what its summaries say, never edited."""

    model = models.OneToOneField(Model, models.CASCADE, primary_key=True, related_name="+", verbose_name=_("model"))
    learned_at = models.DateTimeField(_("learned"), db_index=True)
    labels = models.BigIntegerField(_("labels"))
    oldest_s = models.BigIntegerField(_("age of the oldest predictions, in seconds"))
    settle_s = models.BigIntegerField(
        _("settled after, in seconds"),
        null=True,
        help_text=_("Empty while history is too short: the declared label delay counts."),
    )
    coverage = models.FloatField(_("final label coverage"), null=True)
    lags_s = models.JSONField(default=list)
    shares = models.JSONField(default=list)

    class Meta:
        """One row per model."""

        verbose_name = _("label lag")
        verbose_name_plural = _("label lags")

    def __str__(self) -> str:
        return f"{self.model_id}: {self.settle_s} s"
