"""Errors of the API as `application/problem+json` (RFC 9457), with a code for programs and a sentence for people.

Programs branch on `code`, which never changes; `detail` says how to mend it. Both are English on every route:
a program's log should not depend on the language of the server.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from rest_framework import exceptions
from rest_framework.views import set_rollback
from structlog.contextvars import get_contextvars

MEDIA_TYPE = "application/problem+json"
TITLES = {
    400: "Bad request",
    401: "Not authenticated",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    410: "Gone",
    412: "Changed meanwhile",
    413: "Too large",
    415: "Unsupported media type",
    429: "Too many requests",
    500: "Server error",
    503: "Not available now",
}


class Conflict(exceptions.APIException):
    """The state of things does not allow this move."""

    status_code = 409
    default_code = "refused"


def problem(
    status: int,
    title: str,
    detail: str,
    *,
    code: str,
    retry_after: int | None = None,
    errors: Sequence[dict[str, Any]] = (),
) -> HttpResponse:
    """The response; `retry_after` in seconds, `errors` with `pointer`, `code` and `detail` for each field."""
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "detail": detail, "code": code}
    request_id = get_contextvars().get("request_id")
    if request_id:
        body["request_id"] = str(request_id)
    if errors:
        body["errors"] = list(errors)
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="Atalaia"'
    return HttpResponse(msgspec.json.encode(body), status=status, content_type=MEDIA_TYPE, headers=headers)


def _as_api_exception(exc: Exception) -> exceptions.APIException | None:
    if isinstance(exc, exceptions.APIException):
        return exc
    if isinstance(exc, Http404):
        return exceptions.NotFound(str(exc) or None)
    if isinstance(exc, PermissionDenied):
        return exceptions.PermissionDenied(str(exc) or None)
    return None


def _field_errors(detail: Any, pointer: str = "") -> list[dict[str, Any]]:
    """DRF's tree of details as a flat list with JSON pointers."""
    if isinstance(detail, dict):
        return [error for key, value in detail.items() for error in _field_errors(value, f"{pointer}/{_escaped(key)}")]
    if isinstance(detail, list):
        flat: list[dict[str, Any]] = []
        for index, value in enumerate(detail):
            nested = isinstance(value, dict | list)
            flat += _field_errors(value, f"{pointer}/{index}" if nested else pointer)
        return flat
    return [{"pointer": pointer, "code": getattr(detail, "code", "invalid"), "detail": str(detail)}]


def _escaped(key: str) -> str:
    """A name as RFC 6901 writes it in a pointer."""
    return str(key).replace("~", "~0").replace("/", "~1")


def drf_handler(exc: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """Django REST framework's exceptions as problems; an exception it does not know stays a server error."""
    known = _as_api_exception(exc)
    if known is None:
        return None
    set_rollback()
    wait = getattr(known, "wait", None)
    retry_after = None if wait is None else max(1, round(wait))
    title = TITLES.get(known.status_code, "Error")
    if isinstance(known, exceptions.ValidationError):
        errors = _field_errors(known.detail)
        detail = errors[0]["detail"] if len(errors) == 1 else "Some fields need mending; see `errors`."
        return problem(known.status_code, title, detail, code="invalid", errors=errors)
    code = getattr(known.detail, "code", known.default_code)
    return problem(known.status_code, title, str(known.detail), code=str(code), retry_after=retry_after)
