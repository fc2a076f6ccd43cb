"""Nouns of alerting: rules, what they saw, incidents, and who was told."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from models_registry.models import Model, Project
from monitoring.models import SLO


class Severity(models.TextChoices):
    """What a firing alert asks for."""

    PAGE = "page", _("page")
    TICKET = "ticket", _("ticket")


class AlertRule(models.Model):
    """A question asked of the summaries at every interval."""

    class Kind(models.TextChoices):
        """How the question is put."""

        BURN_RATE = "burn_rate", _("SLO burn rate")
        THRESHOLD = "threshold", _("threshold")

    class Comparison(models.TextChoices):
        """Strict on both sides, as Prometheus rules are usually written."""

        ABOVE = "gt", _("above")
        BELOW = "lt", _("below")

    class NoData(models.TextChoices):
        """What a window without data means to this rule."""

        KEEP = "keep", _("keep the last state")
        OK = "ok", _("count as healthy")
        ALERT = "alert", _("alert")

    class Health(models.TextChoices):
        """Whether the rule itself works; a broken rule is not a quiet one."""

        UNKNOWN = "unknown", _("not evaluated yet")
        OK = "ok", _("working")
        NO_DATA = "no_data", _("no data")
        STALE = "stale", _("stale")
        ERROR = "error", _("broken")

    project = models.ForeignKey(Project, models.CASCADE, related_name="rules", verbose_name=_("project"))
    slug = models.SlugField(_("slug"), max_length=64)
    name = models.CharField(_("name"), max_length=160)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    slo = models.ForeignKey(SLO, models.CASCADE, null=True, blank=True, related_name="rules", verbose_name=_("SLO"))
    model = models.ForeignKey(
        Model, models.CASCADE, null=True, blank=True, related_name="rules", verbose_name=_("model")
    )
    environment = models.CharField(_("environment"), max_length=64, default="production")
    measure = models.CharField(_("measure"), max_length=48, blank=True)
    comparison = models.CharField(_("comparison"), max_length=2, choices=Comparison.choices, default=Comparison.ABOVE)
    threshold = models.FloatField(_("threshold"), null=True, blank=True)
    window = models.DurationField(_("window"), default=timedelta(minutes=5))
    pairs = models.JSONField(
        _("burn-rate pairs"),
        default=list,
        blank=True,
        help_text=_("Objects with long_s, short_s, factor and severity; empty means the standard table."),
    )
    for_duration = models.DurationField(_("for"), default=timedelta(0))
    keep_firing_for = models.DurationField(_("keep firing for"), default=timedelta(0))
    minimum = models.PositiveIntegerField(
        _("minimum sample"), default=3, help_text=_("Bad events (burn rate) or events (threshold) needed to judge.")
    )
    interval = models.DurationField(_("interval"), default=timedelta(minutes=1))
    severity = models.CharField(_("severity"), max_length=8, choices=Severity.choices, default=Severity.TICKET)
    no_data = models.CharField(_("on no data"), max_length=8, choices=NoData.choices, default=NoData.KEEP)
    summary = models.CharField(_("summary"), max_length=300, blank=True)
    enabled = models.BooleanField(_("enabled"), default=True)
    health = models.CharField(_("health"), max_length=8, choices=Health.choices, default=Health.UNKNOWN, editable=False)
    last_error = models.TextField(_("last error"), blank=True, editable=False)
    last_slot = models.DateTimeField(_("last evaluated"), null=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        """One slug per project; the kind decides which fields must be there."""

        verbose_name = _("alert rule")
        verbose_name_plural = _("alert rules")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["project", "slug"], name="rule_slug_per_project"),
            models.CheckConstraint(
                condition=models.Q(kind="burn_rate", slo__isnull=False)
                | models.Q(kind="threshold", model__isnull=False, threshold__isnull=False),
                name="rule_has_its_subject",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Evaluation(models.Model):
    """What a rule saw at a slot, as known then; hindsight reads the summaries again."""

    rule = models.ForeignKey(AlertRule, models.CASCADE, related_name="evaluations")
    slot = models.DateTimeField()
    window_end = models.DateTimeField()
    value = models.FloatField(null=True)
    good = models.BigIntegerField(null=True)
    valid = models.BigIntegerField(null=True)
    breached = models.BooleanField(null=True, help_text="Null: no data, stale or error.")
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        """(rule, slot) is unique, which makes duplicate ticks harmless."""

        verbose_name = _("evaluation")
        verbose_name_plural = _("evaluations")
        constraints = [models.UniqueConstraint(fields=["rule", "slot"], name="evaluation_slot")]

    def __str__(self) -> str:
        return f"{self.rule_id}@{self.slot:%H:%M:%S}"


class Incident(models.Model):
    """What people work on: grouped alerts of one model, from open to resolved."""

    class State(models.TextChoices):
        """Where the work stands."""

        OPEN = "open", _("open")
        ACKNOWLEDGED = "acknowledged", _("acknowledged")
        RESOLVED = "resolved", _("resolved")

    project = models.ForeignKey(Project, models.CASCADE, related_name="incidents", verbose_name=_("project"))
    number = models.PositiveIntegerField(_("number"), help_text=_("Counts per installation: INC-7."), unique=True)
    title = models.CharField(_("title"), max_length=300)
    model = models.ForeignKey(
        Model, models.SET_NULL, null=True, blank=True, related_name="incidents", verbose_name=_("model")
    )
    group_key = models.CharField(_("group key"), max_length=200)
    severity = models.CharField(_("severity"), max_length=8, choices=Severity.choices)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.OPEN)
    impact_started_at = models.DateTimeField(_("impact started"))
    opened_at = models.DateTimeField(_("opened"))
    acknowledged_at = models.DateTimeField(_("acknowledged at"), null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("acknowledged by"),
    )
    resolved_at = models.DateTimeField(_("resolved at"), null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("resolved by"),
    )

    class Meta:
        """At most one unresolved incident per group."""

        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "group_key"],
                condition=~models.Q(state="resolved"),
                name="one_open_incident_per_group",
            )
        ]

    def __str__(self) -> str:
        return f"INC-{self.number}"


class Alert(models.Model):
    """The current state of one rule for one set of labels."""

    class State(models.TextChoices):
        """Prometheus's three, plus the two that must be loud."""

        INACTIVE = "inactive", _("healthy")
        PENDING = "pending", _("pending")
        FIRING = "firing", _("firing")
        NO_DATA = "no_data", _("no data")
        STALE = "stale", _("stale")

    rule = models.ForeignKey(AlertRule, models.CASCADE, related_name="alerts", verbose_name=_("rule"))
    fingerprint = models.CharField(_("fingerprint"), max_length=20)
    labels = models.JSONField(_("labels"), default=dict)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.INACTIVE)
    active_since = models.DateTimeField(_("active since"), null=True, blank=True)
    keep_since = models.DateTimeField(_("recovering since"), null=True, blank=True)
    fired_at = models.DateTimeField(_("fired at"), null=True, blank=True)
    resolved_at = models.DateTimeField(_("resolved at"), null=True, blank=True)
    changed_at = models.DateTimeField(_("changed at"), null=True, blank=True)
    severity = models.CharField(_("severity"), max_length=8, choices=Severity.choices)
    value = models.FloatField(_("value"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    incident = models.ForeignKey(
        Incident, models.SET_NULL, null=True, blank=True, related_name="alerts", verbose_name=_("incident")
    )

    class Meta:
        """One row per rule and labels."""

        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering = ["-changed_at"]
        constraints = [models.UniqueConstraint(fields=["rule", "fingerprint"], name="alert_identity")]

    def __str__(self) -> str:
        return f"{self.rule} · {self.get_state_display()}"


class AlertTransition(models.Model):
    """Append-only: every change of state, with its reason."""

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="transitions", verbose_name=_("alert"))
    incident = models.ForeignKey(
        Incident, models.SET_NULL, null=True, blank=True, related_name="transitions", verbose_name=_("incident")
    )
    from_state = models.CharField(_("from"), max_length=8, choices=Alert.State.choices)
    to_state = models.CharField(_("to"), max_length=8, choices=Alert.State.choices)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    at = models.DateTimeField(_("at"))
    value = models.FloatField(_("value"), null=True)

    class Meta:
        """The index serves timelines."""

        verbose_name = _("alert transition")
        verbose_name_plural = _("alert transitions")
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["alert", "at"], name="transition_timeline")]

    def __str__(self) -> str:
        return f"{self.from_state} → {self.to_state}"


class IncidentEvent(models.Model):
    """Append-only timeline of an incident: what machines and people did."""

    class Kind(models.TextChoices):
        """Who or what wrote it."""

        OPENED = "opened", _("opened")
        ALERT = "alert", _("alert")
        ACKNOWLEDGED = "acknowledged", _("acknowledged")
        SILENCED = "silenced", _("silenced")
        RESOLVED = "resolved", _("resolved")
        COMMENT = "comment", _("comment")
        NOTIFIED = "notified", _("message sent")
        SUPPRESSED = "suppressed", _("message not sent")
        RUNBOOK = "runbook", _("runbook step")

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="events", verbose_name=_("incident"))
    at = models.DateTimeField(_("at"))
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("who")
    )
    text = models.TextField(_("text"), blank=True)
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        """In the order it happened."""

        verbose_name = _("incident event")
        verbose_name_plural = _("incident events")
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["incident", "at"], name="incident_timeline")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.text}".strip()


class Silence(models.Model):
    """A promise to look later: no messages for matching incidents until it ends. Owner and end are mandatory."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="silences", verbose_name=_("project"))
    model = models.ForeignKey(
        Model, models.CASCADE, null=True, blank=True, related_name="silences", verbose_name=_("model")
    )
    rule = models.ForeignKey(
        AlertRule, models.CASCADE, null=True, blank=True, related_name="silences", verbose_name=_("rule")
    )
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("owner"))
    comment = models.CharField(_("comment"), max_length=300, blank=True)

    class Meta:
        """Ends after it starts."""

        verbose_name = _("silence")
        verbose_name_plural = _("silences")
        ordering = ["-ends_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="silence_ends_after_start"
            )
        ]

    def __str__(self) -> str:
        return f"{self.model or self.rule or self.project} → {self.ends_at:%Y-%m-%d %H:%M}"


class Channel(models.Model):
    """Where messages go. Secrets are encrypted and can be written, never read back."""

    class Kind(models.TextChoices):
        """One class each, in alerting/channels/."""

        CONSOLE = "console", _("console")
        EMAIL = "email", _("e-mail")
        WEBHOOK = "webhook", _("signed webhook")

    project = models.ForeignKey(Project, models.CASCADE, related_name="channels", verbose_name=_("project"))
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    target = models.CharField(
        _("target"),
        max_length=500,
        blank=True,
        help_text=_("E-mail addresses separated by commas, or the webhook's URL."),
    )
    secret = models.BinaryField(blank=True, default=b"", editable=False)
    minimum_severity = models.CharField(
        _("from severity"), max_length=8, choices=Severity.choices, default=Severity.TICKET
    )
    enabled = models.BooleanField(_("enabled"), default=True)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0, editable=False)
    last_error = models.TextField(_("last error"), blank=True, editable=False)
    last_ok_at = models.DateTimeField(_("last success"), null=True, editable=False)

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
        RESOLVED = "resolved", _("incident resolved")
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
    not_before = models.DateTimeField(_("not before"), help_text=_("Real time."))
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


class AlertVerdict(models.Model):
    """What a review says of an alert; written by reviews, read by fatigue reports."""

    class Verdict(models.TextChoices):
        """Was it worth waking up for?"""

        USEFUL = "useful", _("useful")
        NOISE = "noise", _("noise")

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="verdicts", verbose_name=_("alert"))
    incident = models.ForeignKey(Incident, models.CASCADE, related_name="verdicts", verbose_name=_("incident"))
    verdict = models.CharField(_("verdict"), max_length=8, choices=Verdict.choices)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("who")
    )
    at = models.DateTimeField(_("at"))

    class Meta:
        """One verdict per alert and incident."""

        verbose_name = _("alert verdict")
        verbose_name_plural = _("alert verdicts")
        constraints = [models.UniqueConstraint(fields=["alert", "incident"], name="verdict_per_alert_incident")]

    def __str__(self) -> str:
        return self.get_verdict_display()
