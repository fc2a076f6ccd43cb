"""By what a model's numbers are taken apart."""

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from models_registry.models import Model
from monitoring.stats.segments import KEY


class SegmentKey(models.Model):
    """A key of `segments` whose values have summaries of their own.

    Events whose primary key is in [since, until) are folded by it; so whoever folds, and whenever, folds an event by the
    same keys. Never deleted while there are events: a key that is withdrawn keeps what it has summed.
    """

    model = models.ForeignKey(Model, models.CASCADE, related_name="segment_keys", verbose_name=_("model"))
    key = models.CharField(
        _("key"),
        max_length=40,
        validators=[
            RegexValidator(
                rf"\A{KEY.pattern}\Z",
                _("A key is a letter, then letters, digits, points, hyphens and underscores; at most 40."),
            )
        ],
        help_text=_("As events name it in “segments”, for example region, channel or plan."),
    )
    since = models.BigIntegerField(editable=False, help_text="Primary key of the first event it may fold.")
    until = models.BigIntegerField(
        null=True, blank=True, editable=False, help_text="Primary key of the first event that it no longer folds."
    )
    created_at = models.DateTimeField(_("declared"), editable=False)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True, editable=False)

    class Meta:
        """A key is declared once at a time."""

        verbose_name = _("segment key")
        verbose_name_plural = _("segment keys")
        ordering = ["model", "key", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["model", "key"], condition=models.Q(until__isnull=True), name="segment_key_is_declared_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.model} · {self.key}"
