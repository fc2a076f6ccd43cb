"""One request is named once, logged once and counted once, whatever answers it and whatever asks on its behalf."""

from collections.abc import Callable
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django_prometheus.middleware import PrometheusAfterMiddleware
from django_structlog.middlewares import RequestMiddleware
from structlog.contextvars import bind_contextvars, clear_contextvars

from lib.ids import request_id_of

HEADER = "X-Request-ID"
_KEPT = "HTTP_X_REQUEST_ID"
Handler = Callable[[HttpRequest], HttpResponse]


def name_request(get_response: Handler) -> Handler:
    """Middleware outside all that may refuse: log lines, problems and the answer say the same id, the sender's if there is one."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request_id = request.META[_KEPT] = request_id_of(request.META.get(_KEPT, ""))
        bind_contextvars(request_id=request_id)
        # For lines that Django logs once all middleware is done, also of what comes no further than this.
        cast(Any, request).log_context = {"request_id": request_id}
        try:
            response = get_response(request)
        finally:
            clear_contextvars()
        response.headers[HEADER] = request_id
        return response

    return middleware


class LogRequest(RequestMiddleware):
    """A line when a request ends, with who asked. It stands around the edge of the API, whose refusals are requests too."""

    def handle_response(self, request: HttpRequest, response: HttpResponse) -> None:
        """django-structlog forgets the id here; what stands further out may still refuse."""
        super().handle_response(request, response)
        bind_contextvars(request_id=request.META[_KEPT])


class CountRequest(PrometheusAfterMiddleware):  # type: ignore[misc]  # the library has no types
    """Counts requests that came in here; what the edge asks in between (see `config.api.unchanged`) is not one of them."""

    def process_view(self, request: HttpRequest, view_func: Any, *view_args: Any, **view_kwargs: Any) -> None:
        """By view."""
        if _came_in(request):
            super().process_view(request, view_func, *view_args, **view_kwargs)

    def process_template_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """By template."""
        return super().process_template_response(request, response) if _came_in(request) else response

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        """By type and view; one of a question in between is in the log."""
        if _came_in(request):
            super().process_exception(request, exception)


def _came_in(request: HttpRequest) -> bool:
    return hasattr(request, "prometheus_after_middleware_event")
