"""The form of rules, which shows what a rule will do before it is saved."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Final

from django import forms
from django.contrib import admin
from django.forms.models import construct_instance, model_to_dict
from django.http import HttpRequest
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from alerting.backtest.foresight import RuleForesight, foresee_over
from alerting.backtest.past_form import PastForm
from alerting.form_fields import LabelNamesField
from alerting.kinds.burn_rate import PAIR
from alerting.models import AlertRule
from alerting.validate import rule_problems
from models_registry.admin_bases.foreseen import Foreseen
from monitoring.catalogue import MEASURES
from monitoring.catalogue.choices import offer_measures

# What the address of a rule's form may fill in.
FILLED: Final = frozenset({"enabled", "threshold", "window", "for_duration", "keep_firing_for", "minimum"})


class RuleForm(forms.ModelForm[AlertRule]):
    """A rule as a question, refused with the mend where it could never be answered."""

    measure = forms.ChoiceField(
        label=_("Measure"), required=False, help_text=_("Only for threshold rules: what is compared.")
    )

    incident_labels = LabelNamesField(
        none=True,
        label=_("Grouped into incidents by"),
        help_text=_("Labels, such as model, environment; empty: those of the project."),
    )

    filled: ClassVar[Mapping[str, str]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.update(self.filled)
        if "measure" in self.fields:
            offer_measures(self)

    def clean(self) -> dict[str, Any] | None:
        """A rule that could never be asked or never fire is refused with the mend."""
        cleaned = super().clean()
        if not self.errors:
            for field, problem in rule_problems(construct_instance(self, AlertRule())).items():
                self.add_error(field, problem)
        return cleaned

    class Meta:
        """Everything a person decides."""

        model = AlertRule
        fields = (
            *("project", "name", "slug", "kind", "summary", "enabled", "slo", "pairs", "model", "environment"),
            *("measure", "comparison", "threshold", "recovery", "window", "against", "points", "points_bad"),
            *("policy", "expression", "group_by", "settle", "labels", "severity", "minimum", "for_duration"),
            *(
                "minimum_short",
                "keep_firing_for",
                "no_data",
                "no_data_for",
                "on_error",
                "error_for",
                "interval",
                "incident_labels",
            ),
        )
        help_texts = {
            "kind": _(
                "SLO burn rate: warns when an error budget is being spent too fast; usually what you want. "
                "Threshold: warns when one measure crosses one number. "
                "Drift and data quality: warn when the inputs of a model differ from its version's reference."
            ),
            "slo": _("Only for burn-rate rules: the promise to watch."),
            "pairs": format_lazy(
                _(
                    "Empty: the standard table, usually what you want. Otherwise a list such as {example}: both windows in "
                    "seconds, how many times as fast as planned the budget must burn, and what to do then."
                ),
                example=PAIR,
            ),
            "model": _("For every rule that watches no SLO."),
            "window": _(
                "For every rule that watches no SLO: it looks at this long. “5m” is five minutes; inputs need an hour."
            ),
            "for_duration": _("How long it must stay crossed before anybody is told. Zero tells at once."),
            "keep_firing_for": _("How long it must stay healthy before the alert ends; prevents flapping."),
            "interval": _("How often the question is asked."),
            "severity": _("A page wakes somebody up; a ticket waits for the morning. Burn-rate pairs bring their own."),
            "no_data": _("A silent source is not a healthy one: choose what silence means."),
            "summary": _("One sentence for the person who is woken up."),
        }


@admin.register(AlertRule)
class AlertRuleAdmin(Foreseen):
    """One question each; `health` says whether the rule itself works."""

    form = RuleForm
    list_display = ("name", "kind", "subject", "severity", "enabled", "health", "last_slot")
    list_filter = ("kind", "severity", "enabled", "health", "project")
    list_select_related = ("slo", "model", "project")
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}
    readonly_fields = ("health", "last_error", "last_slot")
    fieldsets = (
        (None, {"fields": ("project", "name", "slug", "kind", "summary", "enabled")}),
        (_("If it watches an SLO"), {"fields": ("slo", "pairs")}),
        (
            _("If it watches a number"),
            {
                "fields": (
                    *("model", "environment", "measure", "comparison", "threshold", "recovery", "window", "against"),
                    *("group_by", "settle"),
                )
            },
        ),
        (
            _("If it watches absence, policies or other rules"),
            {"fields": ("points", "points_bad", "policy", "expression")},
        ),
        (
            _("When to tell"),
            {
                "fields": (
                    "severity",
                    "minimum",
                    "minimum_short",
                    "for_duration",
                    "keep_firing_for",
                    "interval",
                    "labels",
                    "incident_labels",
                )
            },
        ),
        (
            _("When it cannot tell"),
            {"fields": ("no_data", "no_data_for", "on_error", "error_for")},
        ),
        (_("How the rule itself is doing"), {"fields": ("health", "last_slot", "last_error")}),
    )

    def get_form(
        self, request: HttpRequest, obj: AlertRule | None = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm[AlertRule]]:
        """Of a rule that is there, filled in by the address too (`?for_duration=00:05:00`): so a proposal is shown, and kept
        only by who saves it.
        """
        form = super().get_form(request, obj, change, **kwargs)
        given = {name: request.GET[name] for name in FILLED if obj and request.method == "GET" and name in request.GET}
        return type("FilledRuleForm", (form,), {"filled": given}) if given else form

    def beside(self, request: HttpRequest, *, now: datetime) -> dict[str, Any]:
        """Which past it is asked of."""
        return {"past": PastForm(request.POST if request.method == "POST" else None, now=now)}

    def foresee(self, asked: AlertRule, *, now: datetime, **beside: Any) -> RuleForesight | None:
        """What it will do and would have done, beside the rule as it is saved where that is another; of one that can no
        longer be asked why.
        """
        if asked.kind == AlertRule.Kind.EXTERNAL:
            return None
        if problems := rule_problems(asked):
            return RuleForesight(asked, None, problem=" ".join(problems.values()))
        past: PastForm = beside["past"]
        found = foresee_over(asked, past.span, now=now, saved=self._saved(asked))
        if found.bad_range:
            past.refuse(found.bad_range)
        return found

    def _saved(self, asked: AlertRule) -> AlertRule | None:
        """The rule as it is saved, where the form says something else."""
        rows = AlertRule.objects.select_related("project", "slo__model", "model", "policy")
        saved = rows.filter(pk=asked.pk).first() if asked.pk else None
        told, kept = (one and model_to_dict(one, RuleForm.Meta.fields) for one in (asked, saved))
        return saved if told != kept else None

    @admin.display(description=_("watches"))
    def subject(self, rule: AlertRule) -> str:
        """The SLO, or the measure of the model; a measure that is no longer there by its name."""
        if rule.kind == AlertRule.Kind.EXTERNAL:
            return "—"
        measure = MEASURES.get(rule.measure)
        if rule.slo:
            return str(rule.slo)
        return " · ".join(filter(None, (str(rule.model or ""), str(measure.label) if measure else rule.measure)))
