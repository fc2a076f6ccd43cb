"""`/`: to the home of the project somebody looked at last; words instead of a blank page when there is none."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from panel.shell import Shell


@login_required
def start(request: HttpRequest) -> HttpResponse:
    """Redirect home; without a project, or without permission, say what to do."""
    allowed = request.user.has_perm("models_registry.view_model")
    project = Shell(request).project
    if allowed and project is not None:
        return redirect("panel:home", project.slug)
    return render(request, "panel/start.html", {"allowed": allowed}, status=200 if allowed else 403)
