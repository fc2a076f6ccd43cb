"""What metrics of OpenTelemetry and Prometheus are called, and where the streams of their writers stand."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from models_registry.models import Model


class Metric(models.Model):
    """A metric of a model with one set of attributes; what it sums are series whose key is that of the attributes.

    Of the same name there are so many sets, and one more in which everything beyond them is counted together.
    """

    class Kind(models.TextChoices):
        """What its points are."""

        GAUGE = "gauge", _("gauge")
        COUNTER = "counter", _("counter")
        HISTOGRAM = "histogram", _("histogram")

    model = models.ForeignKey(Model, models.CASCADE, related_name="+", verbose_name=_("model"))
    name = models.CharField(_("name"), max_length=255)
    key = models.CharField(max_length=32, help_text="Hash of the attributes.")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    unit = models.CharField(_("unit"), max_length=63, blank=True)
    description = models.CharField(_("description"), max_length=300, blank=True)
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)
    created_at = models.DateTimeField(_("first seen"), auto_now_add=True)

    class Meta:
        """A set of attributes is there once."""

        verbose_name = _("metric")
        verbose_name_plural = _("metrics")
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["model", "name", "key"], name="metric_attributes")]

    def __str__(self) -> str:
        return self.name


class MetricStream(models.Model):
    """Where the stream of one writer stands: the row is the lock under which its points are taken in turn."""

    pk = models.CompositePrimaryKey("metric", "writer")
    metric = models.ForeignKey(Metric, models.CASCADE, related_name="streams", db_index=False)
    writer = models.BinaryField(max_length=16, help_text="Hash of the resource, the scope and the start of the stream.")
    time_us = models.BigIntegerField(help_text="Of the newest point.")
    last = models.FloatField(null=True, help_text="Its value; null of histograms.")
    state = models.BinaryField(help_text="JSON; see `monitoring.stats.points.State`.")

    class Meta:
        """The index serves retention."""

        verbose_name = _("metric stream")
        verbose_name_plural = _("metric streams")
        indexes = [models.Index(fields=["time_us"], name="metric_stream_by_age")]

    def __str__(self) -> str:
        return f"{self.metric_id}@{self.time_us}"
