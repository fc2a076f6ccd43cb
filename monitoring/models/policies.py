"""What an LLM application may cost, take and use; and the times when it did not keep to that."""

from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from models_registry.models import LONGEST, Model, Project
from models_registry.shipped import shipped
from monitoring.llm.limits import CONTEXTS, SAME_PARAMETER, Limits, Range

MAX_PATTERNS = 100
DAY = timedelta(days=1)


def _dollars(label: Any) -> "models.DecimalField[Any, Any]":
    return models.DecimalField(
        label,
        max_digits=17,
        decimal_places=9,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(10**8)],
        help_text=_("US dollars; empty means no limit."),
    )


class Policy(models.Model):
    """Limits of one application. What a call alone can break is judged when it is drained; money and quality by a stage."""

    class OnFailure(models.TextChoices):
        """What to answer where a limit cannot be evaluated."""

        OPEN = "open", _("allow")
        CLOSED = "closed", _("deny")

    class Comparison(models.TextChoices):
        """Which side of the bound is good."""

        AT_LEAST = "at_least", _("at least")
        AT_MOST = "at_most", _("at most")

    project = models.ForeignKey(Project, models.CASCADE, related_name="policies", verbose_name=_("project"))
    slug = models.SlugField(_("slug"), max_length=64)
    name = models.CharField(_("name"), max_length=200)
    description = models.TextField(_("description"), blank=True)
    model = models.ForeignKey(Model, models.CASCADE, related_name="policies", verbose_name=_("application"))
    environment = models.CharField(
        _("environment"), max_length=64, blank=True, help_text=_("Calls of this environment; empty means all.")
    )
    enabled = models.BooleanField(_("enabled"), default=True)
    on_failure = models.CharField(
        _("where it cannot be evaluated"), max_length=6, choices=OnFailure.choices, default=OnFailure.OPEN
    )
    max_cost_day_usd = _dollars(_("cost per day"))
    max_cost_month_usd = _dollars(_("cost per month"))
    max_cost_user_day_usd = _dollars(_("cost per user and day"))
    max_latency_ms = models.PositiveIntegerField(_("response time in ms"), null=True, blank=True)
    quality_measure = models.CharField(
        _("measure of quality"),
        max_length=64,
        blank=True,
        help_text=_("A name from the catalogue, such as feedback_rate."),
    )
    quality_comparison = models.CharField(
        _("comparison"), max_length=8, choices=Comparison.choices, default=Comparison.AT_LEAST
    )
    quality_bound = models.FloatField(_("bound of quality"), null=True, blank=True)
    quality_window = models.DurationField(_("window of quality"), default=DAY)
    quality_samples = models.PositiveIntegerField(
        _("fewest samples"), default=30, help_text=_("Below this many nothing is said of the quality.")
    )
    allowed_models = models.JSONField(
        _("allowed models"), default=list, blank=True, help_text=_('["openai/gpt-4o*", "claude-*"]; empty means any.')
    )
    parameters = models.JSONField(
        _("bounds of parameters"),
        default=dict,
        blank=True,
        help_text=_('{"max_tokens": {"max": 4096}, "temperature": {"min": 0, "max": 1}}'),
    )
    allowed_parameters = models.JSONField(
        _("allowed parameters"),
        default=list,
        blank=True,
        help_text=_('["max_tokens", "temperature"]; empty means any.'),
    )
    required_context = models.JSONField(
        _("required context"),
        default=list,
        blank=True,
        help_text=_("What each call must name: prompt, prompt_version, version, parameters."),
    )

    class Meta:
        """One slug per project."""

        verbose_name = _("policy")
        verbose_name_plural = _("policies")
        ordering = ["slug"]
        constraints = [models.UniqueConstraint(fields=["project", "slug"], name="policy_slug_per_project")]

    def __str__(self) -> str:
        return shipped(self.name) or self.slug

    def clean(self) -> None:
        """Everything that could never be judged is refused with the mend."""
        problems = self._problems_of_lists()
        if bool(self.quality_measure) != (self.quality_bound is not None):
            problems["quality_bound"] = _("A measure of quality and its bound come together.")
        if not 0 < self.quality_window.total_seconds() <= LONGEST.total_seconds():
            problems["quality_window"] = _("Choose from one second to ten years.")
        application = Model.objects.filter(pk=self.model_id).first()
        if application is not None and application.kind != Model.Kind.LLM:
            problems["model"] = _("Policies are for LLM applications.")
        elif application is not None and application.project_id != self.project_id:
            problems["model"] = _("The application belongs to another project.")
        if problems:
            raise ValidationError(problems)

    def _problems_of_lists(self) -> dict[str, Any]:
        problems: dict[str, Any] = {}
        for name in ("allowed_models", "allowed_parameters"):
            if not _is_names(getattr(self, name)):
                problems[name] = _("Give a list of at most %(n)s names.") % {"n": MAX_PATTERNS}
        if not _is_names(self.required_context) or not set(self.required_context) <= set(CONTEXTS):
            problems["required_context"] = _("Choose from %(names)s.") % {"names": ", ".join(CONTEXTS)}
        if not isinstance(self.parameters, dict) or not all(map(_is_range, self.parameters.values())):
            problems["parameters"] = _('Each parameter has "min", "max" or both, which are numbers.')
        return problems

    def limits(self) -> Limits:
        """What it asks of each call, as the pure module knows it."""
        return Limits(
            latency_us=None if self.max_latency_ms is None else self.max_latency_ms * 1_000,
            models=tuple(self.allowed_models),
            parameters={
                SAME_PARAMETER.get(name, name): Range(bounds.get("min"), bounds.get("max"))
                for name, bounds in self.parameters.items()
            },
            allowed_parameters=tuple(SAME_PARAMETER.get(name, name) for name in self.allowed_parameters),
            context=tuple(self.required_context),
        )


def _is_names(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= MAX_PATTERNS
        and all(isinstance(name, str) and 0 < len(name) <= 200 for name in value)
    )


def _is_range(value: object) -> bool:
    if not isinstance(value, dict) or not value or not value.keys() <= {"min", "max"}:
        return False
    return all(isinstance(bound, int | float) and not isinstance(bound, bool) for bound in value.values())


class PolicyEvent(models.Model):
    """A window in which a policy was not kept to: one per policy, limit and window, however many calls were involved."""

    class Limit(models.TextChoices):
        """Which limit."""

        COST_DAY = "cost_day", _("cost of the day")
        COST_MONTH = "cost_month", _("cost of the month")
        COST_USER_DAY = "cost_user_day", _("cost of a user on a day")
        QUALITY = "quality", _("quality")
        LATENCY = "latency", _("response time")
        MODEL = "model", _("models")
        PARAMETERS = "parameters", _("parameters")
        CONTEXT = "context", _("context")

    policy = models.ForeignKey(Policy, models.CASCADE, related_name="events", verbose_name=_("policy"))
    limit = models.CharField(_("limit"), max_length=16, choices=Limit.choices)
    start = models.DateTimeField(_("from"))
    end = models.DateTimeField(_("to"))
    count = models.BigIntegerField(
        _("times"), help_text=_("Calls or users that broke it; 1 where it is the whole application.")
    )
    value = models.FloatField(_("value"), null=True)
    bound = models.FloatField(_("bound"), null=True)
    subject = models.CharField(
        _("about"), max_length=200, blank=True, help_text=_("The user who went furthest over it.")
    )
    created_at = models.DateTimeField(_("first seen"))
    updated_at = models.DateTimeField(_("last seen"))

    class Meta:
        """Newest first; a window is told once."""

        verbose_name = _("policy event")
        verbose_name_plural = _("policy events")
        ordering = ["-start", "-id"]
        constraints = [models.UniqueConstraint(fields=["policy", "limit", "start"], name="policy_event_window")]

    def __str__(self) -> str:
        return f"{self.policy} · {self.get_limit_display()}"
