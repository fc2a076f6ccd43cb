"""Home: is everything all right?"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from models_registry.models import Project
from panel.access import project_page


@project_page("models_registry.view_model")
def home(request: HttpRequest, project: Project) -> HttpResponse:
    """One sentence, then what deviates, then figures."""
    return render(request, "panel/home.html", {"project": project})
