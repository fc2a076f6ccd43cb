"""What Django refuses by itself: a page for people, a problem (RFC 9457) for programs, to whom a page would be no answer."""

from typing import Final

from django.core.exceptions import DisallowedHost, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt

from lib import clock
from lib.problem import TITLES, problem
from monitoring.ingest.door import FAULT
from monitoring.ingest.otlp.lost import note_lost
from monitoring.ingest.otlp.views import ASKED

LOST: Final = {
    "/api/": "There is no such address; /api/docs/ lists them all.",
    "/v1/": "OpenTelemetry is taken at /v1/traces, /v1/logs and /v1/metrics.",
}
# Status, code, and what mends it; the first that fits.
BAD: Final[tuple[tuple[type[Exception], int, str, str], ...]] = (
    (RequestDataTooBig, 413, "body_too_large", "Send less at once."),
    (TooManyFieldsSent, 413, "too_many_fields", "Send fewer fields; the API takes JSON."),
    (TooManyFilesSent, 413, "too_many_files", "Send no files; the API takes JSON."),
    (
        DisallowedHost,
        400,
        "unknown_host",
        "The panel does not go by this name: ATALAIA_ALLOWED_HOSTS has those it does.",
    ),
    (Exception, 400, "bad_request", "This cannot be read as a request; send JSON in UTF-8."),
)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400, and 413 for what is too large."""
    if not _is_of_program(request):
        return defaults.bad_request(request, exception)
    status, code, detail = next(row[1:] for row in BAD if isinstance(exception, row[0]))
    return problem(status, TITLES[status], detail, code=code)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404; that something was sent where nothing is taken is remembered for *First event*."""
    detail = next((told for start, told in LOST.items() if request.path_info.startswith(start)), "")
    if not detail:
        return defaults.page_not_found(request, exception)
    note_lost(request.META, detail, real_now=clock.real_now())
    return problem(404, TITLES[404], detail, code="not_found")


def server_error(request: HttpRequest) -> HttpResponse:
    """500."""
    if not _is_of_program(request):
        return defaults.server_error(request)
    return problem(500, TITLES[500], FAULT, code="server_error")


@csrf_exempt
def not_so(request: HttpRequest) -> HttpResponse:
    """What comes to the paths of OpenTelemetry by another method comes as far as here: see `monitoring.ingest.otlp.views`."""
    allowed = "GET" if request.path_info in ASKED else "POST"
    detail = {"POST": "Exporters of OpenTelemetry send here, by POST.", "GET": "SDKs of Langfuse ask here, by GET."}
    answer = problem(405, TITLES[405], detail[allowed], code="method_not_allowed")
    answer["Allow"] = allowed
    return answer


def _is_of_program(request: HttpRequest) -> bool:
    return request.path_info.startswith(tuple(LOST))
