"""Collection health, and putting dead letters back into the inbox."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from lib import clock
from models_registry.models import Project
from monitoring.deadletters import replay
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
