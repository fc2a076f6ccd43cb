"""The durable inbox, the key directory and the ledger: accepted once, stored once, counted once."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from models_registry.models import Project


class EventKind(models.TextChoices):
    """What a body of items holds; the names of the wire contract's paths, in the singular."""

    PREDICTION = "prediction", _("predictions")
    LLM_CALL = "llm_call", _("LLM calls")
    OUTCOME = "outcome", _("outcomes")
    FEEDBACK = "feedback", _("feedback")
    EVENT = "event", _("events")
    LOG = "log", _("logs")
    SPAN = "span", _("spans")
    METRIC = "metric", _("data points")


class InboxBody(models.Model):
    """One accepted request, committed before its 202. Its id is the ingest sequence.

    The event at position `index` of the body gets the primary key `id << 13 | index`, so a body drained twice
    would collide with itself.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12, choices=EventKind.choices)
    received_us = models.BigIntegerField(help_text="Story time, epoch microseconds.")
    arrived_at = models.DateTimeField(help_text="Real time; the age that backpressure looks at.")
    accepted = models.PositiveIntegerField()
    rejected = models.PositiveIntegerField(default=0)
    rejections = models.JSONField(default=dict, help_text='{"code": [count, "last detail"]}')
    replayed = models.BooleanField(default=False, help_text="Came back from the dead letters; counted already.")
    as_sent = models.BooleanField(default=False, help_text="The items are the sender's own bytes, their times too.")
    # The last column: SQLite reads what stands before a large value without touching it.
    items = models.BinaryField(help_text="The accepted items, validated and redacted, as a JSON array in UTF-8.")

    class Meta:
        """Drained in the order of its ids; the index lets backpressure sum up without reading the bodies."""

        verbose_name = _("inbox body")
        verbose_name_plural = _("inbox bodies")
        indexes = [models.Index(fields=["arrived_at", "accepted"], name="inbox_backlog")]

    def __str__(self) -> str:
        return f"{self.kind} × {self.accepted}"


class EventKey(models.Model):
    """Directory of identities: 16-byte hash of (project, namespace, client id) to the stored event.

    An outcome or feedback that arrives before its target leaves a row without `ref`: the row is the lock on which
    the two meet, and the sign for the target to look for what came early.
    """

    key = models.BinaryField(max_length=16, primary_key=True)
    kind = models.CharField(max_length=12, choices=EventKind.choices)
    ref = models.BigIntegerField(null=True, help_text="Primary key of the stored event; null while only awaited.")
    seen_us = models.BigIntegerField(help_text="Ingest time; keys are forgotten after the identity horizon.")

    class Meta:
        """The index serves the retention stage only."""

        verbose_name = _("event key")
        verbose_name_plural = _("event keys")

    def __str__(self) -> str:
        return f"{self.kind} {self.ref}"


class DeadLetter(models.Model):
    """One item that could not be stored, alone, with the reason; it can be replayed."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="+", verbose_name=_("project"))
    kind = models.CharField(_("kind"), max_length=12, choices=EventKind.choices)
    item = models.BinaryField(help_text="As it was in the inbox, a JSON object; a whole body if that was unreadable.")
    as_sent = models.BooleanField(default=False, help_text="Its time is as it was sent.")
    count = models.PositiveIntegerField(_("items"), default=1)
    error = models.TextField(_("error"))
    at = models.DateTimeField(_("at"))

    class Meta:
        """Newest first."""

        verbose_name = _("dead letter")
        verbose_name_plural = _("dead letters")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.kind}: {self.error[:80]}"


class LedgerCount(models.Model):
    """Folded counts per project and kind; with the inbox they make the ledger balance at any instant."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12, choices=EventKind.choices)
    received = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)
    accepted = models.BigIntegerField(default=0)
    stored = models.BigIntegerField(default=0)
    duplicate = models.BigIntegerField(default=0)
    dead_lettered = models.BigIntegerField(default=0)
    orphaned = models.BigIntegerField(
        default=0, db_default=0, help_text="Stored outcomes and feedback whose prediction or call has not arrived."
    )

    class Meta:
        """One row per project and kind."""

        verbose_name = _("ledger count")
        verbose_name_plural = _("ledger counts")
        constraints = [models.UniqueConstraint(fields=["project", "kind"], name="ledger_per_project_kind")]

    def __str__(self) -> str:
        return f"{self.project_id} {self.kind}"


class RejectionCount(models.Model):
    """How often items of a kind were refused, why, and what the last sender was told."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12, choices=EventKind.choices)
    code = models.CharField(max_length=64)
    count = models.BigIntegerField(default=0)
    last_detail = models.TextField(blank=True)
    last_us = models.BigIntegerField()

    class Meta:
        """One row per reason."""

        verbose_name = _("rejection count")
        verbose_name_plural = _("rejection counts")
        constraints = [models.UniqueConstraint(fields=["project", "kind", "code"], name="rejection_per_reason")]

    def __str__(self) -> str:
        return f"{self.kind} {self.code} × {self.count}"
