"""Predictions, LLM calls and log lines: the lists, one event, and one request."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from lib import clock
from models_registry.models import Project
from monitoring.models.inbox import EventKind
from monitoring.selectors.events import get_event
from monitoring.selectors.requests import read_story
from panel.access import project_page
from panel.pages.event import build_event_page
from panel.pages.explorer import explorer_page
from panel.pages.patterns import patterns_page
from panel.pages.request import build_request_page


@project_page("monitoring.view_prediction")
def predictions(request: HttpRequest, project: Project) -> HttpResponse:
    """Newest predictions first."""
    return _list(request, project, EventKind.PREDICTION)


@project_page("monitoring.view_llmcall")
def llm_calls(request: HttpRequest, project: Project) -> HttpResponse:
    """Newest LLM calls first."""
    return _list(request, project, EventKind.LLM_CALL)


@project_page("monitoring.view_logrecord")
def logs(request: HttpRequest, project: Project) -> HttpResponse:
    """Newest log lines first, the last day's unless the query says otherwise."""
    return _list(request, project, EventKind.LOG)


@project_page("monitoring.view_logrecord")
def log_patterns(request: HttpRequest, project: Project) -> HttpResponse:
    """The log lines of a range by their patterns."""
    page = patterns_page(project, request.GET.dict(), now=clock.now())
    return render(request, "panel/response/log_patterns.html", {"project": project, "page": page})


@project_page("monitoring.view_prediction")
def prediction(request: HttpRequest, project: Project, event: int) -> HttpResponse:
    """One prediction."""
    return _event(request, project, EventKind.PREDICTION, event)


@project_page("monitoring.view_llmcall")
def llm_call(request: HttpRequest, project: Project, event: int) -> HttpResponse:
    """One LLM call."""
    return _event(request, project, EventKind.LLM_CALL, event)


@project_page("monitoring.view_prediction")
def request_story(request: HttpRequest, project: Project, text: str) -> HttpResponse:
    """One request by any id of it."""
    story = read_story(project, text)
    if story is None:
        raise Http404(_("Nothing here has this id. Ids match exactly; retention may have dropped it."))
    page = build_request_page(story, text, project, user=request.user)
    return render(request, "panel/response/request.html", {"project": project, "page": page})


def _list(request: HttpRequest, project: Project, kind: str) -> HttpResponse:
    page = explorer_page(kind, project, request.GET.dict(), now=clock.now())
    template = f"panel/response/explorer_{kind}.html"
    return render(request, template, {"project": project, "page": page}, status=400 if page.error else 200)


def _event(request: HttpRequest, project: Project, kind: str, event: int) -> HttpResponse:
    found = get_event(kind, project, event) if event < 2**63 else None
    if found is None:
        raise Http404(_("No such event here; retention may have dropped it, its numbers stay in the summaries."))
    page = build_event_page(found, project)
    return render(request, f"panel/response/event_{kind}.html", {"project": project, "page": page})
