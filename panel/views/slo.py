"""SLOs: the list and one page each."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from lib import clock
from models_registry.models import Project
from monitoring.models import SLO
from panel.access import project_page
from panel.pages import ranges
from panel.pages.corrections import CorrectionForm
from panel.pages.fleet import judge_all
from panel.pages.slo import slo_page
from panel.pages.suggested import suggested


@project_page("monitoring.view_slo")
def slos(request: HttpRequest, project: Project) -> HttpResponse:
    """Every SLO, least budget left first."""
    return render(request, "panel/slos.html", {"project": project, "judged": judge_all(project, now=clock.now())})


@project_page("monitoring.view_slo")
def slo(request: HttpRequest, project: Project, slug: str) -> HttpResponse:
    """One SLO: promise, attainment, budget, burn."""
    found = get_object_or_404(SLO.objects.select_related("model", "project"), project=project, slug=slug)
    return show_slo(request, found)


def show_slo(request: HttpRequest, slo: SLO, *, form: CorrectionForm | None = None, status: int = 200) -> HttpResponse:
    """Its page; `form` as a person filled it in."""
    span = ranges.chosen(request.GET.get("range"))
    context = {
        "project": slo.project,
        "slo": slo,
        "range": span,
        "ranges": ranges.RANGES.values(),
        "page": slo_page(slo, span, now=clock.now()),
        "form": form or CorrectionForm(),
    }
    return render(request, "panel/slo.html", context, status=status)


@project_page("monitoring.view_slo")
def suggestions(request: HttpRequest, project: Project) -> HttpResponse:
    """What could be promised, by the last days."""
    return render(request, "panel/suggested.html", {"project": project, "rows": suggested(project, now=clock.now())})
