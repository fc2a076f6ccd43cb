"""Incidents: the list, the page, its notes and runbooks, as plain forms that work without JavaScript."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from alerting.incidents.course import comment_incident, silence_incident
from lib import clock
from models_registry.models import Project, User
from panel.access import page, project_page
from panel.acting import act, find_incident, show_incident, words_of
from panel.pages.incidents import incidents_page
from panel.paging import page_or_first
from panel.permission import must
from runbooks.conduct import complete_step, reopen_step, start_run
from runbooks.models import Runbook, RunStep


@project_page("alerting.view_incident")
def incidents(request: HttpRequest, project: Project) -> HttpResponse:
    """Open ones first, or those of one state or person."""
    now, user = clock.now(), request.user
    me = user if isinstance(user, User) else None
    found, status = page_or_first(
        request, lambda cursor: incidents_page(project, request.GET, me=me, cursor=cursor, now=now)
    )
    context = {"project": project, "page": found}
    return render(request, "panel/response/incidents.html", context, status=400 if found.error else status)


@page("alerting.view_incident")
def incident(request: HttpRequest, number: int) -> HttpResponse:
    """One incident."""
    return show_incident(request, find_incident(number))


@require_POST
@page("alerting.view_incident")
def silence(request: HttpRequest, number: int) -> HttpResponseBase:
    """No messages for `hours`; the incident stays open."""
    by, found = must(request, "alerting.add_silence"), find_incident(number)
    asked = request.POST.get("hours", "")
    hours, why = int(asked) if asked.isdecimal() and len(asked) < 5 else 0, words_of(request, "comment")
    return act(
        request,
        number,
        lambda: _("Silent for %(hours)d h. The incident stays open.") % {"hours": hours},
        lambda: silence_incident(found, by=by, hours=hours, comment=why, now=clock.now()),
        move="silence",
    )


@require_POST
@page("alerting.view_incident")
def comment(request: HttpRequest, number: int) -> HttpResponseBase:
    """A note in the timeline."""
    by, found = must(request, "alerting.change_incident"), find_incident(number)
    return act(
        request,
        number,
        lambda: _("Added to the timeline."),
        lambda: comment_incident(found, by=by, text=words_of(request), now=clock.now()),
        move="comment",
        anchor="#timeline",
    )


@require_POST
@page("alerting.view_incident")
def start_runbook(request: HttpRequest, number: int, runbook: int) -> HttpResponseBase:
    """Copy a runbook's steps into the incident."""
    by, found = must(request, "runbooks.change_run"), find_incident(number)
    chosen = get_object_or_404(Runbook, pk=runbook, project=found.project)
    return act(
        request,
        number,
        lambda: _("Follow the steps; each tick says who and when."),
        lambda: start_run(incident=found, runbook=chosen, by=by, now=clock.now()),
        anchor="#runbooks",
    )


@require_POST
@page("alerting.view_incident")
def step(request: HttpRequest, number: int, step: int) -> HttpResponseBase:
    """Tick a step with a note, or (`undo`) take the tick back."""
    by = must(request, "runbooks.change_run")
    row = get_object_or_404(RunStep.objects.select_related("run__incident"), pk=step, run__incident__number=number)
    note = request.POST.get("note", "").strip()
    if "undo" in request.POST:
        return act(
            request,
            number,
            lambda: _("Taken back."),
            lambda: reopen_step(row, by=by, now=clock.now()),
            anchor=f"#step-{row.pk}",
        )
    return act(
        request,
        number,
        lambda: _("Done."),
        lambda: complete_step(row, by=by, note=note, now=clock.now()),
        anchor=f"#step-{row.pk}",
    )
