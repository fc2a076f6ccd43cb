"""What people leave out of error budgets: from the page of an SLO, or as a whole incident; plain forms."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from alerting.errors import Refused
from lib import clock
from models_registry.models import Project
from monitoring.models import SLO, Correction
from monitoring.slo.corrections import end_correction, record_correction, withdraw_correction
from panel.access import page, project_page
from panel.acting import act, find_incident, words_of
from panel.pages.corrections import MODEL, CorrectionForm, correction_of
from panel.permission import must
from panel.views.slo import show_slo


@require_POST
@project_page("monitoring.view_slo")
def create(request: HttpRequest, project: Project, slug: str) -> HttpResponseBase:
    """Write it down; what a person typed is never lost."""
    author, form = must(request, "monitoring.add_correction"), CorrectionForm(request.POST)
    slo = get_object_or_404(SLO.objects.select_related("model", "project"), project=project, slug=slug)
    if form.is_valid():
        told = dict(form.cleaned_data)
        of = {"model": slo.model} if told.pop("of") == MODEL else {"slo": slo}
        wanted = Correction(project=project, author=author.get_username(), **of, **told)
        try:
            record_correction(wanted, now=clock.now())
        except ValidationError as error:
            for field, problems in error.message_dict.items():
                form.add_error(field if field in form.fields else None, problems)
        else:
            messages.success(request, _("Corrected. Every budget, rule and page counts accordingly from now on."))
            return _back(project, slug)
    return show_slo(request, slo, form=form, status=400)


@require_POST
@project_page("monitoring.view_slo")
def withdraw(request: HttpRequest, project: Project, slug: str, correction: int) -> HttpResponseBase:
    """Everything counts as it was again; that it was corrected stays to be read."""
    by = must(request, "monitoring.change_correction")
    withdraw_correction(
        get_object_or_404(Correction, pk=correction, project=project), by=by.get_username(), now=clock.now()
    )
    messages.success(request, _("Withdrawn: everything counts as it was again."))
    return _back(project, slug)


@require_POST
@project_page("monitoring.view_slo")
def end(request: HttpRequest, project: Project, slug: str, correction: int) -> HttpResponseBase:
    """It comes no more; what it left out stays so."""
    by = must(request, "monitoring.change_correction")
    try:
        end_correction(
            get_object_or_404(Correction, pk=correction, project=project), by=by.get_username(), now=clock.now()
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("Ended: it comes no more, and what it left out stays so."))
    return _back(project, slug)


def _back(project: Project, slug: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("panel:slo", args=[project.slug, slug]) + "#corrections")


@require_POST
@page("alerting.view_incident")
def exclude(request: HttpRequest, number: int) -> HttpResponseBase:
    """An incident, out of the budget of one objective or of all of its model."""
    by, found = must(request, "monitoring.add_correction"), find_incident(number)
    named = request.POST.get("slo", "")
    slo = get_object_or_404(SLO, project=found.project, slug=named) if named else None
    now = clock.now()
    wanted = correction_of(
        found,
        slo=slo,
        effect=request.POST.get("effect", ""),
        reason=words_of(request) or str(found),
        author=by.get_username(),
        now=now,
    )

    def verb() -> None:
        try:
            record_correction(wanted, now=now)
        except ValidationError as error:
            raise Refused(" ".join(error.messages)) from error

    return act(
        request, number, lambda: _("Corrected. The budget no longer counts this incident."), verb, move="exclude"
    )
