"""Forms for incident policies; alerts and incidents to look at. Incidents are worked on in the panel."""

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from alerting.form_fields import LabelNamesField
from alerting.models import Alert, Incident, IncidentPolicy
from models_registry.admin_bases.shown_only import ShownOnly


class IncidentPolicyForm(forms.ModelForm[IncidentPolicy]):
    """Labels as people write them."""

    labels = LabelNamesField(
        label=_("Grouped into incidents by"),
        help_text=_("Labels, such as model, environment; none: every alert of the project joins one incident."),
    )

    class Meta:
        """Everything."""

        model = IncidentPolicy
        fields = ("project", "labels", "reopen_within", "hold_flapping")


@admin.register(IncidentPolicy)
class IncidentPolicyAdmin(admin.ModelAdmin[IncidentPolicy]):
    """How the alerts of a project become incidents."""

    form = IncidentPolicyForm
    list_display = ("project", "labels", "reopen_within", "hold_flapping")
    list_select_related = ("project",)


@admin.register(Incident)
class IncidentAdmin(ShownOnly):
    """For the record; people work on incidents in the panel."""

    list_display = ("__str__", "title", "state", "severity", "model", "opened_at", "resolved_at")
    list_filter = ("state", "severity")
    list_select_related = ("model", "project")


@admin.register(Alert)
class AlertAdmin(ShownOnly):
    """The current state of each rule, with its reason."""

    list_display = ("rule", "state", "severity", "value", "reason", "changed_at", "flapping_since", "incident")
    list_filter = ("state", "severity")
    list_select_related = ("rule", "incident")
