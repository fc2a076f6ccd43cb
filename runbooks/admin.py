"""Forms for runbooks, and the alerting pages with what this room knows: one page for a person, two rooms behind it."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from alerting.admin.incidents import IncidentAdmin
from alerting.admin.rules import AlertRuleAdmin
from alerting.models import AlertRule, Incident
from lib import clock
from models_registry.admin_bases.shown_only import ShownOnly
from runbooks.models import ActionItem, Review, Run, Runbook, Step


class StepInline(admin.StackedInline[Step, Runbook]):
    """The checklist, in order."""

    model = Step
    extra = 1
    fields = ("position", "title", "body")


@admin.register(Runbook)
class RunbookAdmin(admin.ModelAdmin[Runbook]):
    """What to do when a rule fires."""

    list_display = ("title", "slug", "project", "owner", "verified_at")
    list_filter = ("project",)
    list_select_related = ("project",)
    search_fields = ("title", "slug")
    prepopulated_fields = {"slug": ("title",)}
    filter_horizontal = ("rules",)
    inlines = (StepInline,)
    actions = ("verified_today",)
    fieldsets = (
        (None, {"fields": ("project", "title", "slug", "owner", "verified_at")}),
        (_("Meaning and impact"), {"fields": ("summary",)}),
        (_("When it applies"), {"fields": ("rules",)}),
    )

    @admin.action(description=_("Mark as verified today"), permissions=["change"])
    def verified_today(self, request: HttpRequest, queryset: QuerySet[Runbook]) -> None:
        """Somebody read it, tried it, and it still holds."""
        queryset.update(verified_at=clock.now().date())


class ActionItemInline(admin.TabularInline[ActionItem, Review]):
    """What will be different next time."""

    model = ActionItem
    extra = 0


@admin.register(Review)
class ReviewAdmin(ShownOnly):
    """Reviews are written in the panel; here they are listed with their action items."""

    list_display = ("incident", "state", "created_at", "edited_by", "published_at")
    list_filter = ("state",)
    list_select_related = ("incident", "edited_by")
    inlines = (ActionItemInline,)


@admin.register(ActionItem)
class ActionItemAdmin(admin.ModelAdmin[ActionItem]):
    """Across all reviews: what is due, and who promised it."""

    list_display = ("title", "owner", "due", "done_at", "review")
    list_filter = ("owner", ("done_at", admin.EmptyFieldListFilter))
    list_select_related = ("review__incident",)
    search_fields = ("title", "owner")
    raw_id_fields = ("review",)


class RuleRunbookInline(admin.TabularInline[Any, AlertRule]):
    """Which runbooks are followed when this rule fires."""

    model = Runbook.rules.through
    extra = 1
    verbose_name = _("runbook")
    verbose_name_plural = _("runbooks to follow when it fires")


class RunInline(admin.TabularInline[Run, Incident]):
    """Which runbooks were followed."""

    model = Run
    extra = 0
    fields = readonly_fields = ("runbook", "started_at", "started_by")
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Run]:
        """With the names that the rows print."""
        return super().get_queryset(request).select_related("incident", "runbook", "started_by")


class RuleWithRunbooks(AlertRuleAdmin):
    """The rule's page, and what to do when it fires."""

    inlines = (RuleRunbookInline,)


class IncidentWithRuns(IncidentAdmin):
    """The incident's record, and what was done."""

    inlines = (RunInline,)


admin.site.unregister([AlertRule, Incident])
admin.site.register(AlertRule, RuleWithRunbooks)
admin.site.register(Incident, IncidentWithRuns)
