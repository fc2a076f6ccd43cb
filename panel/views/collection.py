"""Collection health, putting dead letters back into the inbox, and ending jobs."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from lib import clock
from models_registry.jobs import cancel_job
from models_registry.models import Job, Project
from monitoring.drain.dead_letters import replay
from monitoring.models import DeadLetter
from panel.access import project_page
from panel.pages.collection import collection_page
from panel.permission import must


@project_page("monitoring.view_ledgercount")
def collection(request: HttpRequest, project: Project) -> HttpResponse:
    """The ledger, the inbox, refusals, dead letters, stages and processes."""
    page = collection_page(project, real_now=clock.real_now())
    return render(request, "panel/response/collection.html", {"project": project, "page": page})


@require_POST
@project_page("monitoring.view_ledgercount")
def replay_letters(request: HttpRequest, project: Project) -> HttpResponse:
    """Put one dead letter (`letter`) or all of the project's back; each goes back alone."""
    must(request, "monitoring.change_deadletter")
    letters = DeadLetter.objects.filter(project=project)
    chosen = request.POST.get("letter", "")
    if chosen:
        letters = letters.filter(pk=int(chosen)) if chosen.isdecimal() and len(chosen) < 19 else letters.none()
    found = list(letters)
    for letter in found:
        replay(letter, now=clock.now())
    told = ngettext("%(n)d item is back in the inbox.", "%(n)d items are back in the inbox.", len(found))
    messages.success(request, told % {"n": len(found)})
    return redirect("panel:collection", project.slug)


@require_POST
@project_page("monitoring.view_ledgercount")
def cancel(request: HttpRequest, project: Project, number: int) -> HttpResponse:
    """Ask a job to stop before its next step."""
    must(request, "models_registry.change_job")
    job = get_object_or_404(Job, project=project, pk=number)
    if cancel_job(job):
        messages.success(request, _("The job stops before its next step; what it has done stays done."))
    else:
        messages.info(request, _("This job has already ended."))
    return redirect("panel:collection", project.slug)
