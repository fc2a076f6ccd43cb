"""SLOs: the list and one page each."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from models_registry.models import Project
from monitoring.models import SLO
from panel.access import project_page


@project_page("monitoring.view_slo")
def slos(request: HttpRequest, project: Project) -> HttpResponse:
    """Every SLO, least budget left first."""
    return render(request, "panel/slos.html", {"project": project})


@project_page("monitoring.view_slo")
def slo(request: HttpRequest, project: Project, slug: str) -> HttpResponse:
    """One SLO: promise, attainment, budget, burn."""
    found = get_object_or_404(SLO, project=project, slug=slug)
    return render(request, "panel/slo.html", {"project": project, "slo": found})
