"""The small answer that open pages ask for every few seconds: has anything changed?"""

from hashlib import blake2b

from django.http import HttpRequest, HttpResponse, JsonResponse

from lib import clock
from models_registry.models import Project
from panel.access import project_page
from panel.pages.exports import pulse_of_exports
from panel.pages.pulse import pulse_of, pulse_of_logs


@project_page("models_registry.view_model")
def pulse(request: HttpRequest, project: Project) -> HttpResponse:
    """`{"mark", "incidents"}` with an ETag; 304 while nothing changed. A page reloads its parts when `mark` moves."""
    beat = pulse_of(project, now=clock.now())
    return _answer(request, repr(beat), incidents=beat.incidents)


@project_page("monitoring.view_logrecord")
def logs(request: HttpRequest, project: Project) -> HttpResponse:
    """The same of the list of log lines, whose mark moves with every new one."""
    return _answer(request, str(pulse_of_logs(project, now=clock.now())))


@project_page("models_registry.view_job")
def exports(request: HttpRequest, project: Project) -> HttpResponse:
    """The same of exports, whose mark moves with every piece."""
    return _answer(request, repr(pulse_of_exports(project)))


def _answer(request: HttpRequest, state: str, **more: int) -> HttpResponse:
    etag = f'"{blake2b(state.encode(), digest_size=12).hexdigest()}"'
    if request.headers.get("If-None-Match") == etag:
        return HttpResponse(status=304, headers={"ETag": etag})
    answer = {"mark": etag.strip('"'), **more}
    return JsonResponse(answer, headers={"ETag": etag, "Cache-Control": "private, no-cache"})
