"""Services that never call us: where their metrics are asked for."""

from datetime import timedelta

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from models_registry.models import Model, Project

SHORTEST, LONGEST = timedelta(seconds=15), timedelta(hours=1)


class ScrapeTarget(models.Model):
    """An address that tells metrics as Prometheus reads them. Its secret is encrypted and can be written, never read back."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="scrape_targets", verbose_name=_("project"))
    slug = models.SlugField(_("slug"), max_length=64)
    model = models.ForeignKey(
        Model,
        models.CASCADE,
        related_name="scrape_targets",
        verbose_name=_("model"),
        help_text=_("Whose series these become: those of its newest version."),
    )
    environment = models.CharField(_("environment"), max_length=64, default="production")
    url = models.CharField(
        _("URL"),
        max_length=500,
        help_text=_("Such as https://models.example/metrics; in the text format or OpenMetrics."),
    )
    interval = models.DurationField(
        _("interval"),
        default=timedelta(seconds=30),
        validators=[MinValueValidator(SHORTEST), MaxValueValidator(LONGEST)],
        help_text=_("15 seconds to an hour."),
    )
    names = models.JSONField(
        _("metrics"),
        default=list,
        blank=True,
        help_text=_(
            'Only these, as a list; an asterisk at the end is any rest: ["vllm:*", "up"]. Empty: all there are.'
        ),
    )
    secret = models.BinaryField(blank=True, default=b"", editable=False)
    enabled = models.BooleanField(_("enabled"), default=True)
    last_at = models.DateTimeField(_("last scrape"), null=True, editable=False)
    last_heard_at = models.DateTimeField(null=True, editable=False, help_text="When the last scrape was over with.")
    last_ok_at = models.DateTimeField(_("last success"), null=True, editable=False)
    last_error = models.TextField(_("last error"), blank=True, editable=False)
    last_ms = models.PositiveIntegerField(_("duration, ms"), null=True, editable=False)
    last_samples = models.PositiveIntegerField(_("samples"), null=True, editable=False)

    class Meta:
        """One slug per project."""

        verbose_name = _("scrape target")
        verbose_name_plural = _("scrape targets")
        ordering = ["slug"]
        constraints = [models.UniqueConstraint(fields=["project", "slug"], name="target_slug_per_project")]

    def __str__(self) -> str:
        return self.slug

    @property
    def is_up(self) -> bool:
        """Whether the last scrape succeeded, as far as there was one."""
        return self.last_ok_at is not None and self.last_ok_at == self.last_heard_at
