"""Who may see a page: people who are logged in and hold its permission; everybody else learns nothing."""

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.gzip import gzip_page

from models_registry.models import Project

View = Callable[..., HttpResponseBase]
PROJECT_KEY = "project"
"""Session key of the project somebody looked at last."""


def remember_project(request: HttpRequest, project: Project) -> None:
    """The shell's navigation stays in this project; pages without a project in their URL call this themselves."""
    if request.session.get(PROJECT_KEY) != project.slug:
        request.session[PROJECT_KEY] = project.slug


def page(permission: str) -> Callable[[View], View]:
    """For pages outside a project's URL. Anonymous people go to the login, people without `permission` get a 404."""

    def decorate(view: View) -> View:
        @gzip_page
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            if not request.user.has_perm(permission):
                raise Http404(_("Your account may not see this page."))
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def project_page(permission: str) -> Callable[[View], View]:
    """Like `page`, for `/p/<slug:project>/…`: the view receives the Project instead of its slug."""

    def decorate(view: View) -> View:
        @page(permission)
        @wraps(view)
        def scoped(request: HttpRequest, **kwargs: object) -> HttpResponseBase:
            found = get_object_or_404(Project, slug=kwargs.pop("project"))
            remember_project(request, found)
            return view(request, found, **kwargs)

        return scoped

    return decorate
