"""How sure a version was with each score, when its labels were known."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from models_registry.models import Model, ModelVersion
from monitoring.models.references import Reaching, Reference


class Estimator(models.Model):
    """A fitted estimator of a version's performance. Never changed: a new fit is a new row.

    A window is estimated by the newest one that was fitted on nothing within it, so what was estimated once stays.
    """

    class Origin(models.TextChoices):
        """Whose labels it was fitted on."""

        REFERENCE = "reference", _("rows of the reference")
        HISTORY = "history", _("a past window with labels")

    version = models.ForeignKey(
        ModelVersion, models.CASCADE, related_name="+", db_index=False, verbose_name=_("version")
    )
    origin = models.CharField(_("origin"), max_length=12, choices=Origin.choices)
    reference = models.ForeignKey(
        Reference, models.SET_NULL, null=True, related_name="+", db_index=False, verbose_name=_("reference")
    )
    start = models.DateTimeField(_("from"), null=True, help_text=_("Of the window; empty for rows of a reference."))
    end = models.DateTimeField(_("to"), null=True)
    rows = models.BigIntegerField(_("labelled rows"))
    # What it was fitted for: an estimator of another definition is not used.
    kind = models.CharField(_("kind"), max_length=12, choices=Model.Kind.choices)
    positive_label = models.CharField(_("positive label"), max_length=200, blank=True)
    fit = models.BinaryField(help_text="Packed by monitoring.stats.fitted.")
    created_at = models.DateTimeField(_("created"))

    class Meta:
        """Newest first."""

        verbose_name = _("estimator")
        verbose_name_plural = _("estimators")
        ordering = ["-id"]
        indexes = [models.Index(fields=["version", "id"], name="estimator_by_version")]

    def __str__(self) -> str:
        return f"{self.version} · {self.get_origin_display()}"


class LossTrees(Reaching):
    """What an estimator expects the losses of a single prediction to be, by its features: predictions are folded by it.

    A table of its own so that nobody who reads estimators carries the trees along.
    """

    estimator = models.OneToOneField(Estimator, models.CASCADE, primary_key=True, related_name="trees")
    layout = models.CharField(_("layout"), max_length=32, help_text="Made of the content of the trees.")
    data = models.BinaryField(help_text="Packed by monitoring.stats.trees.")

    class Meta:
        """Found by its estimator, or by what it is."""

        verbose_name = _("trees of an estimator")
        verbose_name_plural = _("trees of estimators")
        indexes = [models.Index(fields=["layout"], name="trees_by_layout")]

    def __str__(self) -> str:
        return str(self.estimator)
