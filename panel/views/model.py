"""Models: the list and one page each."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from alerting.selectors import open_incidents
from lib import clock
from models_registry.models import Model, Project
from panel.access import project_page
from panel.pages import ranges
from panel.pages.fleet import fleet
from panel.pages.model import model_page


@project_page("models_registry.view_model")
def models(request: HttpRequest, project: Project) -> HttpResponse:
    """Every model of the project, worst first."""
    rows = fleet(project, list(open_incidents(project)), now=clock.now()).rows
    return render(request, "panel/models.html", {"project": project, "rows": rows})


@project_page("models_registry.view_model")
def model(request: HttpRequest, project: Project, slug: str) -> HttpResponse:
    """One model: state, charts, quality, versions."""
    found = get_object_or_404(Model.objects.select_related("project"), project=project, slug=slug)
    span = ranges.chosen(request.GET.get("range"))
    context = {"project": project, "model": found, "range": span, "ranges": ranges.RANGES.values()}
    return render(request, "panel/model.html", context | {"page": model_page(found, span, now=clock.now())})
