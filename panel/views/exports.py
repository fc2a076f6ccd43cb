"""Exports: begin one where you search, see how far it is, fetch the file."""

from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from lib import clock
from models_registry.exports import ExportError, TooManyError, exports_of, start_export
from models_registry.jobs import cancel_job
from models_registry.models import Project, User
from panel.access import project_page
from panel.pages.exports import PLACES, exports_page, filters_of, may_end


@project_page("models_registry.view_job")
def exports(request: HttpRequest, project: Project) -> HttpResponse:
    """The newest first."""
    page = exports_page(project, user=_person(request), real=clock.real_now())
    return render(request, "panel/response/exports.html", {"project": project, "page": page})


@require_POST
@project_page("models_registry.view_job")
def create(request: HttpRequest, project: Project) -> HttpResponse:
    """Begin one of what the address `query` shows; what cannot be is said on the page it was asked from."""
    by, name = _person(request), request.POST.get("dataset", "")
    dataset = settings.EXPORTS.get(name)
    if dataset is None or not by.has_perm(dataset.permission):
        raise Http404(_("There is no such export."))
    filters = filters_of(request.POST.get("query", ""))
    try:
        form = request.POST.get("format", "")
        start_export(project, name, form=form, filters=filters, now=clock.now(), by=by)
    except ExportError as error:
        messages.error(request, str(error))
        place = reverse(PLACES.get(name, "panel:exports"), args=[project.slug])
        return redirect(f"{place}?{urlencode(filters)}" if filters else place)
    except TooManyError:
        messages.error(request, _("Enough exports are under way. Wait until one has ended, or end one here."))
    else:
        messages.success(request, _("The file is being written. It can be fetched here as soon as it is done."))
    return redirect("panel:exports", project.slug)


@require_POST
@project_page("models_registry.view_job")
def end(request: HttpRequest, project: Project, number: int) -> HttpResponse:
    """Stop writing one."""
    job = get_object_or_404(exports_of(project), pk=number)
    if not may_end(job, _person(request)):
        raise Http404(_("There is no such export."))
    if cancel_job(job):
        messages.success(request, _("The export stops before its next piece; what was written is dropped."))
    else:
        messages.info(request, _("This export has already ended."))
    return redirect("panel:exports", project.slug)


def _person(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise Http404
    return request.user
