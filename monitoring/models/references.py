"""What the inputs of a version looked like when it was trained, and how far back what comes later reaches."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from models_registry.models import Job, ModelVersion


class Reaching(models.Model):
    """Something that predictions are folded by, from its place in the ingest sequence on and back from there.

    Predictions whose primary key is at least `reach` (and before the `since` of the next one) are folded by it; so whoever
    folds, and whenever, folds a prediction alike. `since` is its place in the ingest sequence and never moves; `reach`
    begins there and a job moves it down to 0, step by step with what it folds.
    """

    since = models.BigIntegerField(help_text="Primary key of the first prediction that came after it.")
    reach = models.BigIntegerField(help_text="Primary key of the first prediction that is folded by it.")
    partial_before = models.BigIntegerField(
        null=True, help_text="Epoch seconds; what is older could not be folded, because raw events were gone."
    )
    job = models.ForeignKey(
        Job, models.SET_NULL, null=True, related_name="+", help_text="Folds what was stored before it came."
    )

    class Meta:
        """Of no table of its own."""

        abstract = True


class Reference(Reaching):
    """A frozen profile of a version's features. Never changed: a new reference is a new row with a new layout."""

    class Origin(models.TextChoices):
        """Where it came from."""

        ROWS = "rows", _("training data")
        HISTOGRAMS = "histograms", _("histograms")
        WINDOW = "window", _("a past window")
        VERSION = "version", _("another version")

    version = models.ForeignKey(
        ModelVersion, models.CASCADE, related_name="+", db_index=False, verbose_name=_("version")
    )
    origin = models.CharField(_("origin"), max_length=12, choices=Origin.choices)
    layout = models.CharField(_("layout"), max_length=32)
    rows = models.BigIntegerField(_("rows"))
    period_start = models.DateTimeField(null=True, help_text="Where it was taken from a past window: its beginning.")
    period_end = models.DateTimeField(null=True)
    profile = models.BinaryField(help_text="JSON of monitoring.stats.profile_data.")
    created_at = models.DateTimeField(_("created"))

    class Meta:
        """Newest first: the first one of a version is the one in force."""

        verbose_name = _("reference")
        verbose_name_plural = _("references")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["version", "since"], name="reference_by_version"),
            models.Index(fields=["layout"], name="reference_by_layout"),
        ]

    def __str__(self) -> str:
        return f"{self.version} · {self.get_origin_display()}"


class ReferenceSample(models.Model):
    """The rows behind a reference, where they were given: for what histograms cannot answer, such as a calibration.

    Read and written whole; a table of its own so that nobody who lists references carries them along.
    """

    reference = models.OneToOneField(Reference, models.CASCADE, primary_key=True, related_name="sample")
    data = models.BinaryField(help_text="Packed by monitoring.stats.sample.")

    class Meta:
        """Found by its reference."""

        verbose_name = _("rows of a reference")
        verbose_name_plural = _("rows of references")

    def __str__(self) -> str:
        return str(self.reference)
