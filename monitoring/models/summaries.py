"""Mergeable summaries: every number on the panel is a sum over these rows."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from models_registry.models import Model, ModelVersion, Project


class Tier(models.IntegerChoices):
    """Width of a bucket; the drain writes minutes, the rollup recomputes the rest."""

    MINUTE = 0, _("minute")
    HOUR = 1, _("hour")
    DAY = 2, _("day")


TIER_SECONDS = {Tier.MINUTE: 60, Tier.HOUR: 3_600, Tier.DAY: 86_400}


class Series(models.Model):
    """What is being summed. `layout` names the bin edges; layouts are never mixed."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="+")
    environment = models.CharField(max_length=64)
    metric = models.CharField(max_length=32)
    key = models.CharField(max_length=64, default="", blank=True)
    segment = models.CharField(max_length=128, default="", blank=True)
    layout = models.CharField(max_length=32)

    class Meta:
        """Identity is everything."""

        verbose_name = _("series")
        verbose_name_plural = _("series")
        constraints = [
            models.UniqueConstraint(
                fields=["version", "environment", "metric", "key", "segment", "layout"], name="series_identity"
            )
        ]

    def __str__(self) -> str:
        return f"{self.metric}{'/' if self.key else ''}{self.key}"


class Bucket(models.Model):
    """One series over one minute, hour or day. Merging is addition, nothing else."""

    pk = models.CompositePrimaryKey("series", "tier", "start")
    series = models.ForeignKey(Series, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    tier = models.PositiveSmallIntegerField(choices=Tier.choices)
    start = models.BigIntegerField(help_text="Epoch seconds, a multiple of the tier's width.")
    n = models.BigIntegerField()
    total = models.BigIntegerField(help_text="Sum in integer quanta: microseconds, nano-USD, tokens.")
    bins = models.BinaryField(
        help_text="Sparse histogram: little-endian (int32 bin, int64 count) pairs, bins ascending."
    )

    class Meta:
        """The index serves retention."""

        verbose_name = _("bucket")
        verbose_name_plural = _("buckets")
        indexes = [models.Index(fields=["tier", "start"], name="bucket_by_age")]

    def __str__(self) -> str:
        return f"{self.series_id}@{self.start}"


class DirtyHour(models.Model):
    """An append-only note that an hour of a series changed; the rollup deletes just the notes it has read."""

    series = models.ForeignKey(Series, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    start = models.BigIntegerField(help_text="Epoch seconds of the hour.")

    class Meta:
        """Read in any order."""

        verbose_name = _("dirty hour")
        verbose_name_plural = _("dirty hours")

    def __str__(self) -> str:
        return f"{self.series_id}@{self.start}"


class RetentionFloor(models.Model):
    """Where retention has come: of this kind of rows, nothing before `start` is kept.

    The drain reads it (sharing its lock) to fold late truth into the finest tier that still exists; retention moves it
    (holding its lock) before it drops anything.
    """

    class Kind(models.TextChoices):
        """What retention drops."""

        EVENTS = "events", _("events")
        LOGS = "logs", _("log records")
        MINUTES = "minutes", _("minute buckets")
        HOURS = "hours", _("hour buckets")

    kind = models.CharField(max_length=8, choices=Kind.choices, primary_key=True)
    start = models.BigIntegerField(help_text="Epoch seconds, a multiple of the next coarser tier's width.")

    class Meta:
        """A row of each kind."""

        verbose_name = _("retention floor")
        verbose_name_plural = _("retention floors")

    def __str__(self) -> str:
        return f"{self.kind} ≥ {self.start}"


class Category(models.Model):
    """Frozen code of a category value of a model, such as a class label; code 0 is everything past the cap."""

    model = models.ForeignKey(Model, models.CASCADE, related_name="+")
    field = models.CharField(max_length=64)
    code = models.PositiveIntegerField()
    value = models.CharField(max_length=200)

    class Meta:
        """Codes are given once and never change."""

        verbose_name = _("category")
        verbose_name_plural = _("categories")
        constraints = [
            models.UniqueConstraint(fields=["model", "field", "value"], name="category_value"),
            models.UniqueConstraint(fields=["model", "field", "code"], name="category_code"),
        ]

    def __str__(self) -> str:
        return f"{self.field} {self.code} = {self.value}"
