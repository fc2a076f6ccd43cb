"""Estimators to look at in the admin, and a way to fit another one."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from lib import clock
from models_registry.admin_bases.shown_only import ShownOnly
from models_registry.admin_bases.signed_in import person
from monitoring.models import Estimator
from monitoring.quality.fitting.start import fit_again


@admin.register(Estimator)
class EstimatorAdmin(ShownOnly):
    """What performance is estimated by; a version's newest one counts for what comes after its window."""

    list_display = ("version", "origin", "rows", "start", "end", "created_at")
    list_filter = ("origin",)
    list_select_related = ("version__model",)
    fields = ("version", "origin", "rows", "start", "end", "kind", "positive_label", "created_at")
    readonly_fields = fields
    actions = ("fit_again",)

    def has_fit_permission(self, request: HttpRequest) -> bool:
        """As by the API: those who may change versions."""
        return request.user.has_perm("models_registry.change_modelversion")

    @admin.action(description=_("Fit another: on the reference in force, or on the last 30 days"), permissions=["fit"])
    def fit_again(self, request: HttpRequest, queryset: QuerySet[Estimator]) -> None:
        """A job for each version; what is there stays."""
        jobs = fit_again(queryset.values_list("version_id", "origin"), now=clock.now(), by=person(request))
        told = ngettext(
            "%(n)d job has started; its page is Collection health.",
            "%(n)d jobs have started; their page is Collection health.",
            len(jobs),
        )
        self.message_user(request, told % {"n": len(jobs)}, messages.SUCCESS)
