"""Runbooks: the list and the page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from lib import clock
from models_registry.models import Project
from panel.access import project_page
from panel.pages.runbooks import runbook_page, runbooks_page
from runbooks.models import Runbook


@project_page("runbooks.view_runbook")
def runbooks(request: HttpRequest, project: Project) -> HttpResponse:
    """All of the project's."""
    page = runbooks_page(project, now=clock.now())
    return render(request, "panel/response/runbooks.html", {"project": project, "page": page})


@project_page("runbooks.view_runbook")
def runbook(request: HttpRequest, project: Project, slug: str) -> HttpResponse:
    """One."""
    found = get_object_or_404(Runbook, project=project, slug=slug)
    page = runbook_page(found, now=clock.now())
    return render(request, "panel/response/runbook.html", {"project": project, "page": page})
