"""Forms for policies, and the windows in which one was not kept to."""

from typing import Any

from django import forms
from django.contrib import admin
from django.forms.models import construct_instance
from django.utils.translation import gettext_lazy as _

from models_registry.admin_bases.shown_only import ShownOnly
from monitoring.models import Policy, PolicyEvent
from monitoring.validate import policy_problems


class PolicyForm(forms.ModelForm[Policy]):
    """A limit that could never be judged is refused with the mend."""

    class Meta:
        """Everything a person decides."""

        model = Policy
        fields = (
            *("project", "name", "slug", "description", "model", "environment", "enabled", "on_failure"),
            *("max_cost_day_usd", "max_cost_month_usd", "max_cost_user_day_usd", "max_latency_ms"),
            *("quality_measure", "quality_comparison", "quality_bound", "quality_window", "quality_samples"),
            *("allowed_models", "parameters", "allowed_parameters", "required_context"),
        )

    def clean(self) -> dict[str, Any] | None:
        """Whether this kind of application has the measure."""
        cleaned = super().clean()
        if not self.errors:
            for field, problem in policy_problems(construct_instance(self, Policy())).items():
                self.add_error(field, problem)
        return cleaned


@admin.register(Policy)
class PolicyAdmin(admin.ModelAdmin[Policy]):
    """Limits of one application: money, time, quality, and what each call may use and has to name."""

    form = PolicyForm
    list_display = (
        "name",
        "model",
        "environment",
        "enabled",
        "max_cost_day_usd",
        "max_cost_month_usd",
        "max_latency_ms",
    )
    list_filter = ("project", "enabled")
    list_select_related = ("model", "project")
    search_fields = ("name", "slug", "model__slug")
    prepopulated_fields = {"slug": ("name",)}
    fieldsets = (
        (None, {"fields": ("project", "name", "slug", "description", "model", "environment", "enabled", "on_failure")}),
        (_("Money"), {"fields": ("max_cost_day_usd", "max_cost_month_usd", "max_cost_user_day_usd")}),
        (
            _("Time and quality"),
            {
                "fields": (
                    *("max_latency_ms", "quality_measure", "quality_comparison", "quality_bound"),
                    *("quality_window", "quality_samples"),
                )
            },
        ),
        (
            _("What each call may use and has to name"),
            {
                "fields": ("allowed_models", "parameters", "allowed_parameters", "required_context"),
                "description": _("Holds for calls that arrive from now on; what was said of earlier ones is kept."),
            },
        ),
    )


@admin.register(PolicyEvent)
class PolicyEventAdmin(ShownOnly):
    """Windows in which a policy was not kept to."""

    list_display = ("start", "policy", "limit", "count", "value", "bound", "subject")
    list_filter = ("limit",)
    list_select_related = ("policy",)
    fields = ("policy", "limit", "start", "end", "count", "value", "bound", "subject", "created_at", "updated_at")
    readonly_fields = fields
