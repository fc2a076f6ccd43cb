"""Forms for policies, prices and segments, and the machine's own records to look at. Events are in the explorers, never here."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms.models import construct_instance
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from lib import clock
from models_registry.admin_parts import ShownOnly, person
from models_registry.models import Project
from monitoring.admin_corrections import CorrectionAdmin as CorrectionAdmin
from monitoring.admin_estimators import EstimatorAdmin as EstimatorAdmin
from monitoring.admin_evaluators import EvaluatorAdmin as EvaluatorAdmin
from monitoring.admin_slos import SLOAdmin as SLOAdmin
from monitoring.admin_targets import ScrapeTargetAdmin as ScrapeTargetAdmin
from monitoring.deadletters import replay
from monitoring.models import (
    AppliedPrice,
    BatchRun,
    DeadLetter,
    OwnPrice,
    Policy,
    PolicyEvent,
    SegmentKey,
    StageRun,
)
from monitoring.price_edits import record_edit
from monitoring.pricing.prices import BUCKETS
from monitoring.reprice import start_reprice
from monitoring.segments import declare_key, key_problem, withdraw_key
from monitoring.validate import policy_problems


@admin.register(OwnPrice)
class OwnPriceAdmin(admin.ModelAdmin[OwnPrice]):
    """What a project pays; goes before the list prices from its day on."""

    list_display = ("name", "project", "provider", "model", "valid_from", "input", "cached_input", "output")
    list_filter = ("project",)
    list_select_related = ("project",)
    search_fields = ("name", "model", "provider")
    actions = ("show_difference", "price_again")
    fieldsets = (
        (None, {"fields": ("project", "name", "provider", "model", "valid_from", "context_window")}),
        (
            _("US dollars per million tokens"),
            {
                "fields": (*BUCKETS, "tiers"),
                "description": _(
                    "Calls that arrive from now on are priced by this; what was applied to earlier calls is kept. "
                    "For a new price on a later day add another one and leave this one as it is."
                ),
            },
        ),
    )

    def save_model(self, request: HttpRequest, obj: OwnPrice, form: Any, change: bool) -> None:
        """Save it, and write down what it was."""
        before = OwnPrice.objects.select_related("project").filter(pk=obj.pk).first()
        super().save_model(request, obj, form, change)
        record_edit(before, obj, now=clock.now(), by=person(request))

    def delete_model(self, request: HttpRequest, obj: OwnPrice) -> None:
        """Remove it, and write down what it was."""
        record_edit(obj, None, now=clock.now(), by=person(request))
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[OwnPrice]) -> None:
        """Each of them."""
        for price in queryset.select_related("project"):
            self.delete_model(request, price)

    @admin.action(description=_("Past calls: show what pricing them again would change"), permissions=["change"])
    def show_difference(self, request: HttpRequest, queryset: QuerySet[OwnPrice]) -> None:
        """A dry run over the stored calls of the projects of these prices."""
        self._price_again(request, queryset, dry_run=True)

    @admin.action(description=_("Past calls: price them again by what holds now"), permissions=["change"])
    def price_again(self, request: HttpRequest, queryset: QuerySet[OwnPrice]) -> None:
        """The change itself."""
        self._price_again(request, queryset, dry_run=False)

    def _price_again(self, request: HttpRequest, queryset: QuerySet[OwnPrice], *, dry_run: bool) -> None:
        now = clock.now()
        start = now - settings.RETENTION["events"]
        projects = list(Project.objects.filter(pk__in=queryset.values("project_id")))
        for project in projects:
            start_reprice(project, start=start, end=now, dry_run=dry_run, now=now, by=person(request))
        told = ngettext(
            "%(n)d job has started; its page is Collection health.",
            "%(n)d jobs have started; their page is Collection health.",
            len(projects),
        )
        self.message_user(request, told % {"n": len(projects)}, messages.SUCCESS)


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


@admin.register(AppliedPrice)
class AppliedPriceAdmin(ShownOnly):
    """Every price that calls were ever priced by, as it was then."""

    list_display = ("id", "source", "provider", "model", "valid_from", "document")
    fields = ("source", "provider", "model", "valid_from", "document")
    readonly_fields = fields


@admin.register(StageRun)
class StageRunAdmin(ShownOnly):
    """When each stage last ran, how long it took and what it said."""

    list_display = ("stage", "finished_at", "seconds", "seen", "written", "failures", "last_error")


@admin.register(DeadLetter)
class DeadLetterAdmin(ShownOnly):
    """Items that could not be stored; mend the cause, then replay."""

    list_display = ("at", "kind", "project", "error")
    list_filter = ("kind",)
    list_select_related = ("project",)
    fields = ("at", "project", "kind", "error", "text")
    readonly_fields = fields
    actions = ("replay_selected",)

    @admin.display(description=_("item"))
    def text(self, letter: DeadLetter) -> str:
        """The item as it was accepted."""
        return bytes(letter.item).decode("utf-8", "replace")

    def has_replay_permission(self, request: HttpRequest) -> bool:
        """Editors replay; the page itself stays read-only."""
        return request.user.has_perm("monitoring.change_deadletter")

    @admin.action(description=_("Replay: put back into the inbox"), permissions=["replay"])
    def replay_selected(self, request: HttpRequest, queryset: QuerySet[DeadLetter]) -> None:
        """Each goes back alone, so one that fails again does not hold the others."""
        letters = list(queryset)
        for letter in letters:
            replay(letter, now=clock.now())
        told = ngettext("%(n)d item is back in the inbox.", "%(n)d items are back in the inbox.", len(letters))
        self.message_user(request, told % {"n": len(letters)}, messages.SUCCESS)


@admin.register(BatchRun)
class BatchRunAdmin(ShownOnly):
    """What jobs said of their runs."""

    list_display = (
        "run",
        "version",
        "environment",
        "state",
        "started_at",
        "finished_at",
        "rows",
        "rows_expected",
        "rows_failed",
    )
    list_filter = ("state", "project")
    list_select_related = ("version__model",)
    search_fields = ("run", "version__model__slug")
