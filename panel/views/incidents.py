"""Incidents: the list, the page, and what people do there, as plain forms that work without JavaScript."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from alerting.errors import Refused
from alerting.incidents import acknowledge_incident, comment_incident, resolve_incident, silence_incident
from alerting.models import Incident
from lib import clock
from models_registry.models import Project
from panel.access import page, project_page, remember_project
from panel.pages.incident import incident_page
from panel.pages.incidents import incidents_page
from panel.paging import page_or_first
from panel.permission import must
from runbooks.conduct import complete_step, reopen_step, start_run
from runbooks.models import Runbook, RunStep


@project_page("alerting.view_incident")
def incidents(request: HttpRequest, project: Project) -> HttpResponse:
    """Open ones first."""
    now = clock.now()
    found, status = page_or_first(request, lambda cursor: incidents_page(project, cursor=cursor, now=now))
    return render(request, "panel/response/incidents.html", {"project": project, "page": found}, status=status)


@page("alerting.view_incident")
def incident(request: HttpRequest, number: int) -> HttpResponse:
    """One incident."""
    found = _find(number)
    remember_project(request, found.project)
    context = {"project": found.project, "page": incident_page(found, now=clock.now()), "incident": found}
    return render(request, "panel/response/incident.html", context)


def _find(number: int) -> Incident:
    rows = Incident.objects.select_related("project", "model", "acknowledged_by", "resolved_by")
    return get_object_or_404(rows, number=number)


def _act(request: HttpRequest, number: int, done: str, act: Callable[[], object], anchor: str = "") -> HttpResponse:
    """Do it, say so, and go back to the page; a refused move is told, not raised."""
    try:
        act()
        messages.success(request, done)
    except Refused as refused:
        messages.error(request, str(refused))
    return HttpResponseRedirect(reverse("panel:incident", args=[number]) + anchor)


@require_POST
@page("alerting.view_incident")
def acknowledge(request: HttpRequest, number: int) -> HttpResponseBase:
    """Somebody is on it."""
    by, found = must(request, "alerting.change_incident"), _find(number)
    return _act(
        request, number, _("Acknowledged: it is yours."), lambda: acknowledge_incident(found, by=by, now=clock.now())
    )


@require_POST
@page("alerting.view_incident")
def resolve(request: HttpRequest, number: int) -> HttpResponseBase:
    """It is over."""
    by, found = must(request, "alerting.change_incident"), _find(number)
    return _act(request, number, _("Resolved."), lambda: resolve_incident(found, by=by, now=clock.now()))


@require_POST
@page("alerting.view_incident")
def silence(request: HttpRequest, number: int) -> HttpResponseBase:
    """No messages for `hours`; the incident stays open."""
    by, found = must(request, "alerting.add_silence"), _find(number)
    asked = request.POST.get("hours", "")
    hours, comment = int(asked) if asked.isdecimal() and len(asked) < 5 else 0, request.POST.get("comment", "").strip()
    done = _("Silent for %(hours)d h. The incident stays open.") % {"hours": hours}
    return _act(
        request, number, done, lambda: silence_incident(found, by=by, hours=hours, comment=comment, now=clock.now())
    )


@require_POST
@page("alerting.view_incident")
def comment(request: HttpRequest, number: int) -> HttpResponseBase:
    """A note in the timeline."""
    by, found = must(request, "alerting.change_incident"), _find(number)
    text = request.POST.get("text", "")
    return _act(
        request,
        number,
        _("Added to the timeline."),
        lambda: comment_incident(found, by=by, text=text, now=clock.now()),
        "#timeline",
    )


@require_POST
@page("alerting.view_incident")
def start_runbook(request: HttpRequest, number: int, runbook: int) -> HttpResponseBase:
    """Copy a runbook's steps into the incident."""
    by, found = must(request, "runbooks.change_run"), _find(number)
    chosen = get_object_or_404(Runbook, pk=runbook, project=found.project)
    return _act(
        request,
        number,
        _("Follow the steps; each tick says who and when."),
        lambda: start_run(incident=found, runbook=chosen, by=by, now=clock.now()),
        "#runbooks",
    )


@require_POST
@page("alerting.view_incident")
def step(request: HttpRequest, number: int, step: int) -> HttpResponseBase:
    """Tick a step with a note, or (`undo`) take the tick back."""
    by = must(request, "runbooks.change_run")
    row = get_object_or_404(RunStep.objects.select_related("run__incident"), pk=step, run__incident__number=number)
    note = request.POST.get("note", "").strip()
    if "undo" in request.POST:
        return _act(
            request, number, _("Taken back."), lambda: reopen_step(row, by=by, now=clock.now()), f"#step-{row.pk}"
        )
    return _act(
        request,
        number,
        _("Done."),
        lambda: complete_step(row, by=by, note=note, now=clock.now()),
        f"#step-{row.pk}",
    )
