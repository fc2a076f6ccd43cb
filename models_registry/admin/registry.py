"""Forms for the registry: people, projects, models, versions, deployments and keys."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from lib import clock
from models_registry.admin_bases.bounded import Bounded
from models_registry.admin_bases.signed_in import person
from models_registry.keys import change_key, create_key, expiry_problem, revoke_key
from models_registry.models import ApiKey, Deployment, Model, ModelVersion, Project, Prompt, PromptVersion

OBSERVED = ("first_used_at", "observed_system", "system_varies", "observed_parameters", "parameters_vary")


@admin.register(Project)
class ProjectAdmin(Bounded):
    """A boundary of data."""

    list_display = ("name", "slug", "redact", "created_at")
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}
    fieldsets = (
        (None, {"fields": ("name", "slug")}),
        (
            _("Personal data"),
            {
                "fields": ("redact", "redact_extra"),
                "description": _(
                    "E-mail addresses, CPF and card numbers and keys are replaced before anything is stored. "
                    "Add patterns of your own below."
                ),
            },
        ),
    )


@admin.register(Model)
class ModelAdmin(Bounded):
    """What a model predicts decides what can be measured; an unreviewed one was registered on first sight."""

    list_display = ("slug", "name", "kind", "mode", "project", "owner", "reviewed")
    list_filter = ("reviewed", "kind", "project")
    list_select_related = ("project",)
    search_fields = ("slug", "name", "owner")
    actions = ("mark_reviewed",)
    fieldsets = (
        (None, {"fields": ("project", "slug", "name", "description", "owner", "reviewed")}),
        (_("What it does"), {"fields": ("kind", "mode")}),
        (
            _("How it is judged"),
            {
                "fields": ("positive_label", "threshold", "label_delay"),
                "description": _(
                    "The positive label is what precision, recall and F1 are about: “default” for credit risk, "
                    "“fraud” for fraud. The label delay keeps quality “provisional” until labels had time to arrive. "
                    "Write it as hours:minutes:seconds, 00:30:00 is half an hour."
                ),
            },
        ),
        (
            _("Value"),
            {
                "fields": ("conversion_events", "value_matrix", "value_unit"),
                "description": _(
                    "What the model is for, in numbers: business events that name it count conversions and revenue; a value "
                    "matrix says what right and wrong decisions earn and cost, so that an incident has a price."
                ),
            },
        ),
        (
            _("Feedback"),
            {
                "fields": ("score_min", "score_max", "bad_score", "feedback_categories", "bad_categories"),
                "description": _(
                    "Thumbs down always call an answer bad. What is changed here judges the feedback that comes from now on."
                ),
            },
        ),
    )

    @admin.action(description=_("Mark as reviewed"), permissions=["change"])
    def mark_reviewed(self, request: HttpRequest, queryset: QuerySet[Model]) -> None:
        """Confirm definitions that were registered on first sight."""
        queryset.update(reviewed=True)


@admin.register(ModelVersion)
class ModelVersionAdmin(Bounded):
    """Versions come by themselves with the first event; people confirm and annotate them."""

    list_display = ("__str__", "model", "reviewed", "created_at")
    list_filter = ("reviewed", "model__project")
    list_select_related = ("model",)
    autocomplete_fields = ("model",)
    search_fields = ("version", "model__slug")
    show_full_result_count = False


@admin.register(Prompt)
class PromptAdmin(admin.ModelAdmin[Prompt]):
    """Prompts come by themselves with the first call that names them; people describe them."""

    list_display = ("name", "model", "project", "owner", "reviewed")
    list_filter = ("reviewed", "project")
    list_select_related = ("project", "model")
    autocomplete_fields = ("model",)
    search_fields = ("name", "owner", "model__slug")
    fields = ("project", "name", "model", "description", "owner", "reviewed")


@admin.register(PromptVersion)
class PromptVersionAdmin(admin.ModelAdmin[PromptVersion]):
    """What a version says cannot change once a call used it; what nobody described can be described at any time."""

    list_display = ("__str__", "prompt", "author", "reviewed", "first_used_at", "created_at")
    list_filter = ("reviewed", "prompt__project")
    list_select_related = ("prompt",)
    autocomplete_fields = ("prompt",)
    search_fields = ("version", "prompt__name")
    fields = ("prompt", "version", "template", "parameters", "note", "author", "reviewed", *OBSERVED)
    readonly_fields = OBSERVED
    show_full_result_count = False


@admin.register(Deployment)
class DeploymentAdmin(admin.ModelAdmin[Deployment]):
    """Change markers: the vertical lines of the charts and the first suspects of an incident."""

    list_display = ("at", "kind", "version", "environment", "note")
    list_filter = ("kind", "environment")
    list_select_related = ("version__model", "prompt_version__prompt")
    autocomplete_fields = ("version", "prompt_version")
    search_fields = ("note", "version__version", "version__model__slug")
    exclude = ("event_ref",)
    show_full_result_count = False


class ApiKeyForm(forms.ModelForm[ApiKey]):
    """What may change of a key: its name and its end."""

    def clean_expires_at(self) -> datetime | None:
        """An end that is over already would be no end that anybody meant."""
        expires_at: datetime | None = self.cleaned_data["expires_at"]
        problem = expiry_problem(expires_at, now=clock.real_now()) if "expires_at" in self.changed_data else ""
        if problem:
            raise forms.ValidationError(problem)
        return expires_at


class NewApiKeyForm(ApiKeyForm):
    """Scopes as boxes to tick."""

    scopes = forms.MultipleChoiceField(
        label=_("Scopes"),
        choices=ApiKey.Scope.choices,
        initial=[ApiKey.Scope.INGEST],
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "Give a service “ingest” and nothing else. “read” serves dashboards and the API, “respond” acknowledges and "
            "resolves incidents, “admin” defines, “backfill” may write any past."
        ),
    )


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin[ApiKey]):
    """The key itself is shown once, right after it was made; what is stored is a hash."""

    form = ApiKeyForm
    list_display = ("name", "prefix", "project", "scope_list", "last_used_at", "expires_at", "revoked_at")
    list_filter = ("project",)
    list_select_related = ("project",)
    search_fields = ("name", "prefix")
    fields = ("project", "name", "scopes", "expires_at")
    actions = ("revoke",)

    @admin.display(description=_("scopes"))
    def scope_list(self, key: ApiKey) -> str:
        """In words, separated by commas."""
        return ", ".join(key.scopes)

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        """What a key may do is decided when it is made."""
        return ("project", "scope_list", "prefix", "created_by", "last_used_at", "revoked_at") if obj else ()

    def get_form(self, request: HttpRequest, obj: ApiKey | None = None, change: bool = False, **kwargs: Any) -> Any:
        """A new key has scopes to choose."""
        return super().get_form(request, obj, change, **{"form": self.form if obj else NewApiKeyForm, **kwargs})

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        """An existing key can be renamed or given an end."""
        return ("name", "expires_at", *self.get_readonly_fields(request, obj)) if obj else self.fields

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        """A new key is made by the verb; its secret rides on the instance until the answer is written."""
        if change:
            change_key(obj, {name: getattr(obj, name) for name in ("name", "expires_at")})
            return
        made, raw = create_key(
            project=obj.project, name=obj.name, scopes=obj.scopes, created_by=person(request), expires_at=obj.expires_at
        )
        obj.pk = made.pk
        obj.refresh_from_db()
        obj.__dict__["raw_key"] = raw

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:
        """The one page that shows the key: not a redirect, not a message, so it is kept nowhere."""
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Copy this key now"),
            "opts": self.opts,
            "key": obj,
            "raw_key": obj.__dict__.pop("raw_key", ""),
        }
        response = TemplateResponse(request, "admin/models_registry/apikey/created.html", context)
        response["Cache-Control"] = "no-store"
        return response

    @admin.action(description=_("Revoke: programs using these keys are refused from now on"), permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """A revoked key stays listed, for the record."""
        keys = list(queryset.filter(revoked_at__isnull=True))
        for key in keys:
            revoke_key(key, now=clock.real_now())
        self.message_user(
            request,
            ngettext("%(n)d key revoked.", "%(n)d keys revoked.", len(keys)) % {"n": len(keys)},
            messages.SUCCESS,
        )
