"""Models: the list, and one page of tabs each."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from alerting.selectors.incidents import open_incidents
from lib import clock
from models_registry.models import Model, Project
from panel.access import project_page
from panel.pages import ranges
from panel.pages.fleet import fleet, model_row
from panel.pages.model_tabs import Sight, Tab, tabs_for


@project_page("models_registry.view_model")
def models(request: HttpRequest, project: Project) -> HttpResponse:
    """Every model of the project, worst first."""
    rows = fleet(project, list(open_incidents(project)), now=clock.now()).rows
    return render(request, "panel/models.html", {"project": project, "rows": rows})


@project_page("models_registry.view_model")
def model(request: HttpRequest, project: Project, slug: str) -> HttpResponse:
    """One model, on the tab that the last part of the address names; without one on the overview."""
    found, tab = _found(project, slug)
    now = clock.now()
    span = ranges.chosen(request.GET.get("range"))
    sight = Sight(model_row(found, now=now), span, now, request.GET.dict())
    context = {
        "project": project,
        "model": found,
        "range": span,
        "ranges": ranges.RANGES.values(),
        "row": sight.row,
        "waits": sight.waits,
        "tabs": tabs_for(found.kind),
        "tab": tab,
        "page": tab.build(sight),
    }
    return render(request, tab.template, context)


def _found(project: Project, address: str) -> tuple[Model, Tab]:
    """Slugs may hold slashes, so the address is one: a model of that name goes before a tab of a shorter one."""
    shorter, _slash, name = address.rpartition("/")
    models = Model.objects.select_related("project").filter(project=project, slug__in=[address, shorter])
    for model in sorted(models, key=lambda one: len(one.slug), reverse=True):
        wanted = "" if model.slug == address else name
        for tab in tabs_for(model.kind):
            if tab.slug == wanted:
                return model, tab
    raise Http404(_("There is no such model, or it has no such tab."))
