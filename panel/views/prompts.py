"""Prompts: one page each."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from lib import clock
from models_registry.models import Project, Prompt
from panel.access import project_page
from panel.pages import ranges
from panel.pages.prompts import prompt_page


@project_page("models_registry.view_prompt")
def prompt(request: HttpRequest, project: Project, name: str) -> HttpResponse:
    """Its versions, and two of them held together."""
    found = get_object_or_404(Prompt.objects.select_related("model", "project"), project=project, name=name)
    span = ranges.chosen(request.GET.get("range"))
    page = prompt_page(found, span, request.GET.dict(), now=clock.now())
    context = {"project": project, "page": page, "range": span, "ranges": ranges.RANGES.values()}
    return render(request, "panel/response/prompt.html", context, status=404 if page.problem else 200)
