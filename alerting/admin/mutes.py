"""Forms for what keeps alerts quiet: silences, maintenance windows, inhibitions."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from alerting.form_fields import LabelNamesField, MatchersField, written
from alerting.models import Inhibition, Maintenance, Silence
from models_registry.admin_bases.fields import WallClock, days_given
from models_registry.admin_bases.signed_in import person


class SilenceForm(forms.ModelForm[Silence]):
    """Matchers as people write them."""

    matchers = MatchersField(label=_("Matchers"))

    class Meta:
        """Whoever makes it owns it."""

        model = Silence
        fields = ("project", "matchers", "starts_at", "ends_at", "comment")


@admin.register(Silence)
class SilenceAdmin(admin.ModelAdmin[Silence]):
    """A promise to look later: it always has an owner and an end. The page of silences says what each one hid."""

    form = SilenceForm
    list_display = ("asks", "project", "starts_at", "ends_at", "owner", "comment")
    list_select_related = ("project", "owner")
    show_full_result_count = False

    @admin.display(description=_("matchers"))
    def asks(self, silence: Silence) -> str:
        """As people write them."""
        return written(silence.matchers)

    def save_model(self, request: HttpRequest, obj: Silence, form: Any, change: bool) -> None:
        """Whoever makes a silence owns it."""
        if not change:
            obj.owner = person(request)
        super().save_model(request, obj, form, change)


class MaintenanceForm(forms.ModelForm[Maintenance]):
    """Days to tick, matchers to write."""

    matchers = MatchersField(label=_("Matchers"))
    days = forms.TypedMultipleChoiceField(
        label=_("Days"),
        coerce=int,
        choices=[(number, name) for number, name in WEEKDAYS.items()],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("On which it begins; all of them for a daily window."),
    )

    class Meta:
        """Everything."""

        model = Maintenance
        fields = ("project", "name", "owner", "enabled", "matchers", "days", "start", "end", "time_zone")
        help_texts = {
            "start": _("By the clock on the wall in that zone, before and after it changes to summer time."),
            "time_zone": _("Such as America/Sao_Paulo, Europe/Berlin, UTC."),
        }
        widgets: ClassVar = {"start": WallClock, "end": WallClock}


@admin.register(Maintenance)
class MaintenanceAdmin(admin.ModelAdmin[Maintenance]):
    """Windows that come again."""

    form = MaintenanceForm
    list_display = ("name", "project", "start", "end", "time_zone", "owner", "enabled")
    list_filter = ("enabled",)
    list_select_related = ("project",)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """As the address fills it in: what a correction of budgets leaves out can be kept quiet too."""
        given = days_given(super().get_changeform_initial_data(request))
        return {"time_zone": timezone.get_current_timezone_name(), **given}


class InhibitionForm(forms.ModelForm[Inhibition]):
    """Matchers and labels as people write them."""

    source = MatchersField(label=_("While this fires"))
    target = MatchersField(label=_("These stay quiet"))
    equal = LabelNamesField(
        label=_("If these labels are equal"),
        help_text=_("Such as model, environment. A label that both lack counts as equal, as in Alertmanager."),
    )

    class Meta:
        """Everything."""

        model = Inhibition
        fields = ("project", "name", "enabled", "source", "target", "equal")


@admin.register(Inhibition)
class InhibitionAdmin(admin.ModelAdmin[Inhibition]):
    """Which alerts explain which."""

    form = InhibitionForm
    list_display = ("name", "project", "enabled")
    list_filter = ("enabled",)
    list_select_related = ("project",)
