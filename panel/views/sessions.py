"""Sessions: the list, one of them, and a person's."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from lib import clock
from models_registry.models import Project
from panel.access import project_page
from panel.pages import ranges
from panel.pages.person import build_person_page
from panel.pages.session import build_session_list, build_session_page
from panel.paging import page_or_first

LONGEST = 200


@project_page("monitoring.view_llmcall")
def sessions(request: HttpRequest, project: Project) -> HttpResponse:
    """The latest first."""
    span, now = ranges.chosen(request.GET.get("range")), clock.now()
    page, status = page_or_first(
        request, lambda cursor: build_session_list(project, span, now=now, cursor=cursor or None)
    )
    context = {"project": project, "page": page, "range": span, "ranges": ranges.RANGES.values()}
    return render(request, "panel/response/sessions.html", context, status=status)


@project_page("monitoring.view_llmcall")
def session(request: HttpRequest, project: Project, session: str) -> HttpResponse:
    """A conversation in order."""
    _refuse_unless_id(session)
    page, status = page_or_first(request, lambda cursor: build_session_page(project, session, cursor=cursor or None))
    if page is None:
        raise Http404(_("No prediction or call names this session. Ids match exactly; retention may have dropped it."))
    return render(request, "panel/response/session.html", {"project": project, "page": page}, status=status)


@project_page("monitoring.view_llmcall")
def person(request: HttpRequest, project: Project, person: str) -> HttpResponse:
    """By the user id that clients send."""
    _refuse_unless_id(person)
    span, now = ranges.RANGES.get(request.GET.get("range", ""), ranges.RANGES["30d"]), clock.now()
    page, status = page_or_first(
        request, lambda cursor: build_person_page(project, person, span, now=now, cursor=cursor or None)
    )
    if page is None:
        raise Http404(_("No prediction or call names this user. Ids match exactly; retention may have dropped it."))
    context = {"project": project, "page": page, "range": span, "ranges": ranges.RANGES.values()}
    return render(request, "panel/response/person.html", context, status=status)


def _refuse_unless_id(text: str) -> None:
    """What no client can have sent is looked for nowhere."""
    if len(text) > LONGEST:
        raise Http404(_("Ids have at most 200 characters."))
