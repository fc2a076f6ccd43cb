"""What is asked of the summaries, and what was seen."""

from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from alerting.labels.validators import check_label_names
from models_registry.models import Model, Project
from models_registry.shipped import shipped
from monitoring.models import SLO, Policy


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
        DRIFT = "drift", _("drift of the inputs")
        DATA_QUALITY = "data_quality", _("data quality of the inputs")
        CONCEPT_DRIFT = "concept_drift", _("concept drift suspected")
        VOLUME = "volume", _("volume against the past")
        ANOMALY = "anomaly", _("anomaly against the same hour of the week")
        ABSENCE = "absence", _("absence of events")
        HEARTBEAT = "heartbeat", _("missing heartbeat")
        POLICY = "policy", _("violations of policies")
        COMPOSITE = "composite", _("composite of other rules")
        EXTERNAL = "external", _("of another program")

    class Against(models.TextChoices):
        """What a rule on drift or volume holds its window against."""

        REFERENCE = "reference", _("the reference")
        DAY = "day", _("the same hours of the seven days before")
        WEEK = "week", _("the same hours of the four weeks before")
        REFERENCE_WEEK = "reference_week", _("the same hours of the weeks that the reference was taken from")

    class Comparison(models.TextChoices):
        """Strict on both sides, as Prometheus rules are usually written."""

        ABOVE = "gt", _("above")
        BELOW = "lt", _("below")
        EITHER = "ne", _("above or below")

    class NoData(models.TextChoices):
        """What a window without data, or an evaluation that failed, means to this rule."""

        KEEP = "keep", _("keep the last state")
        OK = "ok", _("count as healthy")
        ALERT = "alert", _("alert")
        SEPARATE = "separate", _("keep the last state and tell of it by a ticket of its own")

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
    measure = models.CharField(_("measure"), max_length=300, blank=True)
    comparison = models.CharField(_("comparison"), max_length=2, choices=Comparison.choices, default=Comparison.ABOVE)
    threshold = models.FloatField(_("threshold"), null=True, blank=True)
    window = models.DurationField(_("window"), default=timedelta(minutes=5))
    against = models.CharField(
        _("against"),
        max_length=16,
        choices=Against.choices,
        default=Against.REFERENCE,
        help_text=_("For rules on drift and volume: what the window is held against."),
    )
    pairs = models.JSONField(
        _("burn-rate pairs"),
        default=list,
        blank=True,
        help_text=_("Objects with long_s, short_s, factor and severity; empty means the standard table."),
    )
    recovery = models.FloatField(
        _("recovers at"),
        null=True,
        blank=True,
        help_text=_(
            "Only for thresholds: a firing alert ends where the measure is back past this number (hysteresis)."
        ),
    )
    points = models.PositiveSmallIntegerField(
        _("windows looked at"), default=1, help_text=_("Only for absence: of so many windows in a row …")
    )
    points_bad = models.PositiveSmallIntegerField(
        _("windows that must lack events"),
        default=1,
        help_text=_("… at least so many have fewer events than the minimum."),
    )
    expression = models.JSONField(
        _("expression"),
        default=dict,
        blank=True,
        help_text=_(
            'Only for composites: slugs of rules under “all”, “any” or “not”, such as {"all": ["a", {"not": "b"}]}.'
        ),
    )
    policy = models.ForeignKey(
        Policy,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="rules",
        verbose_name=_("policy"),
        help_text=_("Only for violations: of this policy; empty means of every policy of the model."),
    )
    group_by = models.CharField(
        _("one alert per"),
        max_length=48,
        blank=True,
        help_text=_("“version”, or a declared segment key such as region; empty makes one alert."),
    )
    settle = models.DurationField(
        _("settle offset"),
        null=True,
        blank=True,
        help_text=_("How long before now windows end; empty is as long as the labels of the measure take."),
    )
    labels = models.JSONField(
        _("labels"), default=dict, blank=True, help_text=_('Texts by name, put on every alert: {"team": "credit"}.')
    )
    for_duration = models.DurationField(_("for"), default=timedelta(0))
    keep_firing_for = models.DurationField(_("keep firing for"), default=timedelta(0))
    minimum = models.PositiveIntegerField(
        _("minimum sample"), default=3, help_text=_("Bad events (burn rate) or events (threshold) needed to judge.")
    )
    minimum_short = models.PositiveIntegerField(
        _("minimum in the short window"),
        default=2,
        help_text=_(
            "Only for burn rates: bad events that the short window needs too, so that few failures wake nobody."
        ),
    )
    interval = models.DurationField(_("interval"), default=timedelta(minutes=1))
    severity = models.CharField(_("severity"), max_length=8, choices=Severity.choices, default=Severity.TICKET)
    no_data = models.CharField(_("on no data"), max_length=8, choices=NoData.choices, default=NoData.KEEP)
    no_data_for = models.DurationField(
        _("for, of no data"),
        null=True,
        blank=True,
        help_text=_("How long data must be missing before that counts; empty is as long as a breach."),
    )
    on_error = models.CharField(_("on errors"), max_length=8, choices=NoData.choices, default=NoData.SEPARATE)
    error_for = models.DurationField(
        _("for, of errors"),
        null=True,
        blank=True,
        default=timedelta(minutes=5),
        help_text=_("How long the rule itself must fail before that counts; empty is as long as a breach."),
    )
    summary = models.CharField(_("summary"), max_length=300, blank=True)
    incident_labels = models.JSONField(
        _("grouped into incidents by"),
        null=True,
        blank=True,
        validators=[check_label_names],
        help_text=_("Labels that alerts of one incident have in common; empty: those of the project."),
    )
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
                | models.Q(kind="threshold", model__isnull=False, threshold__isnull=False)
                | models.Q(kind="external")
                | models.Q(
                    kind__in=[
                        *("drift", "data_quality", "concept_drift", "volume", "anomaly", "absence"),
                        *("heartbeat", "policy", "composite"),
                    ],
                    model__isnull=False,
                ),
                name="rule_has_its_subject",
            ),
        ]

    def __str__(self) -> str:
        return shipped(self.name)

    @property
    def grouping(self) -> str:
        """By what it makes an alert each: its own key, or that of the objective it watches; empty: one alert."""
        return self.group_by or (self.slo.group_by if self.slo else "")

    @property
    def watched(self) -> str:
        """The measure behind the rule; empty for a rule on an SLO."""
        behind = {
            self.Kind.DRIFT.value: "drift_psi",
            self.Kind.DATA_QUALITY.value: "broken_features",
            self.Kind.VOLUME.value: "volume_ratio",
            self.Kind.ABSENCE.value: "requests",
            self.Kind.POLICY.value: "policy_violation_rate",
        }
        if self.kind == self.Kind.CONCEPT_DRIFT:
            return self.measure or "accuracy"
        return behind.get(str(self.kind), self.measure)

    @property
    def watched_limit(self) -> float | None:
        """The threshold, where it is a value of that measure; concept drift is a distance, volume a factor."""
        others = (self.Kind.CONCEPT_DRIFT, self.Kind.VOLUME, self.Kind.ANOMALY, self.Kind.ABSENCE, self.Kind.POLICY)
        return None if self.kind in others else self.threshold


class Evaluation(models.Model):
    """What a rule saw at a slot, as known then; hindsight reads the summaries again."""

    rule = models.ForeignKey(AlertRule, models.CASCADE, related_name="evaluations")
    slot = models.DateTimeField()
    group = models.CharField(
        max_length=128, default="", blank=True, help_text="Which alert of a rule that has several."
    )
    window_end = models.DateTimeField()
    value = models.FloatField(null=True)
    good = models.BigIntegerField(null=True)
    valid = models.BigIntegerField(null=True)
    breached = models.BooleanField(null=True, help_text="Null: no data, stale or error.")
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        """(rule, slot, group) is unique, which makes duplicate ticks harmless."""

        verbose_name = _("evaluation")
        verbose_name_plural = _("evaluations")
        constraints = [models.UniqueConstraint(fields=["rule", "slot", "group"], name="evaluation_slot")]

    def __str__(self) -> str:
        return f"{self.rule_id}@{self.slot:%H:%M:%S}"


class Heartbeat(models.Model):
    """A sign of life that somebody sent to a rule of kind heartbeat."""

    rule = models.ForeignKey(AlertRule, models.CASCADE, related_name="heartbeats")
    at = models.DateTimeField()

    class Meta:
        """The index serves the newest of a rule, and its past."""

        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")
        indexes = [models.Index(fields=["rule", "at"], name="heartbeat_of_rule")]

    def __str__(self) -> str:
        return f"{self.rule_id}@{self.at:%Y-%m-%d %H:%M:%S}"
