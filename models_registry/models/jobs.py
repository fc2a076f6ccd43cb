"""Work that takes longer than a stage may: it goes on from its cursor, step by step, and can be cancelled."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from models_registry.models.registry import Project


class Job(models.Model):
    """One piece of long work. What it has done and where it is (`cursor`) change in one transaction with the work itself."""

    class State(models.TextChoices):
        """Where it stands."""

        QUEUED = "queued", _("queued")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    project = models.ForeignKey(Project, models.CASCADE, related_name="jobs", verbose_name=_("project"))
    kind = models.CharField(_("kind"), max_length=32, help_text=_("A name in settings.JOBS."))
    arguments = models.JSONField(_("arguments"), default=dict, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.QUEUED)
    cursor = models.JSONField(_("cursor"), default=dict, blank=True)
    done = models.BigIntegerField(_("done"), default=0)
    total = models.BigIntegerField(_("of"), null=True, blank=True, help_text=_("Empty where nobody knows beforehand."))
    report = models.JSONField(_("report"), default=dict, blank=True)
    error = models.TextField(_("error"), blank=True)
    cancel = models.BooleanField(_("to be cancelled"), default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("started by")
    )
    created_at = models.DateTimeField(_("created"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    stepped_at = models.DateTimeField(_("last step"), null=True, blank=True, help_text=_("In real time."))
    lease_until = models.DateTimeField(
        _("under way until"),
        null=True,
        blank=True,
        help_text=_("In real time; somebody works on it outside a transaction."),
    )

    class Meta:
        """Few rows; the partial index finds those with work left."""

        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["stepped_at"], name="job_with_work", condition=models.Q(state__in=["queued", "running"])
            ),
            models.Index(fields=["project", "-id"], name="job_by_project"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether there is work left."""
        return self.state in {self.State.QUEUED, self.State.RUNNING}

    @property
    def share(self) -> float | None:
        """How much of it is done, 0 to 1; None where nobody knows."""
        if self.state == self.State.DONE:
            return 1.0
        return min(1.0, self.done / self.total) if self.total else None
