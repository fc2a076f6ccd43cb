"""What people wrote."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from models_registry.models import Project
from panel.access import project_page
from panel.pages.comments import comments_page
from panel.paging import page_or_first


@project_page("monitoring.view_feedback")
def comments(request: HttpRequest, project: Project) -> HttpResponse:
    """Newest first."""
    page, status = page_or_first(request, lambda cursor: comments_page(project, cursor))
    return render(request, "panel/response/comments.html", {"project": project, "page": page}, status=status)
