"""A move on an incident from a form: done and told, or refused and told with everything that was typed still there."""

from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from alerting.errors import Refused
from alerting.models import Incident
from lib import clock
from panel.access import remember_project
from panel.pages.incident import incident_page
from panel.pages.incident_moves import moves_of

RELATED = ("project", "model", "acknowledged_by", "mitigated_by", "resolved_by", "closed_by", "assignee", "merged_into")


def find_incident(number: int) -> Incident:
    """The incident with the people and the model that its page names."""
    return get_object_or_404(Incident.objects.select_related(*RELATED), number=number)


def show_incident(request: HttpRequest, found: Incident, *, typed: str = "", status: int = 200) -> HttpResponse:
    """The page; `typed` names the form whose fields keep what was sent."""
    remember_project(request, found.project)
    now: datetime = clock.now()
    kept = {"move": typed, **request.POST.dict()} if typed else {}
    context = {
        "project": found.project,
        "page": incident_page(found, now=now),
        "moves": moves_of(found, now=now),
        "incident": found,
        "typed": kept,
    }
    return render(request, "panel/response/incident.html", context, status=status)


def act(
    request: HttpRequest,
    number: int,
    done: Callable[[], str],
    verb: Callable[[], object],
    *,
    move: str = "",
    anchor: str = "",
) -> HttpResponse:
    """Do it, say so, and go back to the page; a refused move is told on the page itself, where nothing typed is lost."""
    try:
        verb()
    except Refused as refused:
        messages.error(request, str(refused))
        return show_incident(request, find_incident(number), typed=move or "other", status=409)
    messages.success(request, done())
    return HttpResponseRedirect(reverse("panel:incident", args=[number]) + anchor)


def revision_of(request: HttpRequest) -> int | None:
    """That of the row as the form showed it; None if it names none."""
    text = request.POST.get("revision", "")
    return int(text) if text.isdecimal() and len(text) < 10 else None


def words_of(request: HttpRequest, name: str = "text") -> str:
    """What somebody wrote, without the space around it."""
    return request.POST.get(name, "").strip()
