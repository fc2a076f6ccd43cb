"""What is judged of every answer of an application as it is drained, by its text alone."""

from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from models_registry.models import Model, Project
from models_registry.shipped import shipped
from monitoring.llm.evaluators.kinds import Judge, judge_of
from monitoring.llm.evaluators.settings import SettingsError
from monitoring.stats.evaluated import MAX_SLUG

MOST: Final = 20  # of an application, and as many again for all of them
LEAST_SHARE: Final = 0.0001


class Evaluator(models.Model):
    """A check of answers that costs microseconds; its verdicts are frozen with the call, like those of policies."""

    class Kind(models.TextChoices):
        """How an answer is judged."""

        PATTERN = "pattern", _("matches, or does not match, a pattern")
        WORDS = "words", _("has, or lacks, words")
        JSON = "json", _("is JSON")
        LENGTH = "length", _("is of a length")
        NO_REFUSAL = "no_refusal", _("does not refuse")
        OVERLAP = "overlap", _("is found in what it was given")
        NO_PERSONAL_DATA = "no_personal_data", _("holds no personal data or secret")

    project = models.ForeignKey(Project, models.CASCADE, related_name="evaluators", verbose_name=_("project"))
    slug = models.SlugField(_("slug"), max_length=MAX_SLUG)
    name = models.CharField(_("name"), max_length=200)
    description = models.TextField(_("description"), blank=True)
    model = models.ForeignKey(
        Model,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="evaluators",
        verbose_name=_("application"),
        help_text=_("Whose answers; empty means those of every LLM application of the project."),
    )
    environment = models.CharField(
        _("environment"), max_length=64, blank=True, help_text=_("Calls of this environment; empty means all.")
    )
    prompt_name = models.CharField(
        _("prompt"), max_length=200, blank=True, help_text=_("Calls of the prompt of this name; empty means all.")
    )
    kind = models.CharField(_("what is judged"), max_length=20, choices=Kind.choices)
    settings = models.JSONField(_("settings"), default=dict, blank=True)
    share = models.FloatField(
        _("share of calls"),
        default=1.0,
        help_text=_("1 judges every call, 0.1 one in ten: always the same ones, chosen by their ids."),
    )
    enabled = models.BooleanField(_("enabled"), default=True)

    class Meta:
        """One slug per project."""

        verbose_name = _("evaluator")
        verbose_name_plural = _("evaluators")
        ordering = ["slug"]
        constraints = [models.UniqueConstraint(fields=["project", "slug"], name="evaluator_slug_per_project")]

    def __str__(self) -> str:
        return shipped(self.name) or self.slug

    def clean(self) -> None:
        """Everything that could never judge is refused with the mend."""
        problems: dict[str, Any] = {}
        if self.kind in self.Kind.values and (wrong := self._problem_of_settings()):
            problems["settings"] = wrong
        application = Model.objects.filter(pk=self.model_id or 0).first()
        if application is not None and application.kind != Model.Kind.LLM:
            problems["model"] = _("Evaluators are for LLM applications.")
        elif application is not None and application.project_id != self.project_id:
            problems["model"] = _("The application belongs to another project.")
        if not LEAST_SHARE <= self.share <= 1:
            problems["share"] = _("A share is from 0.0001 to 1.")
        others = Evaluator.objects.filter(project=self.project_id, model=self.model_id).exclude(pk=self.pk)
        if "model" not in problems and others.count() >= MOST:
            problems["model"] = _("There are %(most)d already: remove one, or let it judge more.") % {"most": MOST}
        if problems:
            raise ValidationError(problems)

    def _problem_of_settings(self) -> Any:
        try:
            self.judge()
        except SettingsError as error:
            return _("%(reason)s; settings like %(example)s do.") % {
                "reason": str(error).rstrip("."),
                "example": error.example,
            }
        return ""

    def judge(self) -> Judge:
        """What judges an answer; `SettingsError` where the settings can judge nothing."""
        return judge_of(self.kind, self.settings)
