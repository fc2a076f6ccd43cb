"""The record of the stages: who watches the watcher."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class StageRun(models.Model):
    """The last run of a stage, kept up to date in place; real time, so that a stopped clock is not a stopped stage."""

    stage = models.CharField(_("stage"), max_length=32, unique=True)
    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    story_at = models.DateTimeField(_("story time"))
    seconds = models.FloatField(_("seconds"), default=0)
    seen = models.BigIntegerField(_("seen"), default=0)
    written = models.BigIntegerField(_("written"), default=0)
    skipped = models.BigIntegerField(_("skipped"), default=0)
    runs = models.BigIntegerField(_("runs"), default=0)
    failures = models.BigIntegerField(_("failures"), default=0)
    last_error = models.TextField(_("last error"), blank=True)

    class Meta:
        """Few rows, read often."""

        verbose_name = _("stage run")
        verbose_name_plural = _("stage runs")
        ordering = ["stage"]

    def __str__(self) -> str:
        return self.stage
