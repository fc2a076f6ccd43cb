"""The log of messages, and who is told of an alert."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from alerting.models import Notification
from alerting.notify.requeue import requeue
from lib import clock
from models_registry.models import Project
from panel.access import project_page
from panel.pages.notifications import notifications_page
from panel.pages.routes import routes_page
from panel.paging import page_or_first
from panel.permission import must


@project_page("alerting.view_notification")
def notifications(request: HttpRequest, project: Project) -> HttpResponse:
    """Newest first."""
    now = clock.now()
    found, status = page_or_first(
        request, lambda cursor: notifications_page(project, request.GET, cursor=cursor, now=now)
    )
    context = {"project": project, "page": found}
    return render(request, "panel/response/notifications.html", context, status=400 if found.error else status)


@require_POST
@project_page("alerting.view_notification")
def queue_again(request: HttpRequest, project: Project, number: int) -> HttpResponse:
    """Another round for a message that was given up."""
    by = must(request, "alerting.change_incident")
    rows = Notification.objects.filter(channel__project=project).select_related("incident", "channel")
    if requeue([get_object_or_404(rows, pk=number)], by=by, now=clock.now()):
        messages.success(request, _("The message is queued again."))
    else:
        messages.warning(request, _("The message was not queued: it is not one that was given up."))
    return HttpResponseRedirect(reverse("panel:notifications", args=[project.slug]))


@project_page("alerting.view_route")
def routes(request: HttpRequest, project: Project) -> HttpResponse:
    """The tree, tried with labels."""
    page = routes_page(project, request.GET.get("labels"), now=clock.now())
    context = {"project": project, "page": page}
    return render(request, "panel/response/routes.html", context, status=400 if page.error else 200)
