"""The admin of corrections: written down, looked at, withdrawn, never changed."""

from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from lib import clock
from models_registry.admin_bases.fields import WallClock, days_given
from models_registry.admin_bases.signed_in import person
from monitoring.models import Correction
from monitoring.slo.corrections import end_correction, record_correction, withdraw_correction
from monitoring.slo.validate import correction_problems


class CorrectionForm(forms.ModelForm[Correction]):
    """One that makes no sense is refused with the mend."""

    days = forms.TypedMultipleChoiceField(
        label=_("Comes again on"),
        coerce=int,
        choices=[(number, name) for number, name in WEEKDAYS.items()],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_(
            "None: it comes once, from its start to its end. Otherwise it holds from one time to the other on these days."
        ),
    )

    class Meta:
        """Everything a person decides; whose it is says the session."""

        model = Correction
        fields = (
            *("project", "slo", "model", "starts_at", "ends_at", "days", "start", "end", "time_zone"),
            *("effect", "reason", "slug"),
        )
        widgets: ClassVar = {"start": WallClock, "end": WallClock}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "slug" in self.fields:
            self.fields["slug"].required = False

    def clean(self) -> dict[str, Any] | None:
        """Whether it can be written down."""
        cleaned = super().clean()
        if cleaned and not any(cleaned.get(name) for name in ("days", "start", "end")):
            cleaned["time_zone"] = "UTC"  # what comes once is in no zone
        if cleaned and not self.errors:
            for field, problem in correction_problems(Correction(**cleaned), now=clock.now()).items():
                self.add_error(field, problem)
        return cleaned


@admin.register(Correction)
class CorrectionAdmin(admin.ModelAdmin[Correction]):
    """Stretches of time that budgets do not count as they were."""

    form = CorrectionForm
    list_display = (
        *("slug", "project", "slo", "model", "starts_at", "ends_at", "start", "end", "effect", "author"),
        "withdrawn_at",
    )
    list_filter = ("project", "effect")
    list_select_related = ("project", "slo", "model")
    search_fields = ("slug", "reason", "author")
    actions = ("end", "withdraw")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """As the address fills it in: what a maintenance window keeps quiet can be left out too."""
        given = days_given(super().get_changeform_initial_data(request))
        if isinstance(given.get("starts_at"), str):
            given["starts_at"] = _moment(given["starts_at"])
        return {"time_zone": timezone.get_current_timezone_name(), **given}

    def has_change_permission(self, request: HttpRequest, obj: Correction | None = None) -> bool:
        """Whoever may withdraw reaches the list and its action; what was written does not change."""
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Correction | None = None) -> bool:
        """A budget that was told once stays explained; a correction is withdrawn."""
        return False

    def save_model(self, request: HttpRequest, obj: Correction, form: Any, change: bool) -> None:
        """Under the name of whoever wrote it."""
        obj.author = person(request).get_username()
        record_correction(obj, now=clock.now())

    @admin.action(description=_("End what comes again: no more from now on"), permissions=["change"])
    def end(self, request: HttpRequest, queryset: QuerySet[Correction]) -> None:
        """What was left out until now stays so."""
        for correction in queryset:
            try:
                end_correction(correction, by=person(request).get_username(), now=clock.now())
            except ValidationError as error:
                self.message_user(request, f"{correction}: {' '.join(error.messages)}", messages.ERROR)

    @admin.action(description=_("Withdraw: count everything as it was"), permissions=["change"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Correction]) -> None:
        """That it was corrected stays to be read."""
        for correction in queryset.filter(withdrawn_at=None):
            withdraw_correction(correction, by=person(request).get_username(), now=clock.now())


def _moment(given: str) -> datetime | None:
    """None for what is none."""
    try:
        found = parse_datetime(given)
    except ValueError:
        return None
    return found if found is None or timezone.is_aware(found) else timezone.make_aware(found)
