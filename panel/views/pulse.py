"""The small answer that open pages ask for every few seconds: has anything changed?"""

from hashlib import blake2b

from django.http import HttpRequest, HttpResponse, JsonResponse

from lib import clock
from models_registry.models import Project
from panel.access import project_page
from panel.pages.pulse import pulse_of


@project_page("models_registry.view_model")
def pulse(request: HttpRequest, project: Project) -> HttpResponse:
    """`{"mark", "incidents"}` with an ETag; 304 while nothing changed. A page reloads its parts when `mark` moves."""
    beat = pulse_of(project, now=clock.now())
    etag = f'"{blake2b(repr(beat).encode(), digest_size=12).hexdigest()}"'
    if request.headers.get("If-None-Match") == etag:
        return HttpResponse(status=304, headers={"ETag": etag})
    answer = {"mark": etag.strip('"'), "incidents": beat.incidents}
    return JsonResponse(answer, headers={"ETag": etag, "Cache-Control": "private, no-cache"})
