"""The way to a first event: what to paste, a key for it, and a place that waits beside you."""

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from lib import clock
from models_registry.keys import create_key
from models_registry.models import ApiKey, Project, User
from panel.access import project_page
from panel.pages.first_event import counted, waiting
from panel.pages.ways import KEY, ways
from panel.pages.wheel import client_wheel
from panel.permission import must


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@project_page("models_registry.view_model")
def first_event(request: HttpRequest, project: Project) -> HttpResponse:
    """Every way with the address filled in; a POST makes a key and fills that in too, once, on this answer alone."""
    key = _make_key(request, project) if request.method == "POST" else ""
    address = request.build_absolute_uri("/").rstrip("/")
    since = counted(project)
    now, real_now = clock.now(), clock.real_now()
    context = {
        "project": project,
        "ways": ways(address=address, key=key or KEY),
        "key": key,
        "since": since,
        "page": waiting(project, since=since, now=now, real_now=real_now),
    }
    return render(request, "panel/first_event.html", context)


@never_cache
@require_safe
@project_page("models_registry.view_model")
def still_waiting(request: HttpRequest, project: Project) -> HttpResponse:
    """`{"html"}`: the live part alone, which the page asks for every two seconds."""
    page = waiting(project, since=request.GET.get("since", ""), now=clock.now(), real_now=clock.real_now())
    html = render_to_string("panel/parts/waiting.html", {"project": project, "page": page}, request)
    return JsonResponse({"html": html})


@require_safe
def wheel(request: HttpRequest, file: str) -> HttpResponse:
    """The client library, for everybody: installers have no session, and its sources are public."""
    try:
        made = client_wheel()
    except OSError as error:
        raise Http404(_("The sources of the client library were not installed beside this panel.")) from error
    if file != made.name:
        raise Http404(_("The client library of this panel is %(name)s.") % {"name": made.name})
    return HttpResponse(made.content, content_type="application/octet-stream")


def _make_key(request: HttpRequest, project: Project) -> str:
    must(request, "models_registry.add_apikey")
    person = request.user if isinstance(request.user, User) else None
    name = _("First event of %(person)s") % {"person": request.user.get_username()}
    _key, raw = create_key(project=project, name=name[:100], scopes=[ApiKey.Scope.INGEST], created_by=person)
    return raw
