"""Models: the list and one page each."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from models_registry.models import Model, Project
from panel.access import project_page


@project_page("models_registry.view_model")
def models(request: HttpRequest, project: Project) -> HttpResponse:
    """Every model of the project, worst first."""
    return render(request, "panel/models.html", {"project": project})


@project_page("models_registry.view_model")
def model(request: HttpRequest, project: Project, slug: str) -> HttpResponse:
    """One model: state, charts, quality, versions."""
    found = get_object_or_404(Model, project=project, slug=slug)
    return render(request, "panel/model.html", {"project": project, "model": found})
