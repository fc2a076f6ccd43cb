"""Forms for what a project pays, and every price that was ever applied."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from lib import clock
from models_registry.admin_bases.shown_only import ShownOnly
from models_registry.admin_bases.signed_in import person
from models_registry.models import Project
from monitoring.llm.pricing.prices import BUCKETS
from monitoring.models import AppliedPrice, OwnPrice
from monitoring.prices.edits import record_edit
from monitoring.prices.reprice import start_reprice


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


@admin.register(AppliedPrice)
class AppliedPriceAdmin(ShownOnly):
    """Every price that calls were ever priced by, as it was then."""

    list_display = ("id", "source", "provider", "model", "valid_from", "document")
    fields = ("source", "provider", "model", "valid_from", "document")
    readonly_fields = fields
