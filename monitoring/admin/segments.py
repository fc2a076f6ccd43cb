"""Forms for the keys that a model's numbers are taken apart by."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from lib import clock
from monitoring.models import SegmentKey
from monitoring.summaries.segment_keys import declare_key, key_problem, withdraw_key


class SegmentKeyForm(forms.ModelForm[SegmentKey]):
    """A key that could never be folded is refused with the mend."""

    class Meta:
        """What a person decides; its place in the ingest sequence is taken when it is saved."""

        model = SegmentKey
        fields = ("model", "key")

    def clean(self) -> dict[str, Any] | None:
        """Twice the same key, a name that is taken, too many keys."""
        cleaned = super().clean()
        if not self.errors and (problem := key_problem(self.cleaned_data["model"], self.cleaned_data["key"])):
            self.add_error("key", problem)
        return cleaned


@admin.register(SegmentKey)
class SegmentKeyAdmin(admin.ModelAdmin[SegmentKey]):
    """By what a model's numbers are taken apart; a key is declared and withdrawn, never changed."""

    form = SegmentKeyForm
    list_display = ("key", "model", "created_at", "withdrawn_at")
    list_filter = ("model__project",)
    list_select_related = ("model",)
    search_fields = ("key", "model__slug")
    autocomplete_fields = ("model",)
    actions = ("withdraw",)
    fieldsets = (
        (
            None,
            {
                "fields": ("model", "key"),
                "description": _(
                    "Every measure of the model is kept once more for each value of the key, for events that arrive from "
                    "now on. 50 values have numbers of their own, later ones are counted under “(other)”, events without "
                    "a value under “(none)”."
                ),
            },
        ),
    )

    def has_change_permission(self, request: HttpRequest, obj: SegmentKey | None = None) -> bool:
        """Editors reach the list and its action; a key itself does not change."""
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: SegmentKey | None = None) -> bool:
        """A key that is gone could not tell what it has folded; it is withdrawn."""
        return False

    def save_model(self, request: HttpRequest, obj: SegmentKey, form: Any, change: bool) -> None:
        """The verb takes its place in the ingest sequence."""
        made = declare_key(obj.model, obj.key, now=clock.now())
        obj.pk = made.pk
        obj.refresh_from_db()

    @admin.action(description=_("Withdraw: fold no further events by these keys"), permissions=["change"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[SegmentKey]) -> None:
        """What was summed stays. A key that is still needed stays, too, and why is said."""
        for key in queryset.filter(until__isnull=True).select_related("model"):
            if problem := self.still_needed(key):
                self.message_user(request, problem, messages.ERROR)
            else:
                withdraw_key(key, now=clock.now())

    def still_needed(self, key: SegmentKey) -> str:
        """Why it cannot be withdrawn; empty if it can. Rooms further right know."""
        return ""
