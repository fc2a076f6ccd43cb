"""Silences: the list, one of them, and what people do with them, as plain forms that work without JavaScript."""

from collections.abc import Callable
from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from alerting.errors import Refused
from alerting.labels.matchers import from_json
from alerting.models import Silence
from alerting.mutes.silences import create_silence, expire_silence, extend_silence
from lib import clock
from models_registry.models import Project
from panel.access import project_page
from panel.pages.silences import SilenceForm, end_of, silence_page, silences_page
from panel.permission import must

LIST = "panel/response/silences.html"


@project_page("alerting.view_silence")
def silences(request: HttpRequest, project: Project) -> HttpResponse:
    """Those that hold first; the form of a new one may be filled in by the address."""
    form = SilenceForm(initial={name: text for name, text in request.GET.items() if name in SilenceForm.base_fields})
    return render(request, LIST, {"project": project, "page": silences_page(project, now=clock.now(), form=form)})


@project_page("alerting.view_silence")
def silence(request: HttpRequest, project: Project, silence: int) -> HttpResponse:
    """What it hides and hid."""
    found = _find(project, silence)
    page = silence_page(found, now=clock.now())
    return render(request, "panel/response/silence.html", {"project": project, "page": page})


@require_POST
@project_page("alerting.view_silence")
def create(request: HttpRequest, project: Project) -> HttpResponseBase:
    """Make it, or (`preview`) show first what it would hide; what a person wrote is never lost."""
    owner, form, now = must(request, "alerting.add_silence"), SilenceForm(request.POST), clock.now()
    if form.is_valid():
        matchers = from_json(form.cleaned_data["matchers"])
        if "preview" in request.POST:
            page = silences_page(project, now=now, form=form, matchers=matchers)
            return render(request, LIST, {"project": project, "page": page})
        starts, ends = end_of(form, now=now)
        comment = form.cleaned_data["comment"]
        try:
            made = create_silence(
                project, matchers, starts_at=starts, ends_at=ends, owner=owner, comment=comment, now=now
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Silenced. Its page says what it hides."))
            return HttpResponseRedirect(reverse("panel:silence", args=[project.slug, made.pk]))
    page = silences_page(project, now=now, form=form)
    return render(request, LIST, {"project": project, "page": page}, status=400)


@require_POST
@project_page("alerting.view_silence")
def expire(request: HttpRequest, project: Project, silence: int) -> HttpResponseBase:
    """It ends now."""
    must(request, "alerting.change_silence")
    found = _find(project, silence)
    return _act(request, found, _("The silence has ended."), lambda: expire_silence(found, now=clock.now()))


@require_POST
@project_page("alerting.view_silence")
def extend(request: HttpRequest, project: Project, silence: int) -> HttpResponseBase:
    """It lasts `hours` from now."""
    must(request, "alerting.change_silence")
    found, now, asked = _find(project, silence), clock.now(), request.POST.get("hours", "")
    hours = int(asked) if asked.isdecimal() and len(asked) < 5 else 0
    ends = max(found.starts_at, now) + timedelta(hours=hours)
    return _act(request, found, _("The silence has a new end."), lambda: extend_silence(found, ends_at=ends, now=now))


def _find(project: Project, pk: int) -> Silence:
    return get_object_or_404(Silence.objects.select_related("owner", "project"), project=project, pk=pk)


def _act(request: HttpRequest, silence: Silence, done: str, act: Callable[[], object]) -> HttpResponse:
    try:
        act()
        messages.success(request, done)
    except Refused as refused:
        messages.error(request, str(refused))
    return HttpResponseRedirect(reverse("panel:silence", args=[silence.project.slug, silence.pk]))
