"""The admin of objectives."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.forms.models import construct_instance
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from models_registry.admin_bases.foreseen import Foreseen
from monitoring.catalogue import MEASURES
from monitoring.catalogue.choices import offer_measures
from monitoring.models import COMPOSITE, SLO
from monitoring.selectors.components import load_components
from monitoring.selectors.evaluations import indicators_evaluated
from monitoring.slo.components import read_lines, set_components, written
from monitoring.slo.foresight import Foresight, foresee_slo
from monitoring.slo.indicators import INDICATORS, SLICES, is_known
from monitoring.slo.validate import slo_problems


def offer_indicators(form: forms.BaseForm) -> None:
    """Let the field `sli` offer those of evaluators, too."""
    field = form.fields["sli"]
    chosen = [name for name in (str(form.data.get("sli", "")), str(form.initial.get("sli", ""))) if name in INDICATORS]
    names = dict.fromkeys([*INDICATORS, *indicators_evaluated(), *chosen])
    if isinstance(field, forms.ChoiceField):
        field.choices = [(name, INDICATORS[name]) for name in names]


class SLOForm(forms.ModelForm[SLO]):
    """A promise in words a newcomer understands; one that could never be measured is refused with the mend."""

    sli = forms.ChoiceField(label=_("What counts as good"), choices=list(INDICATORS.items()))
    measure = forms.ChoiceField(label=_("Measure"), required=False)
    slice = forms.TypedChoiceField(
        label=_("Slice"),
        required=False,
        choices=[("", "—"), *((str(int(width.total_seconds())), title) for width, title in SLICES.items())],
        coerce=lambda seconds: timedelta(seconds=int(seconds)),
        empty_value=None,
    )

    components = forms.CharField(
        label=_("Components"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One SLO a line, by its slug, and its weight if that is not 1: “checkout-availability 2”."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_measures(self)
        offer_indicators(self)
        for name in ("comparison", "minimum", "method", "zone"):
            self.fields[name].required = False
        load_components([self.instance])
        kept = written(self.instance.parts or ())
        self.initial["components"] = "\n".join(f"{slug} {weight:g}" for slug, weight in kept.items())
        if self.instance.slice:
            self.initial["slice"] = str(int(self.instance.slice.total_seconds()))

    class Meta:
        """Everything a person decides."""

        model = SLO
        fields = (
            "project",
            "name",
            "slug",
            "description",
            "model",
            "environment",
            "sli",
            "bound_ms",
            "measure",
            "comparison",
            "bound",
            "slice",
            "minimum",
            "method",
            "slice_target",
            "target",
            "window",
            "calendar",
            "zone",
            "group_by",
            "composition",
            "without_data",
            "owner",
        )
        help_texts = {
            "target": _(
                "The share of good events you promise, between 0 and 1. 0.99 leaves one in a hundred as the error budget."
            ),
            "window": _("Over how long the promise holds: “30d” is 30 days. Longer windows forgive more slowly."),
            "environment": _("Only events of this environment count."),
        }

    def clean_comparison(self) -> str:
        """Empty is the usual one."""
        return str(self.cleaned_data.get("comparison") or SLO.Comparison.AT_MOST)

    def clean_method(self) -> str:
        """Empty is the usual one."""
        return str(self.cleaned_data.get("method") or SLO.Method.OCCURRENCES)

    def clean_zone(self) -> str:
        """Empty is UTC."""
        return str(self.cleaned_data.get("zone") or "UTC")

    def clean_minimum(self) -> int:
        """Empty is the smallest."""
        minimum: int | None = self.cleaned_data.get("minimum")
        return 1 if minimum is None else minimum

    def clean(self) -> dict[str, Any] | None:
        """What the indicator needs, and whether this kind of model has it; of what a composite is made."""
        cleaned = super().clean()
        if cleaned is None or self.errors:
            return cleaned
        try:
            parts = read_lines(cleaned["project"], cleaned["components"])
        except forms.ValidationError as error:
            self.add_error("components", error)
            return cleaned
        asked = construct_instance(self, SLO(pk=self.instance.pk))
        asked.parts = self.instance.parts = cleaned["components"] = parts
        for field, problem in self.problems(asked).items():
            self.add_error(field, problem)
        return cleaned

    def problems(self, asked: SLO) -> dict[str, str]:
        """Field to a sentence that names the mend; rooms further right add what they know of it."""
        return slo_problems(asked)


class IndicatorFilter(admin.SimpleListFilter):
    """By indicator, under its title."""

    title = _("What counts as good")
    parameter_name = "sli"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The catalogue."""
        return [(name, str(title)) for name, title in INDICATORS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[SLO]) -> QuerySet[SLO]:
        """Those of the chosen one, or all."""
        return queryset.filter(sli=self.value()) if self.value() else queryset


@admin.register(SLO)
class SLOAdmin(Foreseen):
    """A promise: over the window, at least the target share of the valid events is good."""

    form = SLOForm
    list_display = ("name", "model", "indicator", "target", "window", "owner")
    list_filter = ("project", IndicatorFilter)
    list_select_related = ("model", "project")
    search_fields = ("name", "slug", "model__slug")
    prepopulated_fields = {"slug": ("name",)}

    fieldsets = (
        (None, {"fields": ("project", "name", "slug", "description", "owner")}),
        (
            _("What is promised"),
            {
                "fields": (
                    "model",
                    "environment",
                    "sli",
                    "bound_ms",
                    "target",
                    "window",
                    "calendar",
                    "zone",
                    "group_by",
                ),
                "description": _(
                    "An objective is a share: good events divided by valid events. What the target leaves over is the "
                    "error budget; alerts watch how fast it is spent."
                ),
            },
        ),
        (
            _("If slices of time are judged"),
            {
                "fields": ("method", "slice_target", "measure", "comparison", "bound", "slice", "minimum"),
                "description": _(
                    "Any measure can be promised: time is cut into slices, and a slice is good when the measure keeps its "
                    "bound there. Slices without enough events are not counted. Choose “time in which a measure keeps its "
                    "bound” above."
                ),
            },
        ),
        (
            _("If it is made of other SLOs"),
            {
                "fields": ("composition", "components", "without_data"),
                "description": _(
                    "A composite promises something of several SLOs together: a journey through several models, or a whole "
                    "product. It has a target and a window of its own; of its components only the share of what was good "
                    "counts. The model above is the one that it is shown with and that its alerts name. It can have one "
                    "budget per value of a segment key that the models of all components declare, or per version where they "
                    "are all of one model. Choose “several objectives together” above."
                ),
            },
        ),
    )

    def save_model(self, request: HttpRequest, obj: SLO, form: Any, change: bool) -> None:
        """With what it is made of."""
        parts = obj.parts or ()
        super().save_model(request, obj, form, change)
        set_components(obj, parts if obj.sli == COMPOSITE else ())

    def foresee(self, asked: SLO, *, now: datetime, **_beside: Any) -> Foresight | None:
        """What rules on it will do; nothing of one that can no longer be measured."""
        return foresee_slo(asked, now=now) if is_known(asked) else None

    @admin.display(description=_("What counts as good"), ordering="sli")
    def indicator(self, slo: SLO) -> str:
        """By its title; one that is no longer there by its name."""
        if slo.sliced and slo.measure in MEASURES:
            return f"{MEASURES[slo.measure].label} {slo.get_comparison_display()} {slo.bound:g}"
        return str(INDICATORS.get(slo.sli, slo.sli))
