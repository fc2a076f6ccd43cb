"""The form of scrape targets: where metrics are asked for, and how that goes."""

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from lib import vault
from monitoring.models import ScrapeTarget
from monitoring.validate import target_problems, token_problem


class ScrapeTargetForm(forms.ModelForm[ScrapeTarget]):
    """The secret can be written, never read back."""

    new_secret = forms.CharField(
        label=_("Bearer token"),
        required=False,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"}),
        help_text=_("If the target wants one. Leave empty to keep what is stored; it is never shown."),
    )

    class Meta:
        """Everything but the sealed bytes."""

        model = ScrapeTarget
        fields = ("project", "slug", "model", "environment", "url", "interval", "names", "enabled")

    def clean(self) -> dict[str, Any] | None:
        """An address that this installation would never call is refused with the mend."""
        cleaned = super().clean() or {}
        if not self.errors:
            given = {name: cleaned[name] for name in ("project", "model", "url", "names")}
            for field, problem in target_problems(ScrapeTarget(**given)).items():
                self.add_error(field, problem)
        return cleaned

    def clean_new_secret(self) -> str:
        """What no header could carry is refused here, not with every scrape."""
        token: str = self.cleaned_data["new_secret"]
        problem = token_problem(token)
        if problem:
            raise forms.ValidationError(problem)
        return token

    def save(self, commit: bool = True) -> ScrapeTarget:
        """Seal the secret if one was given; a target that was changed is asked at the next tick."""
        if self.cleaned_data.get("new_secret"):
            self.instance.secret = vault.seal(self.cleaned_data["new_secret"])
        self.instance.last_at = None
        return super().save(commit)


@admin.register(ScrapeTarget)
class ScrapeTargetAdmin(admin.ModelAdmin[ScrapeTarget]):
    """Services whose metrics become series of a model."""

    form = ScrapeTargetForm
    list_display = ("slug", "project", "model", "url", "interval", "enabled", "last_ok_at", "last_error")
    list_filter = ("enabled",)
    list_select_related = ("project", "model")
    search_fields = ("slug", "url")
    readonly_fields = ("has_secret", "last_at", "last_ok_at", "last_ms", "last_samples", "last_error")
    fieldsets = (
        (None, {"fields": ("project", "slug", "model", "environment", "url", "interval", "names", "enabled")}),
        (_("Secret"), {"fields": ("new_secret", "has_secret")}),
        (_("How it is doing"), {"fields": ("last_at", "last_ok_at", "last_ms", "last_samples", "last_error")}),
    )

    @admin.display(description=_("a secret is stored"), boolean=True)
    def has_secret(self, target: ScrapeTarget) -> bool:
        """Whether there is one; never which."""
        return bool(target.secret)
