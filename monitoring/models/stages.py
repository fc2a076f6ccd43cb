"""The record of the stages and of the processes: who watches the watcher. Real time throughout."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class StageRun(models.Model):
    """The last run of a stage, kept up to date in place; real time, so that a stopped clock is not a stopped stage."""

    stage = models.CharField(_("stage"), max_length=32, unique=True)
    every = models.PositiveIntegerField(_("seconds between runs"), default=0)
    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    story_at = models.DateTimeField(_("story time"))
    seconds = models.FloatField(_("seconds"), default=0)
    seen = models.BigIntegerField(_("seen"), default=0)
    written = models.BigIntegerField(_("written"), default=0)
    skipped = models.BigIntegerField(_("skipped"), default=0)
    runs = models.BigIntegerField(_("runs"), default=0)
    failures = models.BigIntegerField(_("failures"), default=0)
    missed = models.BigIntegerField(
        _("missed"), default=0, help_text=_("Rounds that nobody started in time, ever: counted, never made up for.")
    )
    succeeded_at = models.DateTimeField(_("last success"), null=True, blank=True)
    last_error = models.TextField(_("last error"), blank=True)
    facts = models.JSONField(
        _("what it found"), default=list, blank=True, help_text=_("What the panel says of itself on every page.")
    )

    class Meta:
        """Few rows, read often."""

        verbose_name = _("stage run")
        verbose_name_plural = _("stage runs")
        ordering = ["stage"]

    def __str__(self) -> str:
        return self.stage


class ProcessState(models.Model):
    """One process of `manage.py up`, as its supervisor sees it."""

    class State(models.TextChoices):
        """Where the process stands."""

        RUNNING = "running", _("running")
        RESTARTING = "restarting", _("restarting")
        WAITING = "waiting", _("waiting for another process")
        DONE = "done", _("done")
        STOPPED = "stopped", _("stopped")

    name = models.CharField(_("name"), max_length=32, unique=True)
    state = models.CharField(_("state"), max_length=12, choices=State.choices)
    pid = models.PositiveIntegerField(_("process id"), null=True)
    started_at = models.DateTimeField(_("started"), null=True)
    restarts = models.PositiveIntegerField(_("restarts"), default=0)
    last_restart_at = models.DateTimeField(_("last restart"), null=True)
    last_exit = models.CharField(_("last exit"), max_length=120, blank=True)
    seen_at = models.DateTimeField(_("last seen"))

    class Meta:
        """Few rows, read often."""

        verbose_name = _("process")
        verbose_name_plural = _("processes")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
