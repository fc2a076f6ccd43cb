"""Home: is everything all right?"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from lib import clock
from models_registry.models import Project
from panel.access import project_page
from panel.pages import ranges
from panel.pages.home import home_page


@project_page("models_registry.view_model")
def home(request: HttpRequest, project: Project) -> HttpResponse:
    """One sentence, then what deviates, then figures; without a model, how to send the first event."""
    span = ranges.chosen(request.GET.get("range"))
    page = home_page(project, span, now=clock.now())
    context = {"project": project, "page": page, "range": span, "ranges": ranges.RANGES.values()}
    return render(request, "panel/home.html" if page else "panel/home_empty.html", context)
