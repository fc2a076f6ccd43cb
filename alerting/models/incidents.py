"""What people work on: alerts, the incidents that group them, and everything said and done about those."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from alerting.models.rules import AlertRule, Severity
from alerting.states import lifecycle
from models_registry.models import Model, Project


def _person(label: StrOrPromise) -> Any:
    """Somebody who did something; the deed outlives their account."""
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=label
    )


class Incident(models.Model):
    """What people work on: grouped alerts of one model, from open to closed.

    `revision` counts changes of the row itself, so that a form which was opened before one can be told from the newest.
    """

    class State(models.TextChoices):
        """Where the work stands, as `alerting.states.lifecycle` has it."""

        OPEN = lifecycle.State.OPEN.value, _("open")
        ACKNOWLEDGED = lifecycle.State.ACKNOWLEDGED.value, _("acknowledged")
        MITIGATED = lifecycle.State.MITIGATED.value, _("mitigated")
        RESOLVED = lifecycle.State.RESOLVED.value, _("resolved")
        CLOSED = lifecycle.State.CLOSED.value, _("closed")
        MERGED = lifecycle.State.MERGED.value, _("merged")

    project = models.ForeignKey(Project, models.CASCADE, related_name="incidents", verbose_name=_("project"))
    number = models.PositiveIntegerField(_("number"), help_text=_("Counts per installation: INC-7."), unique=True)
    title = models.CharField(_("title"), max_length=300)
    model = models.ForeignKey(
        Model, models.SET_NULL, null=True, blank=True, related_name="incidents", verbose_name=_("model")
    )
    group_key = models.CharField(_("group key"), max_length=200)
    group_labels = models.JSONField(_("group"), default=dict, blank=True)
    severity = models.CharField(_("severity"), max_length=8, choices=Severity.choices)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.OPEN)
    impact_started_at = models.DateTimeField(_("impact started"))
    opened_at = models.DateTimeField(_("opened"))
    acknowledged_at = models.DateTimeField(_("acknowledged at"), null=True, blank=True)
    acknowledged_by = _person(_("acknowledged by"))
    answered_at = models.DateTimeField(
        _("first acknowledged"), null=True, blank=True, help_text=_("Stays when the incident is reopened.")
    )
    mitigated_at = models.DateTimeField(_("mitigated at"), null=True, blank=True)
    mitigated_by = _person(_("mitigated by"))
    resolved_at = models.DateTimeField(_("resolved at"), null=True, blank=True)
    resolved_by = _person(_("resolved by"))
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    closed_by = _person(_("closed by"))
    reopened_at = models.DateTimeField(_("last reopened"), null=True, blank=True)
    assignee = _person(_("assigned to"))
    snoozed_until = models.DateTimeField(_("snoozed until"), null=True, blank=True)
    merged_into = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="merged", verbose_name=_("merged into")
    )
    revision = models.PositiveIntegerField(_("revision"), default=0)

    class Meta:
        """At most one incident per group is under way; the index serves the stage that ends snoozes."""

        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "group_key"],
                condition=models.Q(state__in=["open", "acknowledged", "mitigated"]),
                name="one_open_incident_per_group",
            )
        ]
        indexes = [
            models.Index(
                fields=["snoozed_until"], name="incidents_to_wake", condition=models.Q(snoozed_until__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return f"INC-{self.number}"

    @property
    def is_over(self) -> bool:
        """Resolved, closed or merged: nobody works on it here any more."""
        return self.state in lifecycle.OVER

    @property
    def in_hand(self) -> bool:
        """Somebody is on it."""
        return self.state in lifecycle.IN_HAND

    def snoozed_at(self, moment: datetime) -> bool:
        """Whether nobody is to be reminded of it then."""
        return self.snoozed_until is not None and self.snoozed_until > moment


class Alert(models.Model):
    """The current state of one rule for one set of labels, and one thing to tell of it."""

    class State(models.TextChoices):
        """Prometheus's three, plus those that must be loud."""

        INACTIVE = "inactive", _("healthy")
        PENDING = "pending", _("pending")
        FIRING = "firing", _("firing")
        NO_DATA = "no_data", _("no data")
        STALE = "stale", _("stale")
        ERROR = "error", _("rule broken")

    class Signal(models.TextChoices):
        """What it tells of: the rule's breach; or, of low severity, that the rule cannot tell."""

        BREACH = "breach", _("breach")
        NO_DATA = "no_data", _("no data")
        ERROR = "error", _("rule broken")

    rule = models.ForeignKey(AlertRule, models.CASCADE, related_name="alerts", verbose_name=_("rule"))
    fingerprint = models.CharField(_("fingerprint"), max_length=20)
    labels = models.JSONField(_("labels"), default=dict)
    signal = models.CharField(_("tells of"), max_length=8, choices=Signal.choices, default=Signal.BREACH)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.INACTIVE)
    active_since = models.DateTimeField(_("active since"), null=True, blank=True)
    keep_since = models.DateTimeField(_("recovering since"), null=True, blank=True)
    blind_since = models.DateTimeField(_("cannot tell since"), null=True, blank=True)
    fired_at = models.DateTimeField(_("fired at"), null=True, blank=True)
    resolved_at = models.DateTimeField(_("resolved at"), null=True, blank=True)
    changed_at = models.DateTimeField(_("changed at"), null=True, blank=True)
    turns = models.JSONField(_("latest turns"), default=list, blank=True, editable=False)
    flapping_since = models.DateTimeField(_("flapping since"), null=True, blank=True)
    severity = models.CharField(_("severity"), max_length=8, choices=Severity.choices)
    value = models.FloatField(_("value"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    incident = models.ForeignKey(
        Incident, models.SET_NULL, null=True, blank=True, related_name="alerts", verbose_name=_("incident")
    )
    # What another program told of an alert of its own.
    annotations = models.JSONField(_("annotations"), default=dict, blank=True)
    generator_url = models.TextField(_("where it came from"), blank=True)
    starts_at = models.DateTimeField(_("began, as it says"), null=True, blank=True)
    ends_at = models.DateTimeField(_("ends, as it says"), null=True, blank=True)
    ends_by_timeout = models.BooleanField(_("ends unless it is sent again"), default=False)
    received_at = models.DateTimeField(_("last received"), null=True, blank=True)

    class Meta:
        """One row per rule, labels and signal."""

        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering = ["-changed_at"]
        constraints = [models.UniqueConstraint(fields=["rule", "fingerprint", "signal"], name="alert_identity")]
        indexes = [
            models.Index(fields=["ends_at"], name="alerts_to_expire", condition=models.Q(state="firing")),
            models.Index(
                fields=["flapping_since"], name="alerts_to_settle", condition=models.Q(flapping_since__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} · {self.shown_state}"

    @property
    def is_recovering(self) -> bool:
        """Firing, but no longer breached: it ends after the rule's `keep_firing_for`."""
        return self.state == self.State.FIRING and self.keep_since is not None

    @property
    def shown_state(self) -> str:
        """The state in the active language; *recovering* where it is."""
        return gettext("recovering") if self.is_recovering else self.get_state_display()

    @property
    def wire_labels(self) -> dict[str, str]:
        """The labels by which silences, inhibitions, routes and other programs know it; those of other programs as they came.

        Those of ours with its name and severity. Needs `rule`.
        """
        if self.rule.kind == AlertRule.Kind.EXTERNAL:
            return dict(self.labels)
        named = {"alertname": self.rule.slug, **self.labels, "severity": self.severity}
        return {name: str(value) for name, value in named.items() if value not in ("", None)}


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
        MITIGATED = "mitigated", _("mitigated")
        ASSIGNED = "assigned", _("assigned")
        SEVERITY = "severity", _("severity changed")
        SNOOZED = "snoozed", _("snoozed")
        AWOKE = "awoke", _("snooze over")
        FLAPPING = "flapping", _("alert flaps")
        SETTLED = "settled", _("alert flaps no longer")
        SILENCED = "silenced", _("silenced")
        RESOLVED = "resolved", _("resolved")
        REOPENED = "reopened", _("reopened")
        CLOSED = "closed", _("closed")
        MERGED = "merged", _("merged")
        COMMENT = "comment", _("comment")
        NOTIFIED = "notified", _("message sent")
        SUPPRESSED = "suppressed", _("message not sent")
        REQUEUED = "requeued", _("message queued again")
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
