"""Who is told, how, and when not."""

from datetime import UTC, datetime

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from alerting.models.incidents import Incident
from alerting.models.rules import Severity
from models_registry.models import Project

AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)


class Channel(models.Model):
    """Where messages go. Secrets are encrypted and can be written, never read back."""

    class Kind(models.TextChoices):
        """One class each, in alerting/channels/."""

        CONSOLE = "console", _("console")
        EMAIL = "email", _("e-mail")
        WEBHOOK = "webhook", _("signed webhook")
        SLACK = "slack", _("Slack")
        TEAMS = "teams", _("Microsoft Teams")
        TELEGRAM = "telegram", _("Telegram")
        PAGERDUTY = "pagerduty", _("PagerDuty")
        ALERTMANAGER = "alertmanager", _("Alertmanager")
        ALERTMANAGER_WEBHOOK = "alertmanager_webhook", _("webhook as of Alertmanager")
        APPRISE = "apprise", _("other services (apprise)")

    project = models.ForeignKey(Project, models.CASCADE, related_name="channels", verbose_name=_("project"))
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=24, choices=Kind.choices)
    target = models.CharField(
        _("target"),
        max_length=500,
        blank=True,
        help_text=_(
            "E-mail: addresses separated by commas. Webhooks and Alertmanager: the URL. Telegram: the chat. "
            "PagerDuty: empty, or the address of its region. Slack, Teams and apprise: any words that say where it leads."
        ),
    )
    secret = models.BinaryField(blank=True, default=b"", editable=False)
    minimum_severity = models.CharField(
        _("from severity"), max_length=8, choices=Severity.choices, default=Severity.TICKET
    )
    enabled = models.BooleanField(_("enabled"), default=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="channels",
        verbose_name=_("whose own"),
        help_text=_("The one person it reaches, if it is one: quiet hours of the person hold for it."),
    )
    failures = models.PositiveIntegerField(_("failures in a row"), default=0, editable=False)
    last_error = models.TextField(_("last error"), blank=True, editable=False)
    last_ok_at = models.DateTimeField(_("last success"), null=True, editable=False)
    paused_until = models.DateTimeField(_("next try"), null=True, editable=False, help_text=_("Real time."))

    class Meta:
        """Listed by name."""

        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="channel_name_per_project")]

    def __str__(self) -> str:
        return self.name


class Notification(models.Model):
    """The outbox: one row per incident, channel and generation, written with the state change it tells of."""

    class State(models.TextChoices):
        """At least once, with a stable id; a decision not to send is a row too."""

        QUEUED = "queued", _("queued")
        SENDING = "sending", _("sending")
        SENT = "sent", _("sent")
        SUPPRESSED = "suppressed", _("suppressed")
        DEAD = "dead", _("given up")

    class Reason(models.TextChoices):
        """Why it is sent."""

        OPENED = "opened", _("incident opened")
        ESCALATED = "escalated", _("severity raised")
        GREW = "grew", _("another alert joined")
        CHANGED = "changed", _("an alert ended")
        FLAPPING = "flapping", _("an alert flaps")
        REPEATED = "repeated", _("still open")
        UNACKNOWLEDGED = "unacknowledged", _("nobody acknowledged")
        ACKNOWLEDGED = "acknowledged", _("incident acknowledged")
        MITIGATED = "mitigated", _("incident mitigated")
        ASSIGNED = "assigned", _("incident assigned")
        AWOKE = "awoke", _("snooze over")
        RESOLVED = "resolved", _("incident resolved")
        REOPENED = "reopened", _("incident reopened")
        MERGED = "merged", _("incident merged")
        TEST = "test", _("test message")

    uid = models.UUIDField(_("id"), unique=True)
    incident = models.ForeignKey(
        Incident, models.CASCADE, null=True, blank=True, related_name="notifications", verbose_name=_("incident")
    )
    channel = models.ForeignKey(Channel, models.CASCADE, related_name="notifications", verbose_name=_("channel"))
    generation = models.CharField(_("generation"), max_length=64)
    reason = models.CharField(_("reason"), max_length=16, choices=Reason.choices)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.QUEUED)
    decision = models.CharField(_("decision"), max_length=300, blank=True)
    body = models.JSONField(_("body"), default=dict)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    created_at = models.DateTimeField(_("created"))
    due_at = models.DateTimeField(_("due"), default=AT_ONCE, help_text=_("Story time: waits, reminders, quiet hours."))
    route = models.ForeignKey(
        "alerting.Route", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("route")
    )
    repeat_every = models.DurationField(_("repeat every"), null=True, blank=True)
    not_before = models.DateTimeField(_("not before"), help_text=_("Real time."))
    tried_at = models.DateTimeField(_("first tried"), null=True, blank=True, help_text=_("Real time."))
    lease_until = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    last_error = models.TextField(_("last error"), blank=True)

    class Meta:
        """The partial index serves the sender."""

        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["incident", "channel", "generation"], name="notification_once")]
        indexes = [
            models.Index(fields=["not_before"], name="outbox", condition=models.Q(state__in=["queued", "sending"]))
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} → {self.channel}"

    @property
    def waited(self) -> bool:
        """It was to leave later than it was written."""
        return self.due_at > self.created_at
