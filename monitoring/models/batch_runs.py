"""Runs of models that score in batches: what their jobs say of them."""

from datetime import datetime, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from models_registry.models import ModelVersion, Project

MAX_ERROR = 2_000
SILENT = "silent"


class BatchRun(models.Model):
    """One run, by the id that its job gives it. Rows are counted by the job; they are no events."""

    class State(models.TextChoices):
        """What the job said last. That a run has fallen silent is seen when it is looked at."""

        RUNNING = "running", _("running")
        FINISHED = "finished", _("done")
        FAILED = "failed", _("failed")

    project = models.ForeignKey(Project, models.CASCADE, related_name="batch_runs", verbose_name=_("project"))
    run = models.CharField(_("run"), max_length=200)
    version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="batch_runs", verbose_name=_("version"))
    environment = models.CharField(_("environment"), max_length=64, default="production")
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.RUNNING)
    started_at = models.DateTimeField(_("started"), null=True)
    heard_at = models.DateTimeField(_("last heard of"))
    finished_at = models.DateTimeField(_("finished"), null=True)
    heartbeat = models.DurationField(
        _("heartbeat every"), null=True, help_text=_("Without one for longer, a run has fallen silent.")
    )
    rows_expected = models.BigIntegerField(_("rows expected"), null=True)
    rows = models.BigIntegerField(_("rows"), null=True)
    rows_failed = models.BigIntegerField(_("rows failed"), null=True)
    error = models.CharField(_("error"), max_length=MAX_ERROR, blank=True)

    class Meta:
        """An id is there once in a project; the index serves retention."""

        verbose_name = _("batch run")
        verbose_name_plural = _("batch runs")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["project", "run"], name="batch_run_per_project")]
        indexes = [
            models.Index(fields=["project", "-id"], name="batch_run_by_project"),
            models.Index(fields=["heard_at"], name="batch_run_by_age"),
        ]

    def __str__(self) -> str:
        return self.run

    @property
    def duration(self) -> timedelta | None:
        """From start to finish, where both are known."""
        return self.finished_at - self.started_at if self.finished_at and self.started_at else None

    @property
    def completeness(self) -> float | None:
        """Rows over those that were expected."""
        return self.rows / self.rows_expected if self.rows is not None and self.rows_expected else None

    def seen_state(self, *, now: datetime) -> str:
        """What the job said last, or SILENT of a run that was not heard of for longer than it promised."""
        is_silent = (
            self.state == self.State.RUNNING and self.heartbeat is not None and self.heard_at + self.heartbeat < now
        )
        return SILENT if is_silent else self.state
