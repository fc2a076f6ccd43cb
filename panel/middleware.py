"""The strict Content-Security-Policy that every page gets, and the one character that no request may carry."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from lib.problem import problem

HEADER = "Content-Security-Policy"
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)


def content_security_policy(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Django 5.2 has no policy of its own; a view that set a header already keeps it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault(HEADER, POLICY)
        return response

    return middleware


def refuse_nul(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """PostgreSQL cannot hold a NUL character: in an address or a form it is a bad request, not a server error."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if _has_nul(request):
            return problem(400, "Bad request", "Remove the NUL character.", code="nul_character")
        return get_response(request)

    return middleware


def _has_nul(request: HttpRequest) -> bool:
    if "\x00" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
        return True
    return any("\x00" in value for _, values in request.POST.lists() for value in values)
