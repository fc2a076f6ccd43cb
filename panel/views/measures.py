"""Any measure of any model."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from lib import clock
from models_registry.models import Model, Project
from panel.access import project_page
from panel.pages.measures import measure_page


@project_page("models_registry.view_model")
def measures(request: HttpRequest, project: Project) -> HttpResponse:
    """The measure, model and range of the URL; the project's first model where it names none."""
    models = Model.objects.filter(project=project).select_related("project")
    slug = request.GET.get("model", "")
    model = models.filter(slug=slug).first() if slug else models.first()
    if slug and model is None:
        raise Http404(_("There is no such model."))
    page = measure_page(project, model, request.GET.dict(), now=clock.now()) if model else None
    return render(request, "panel/measures.html", {"project": project, "page": page})
