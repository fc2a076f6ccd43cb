"""A change that names the state it was decided on (`If-Match` with the `ETag` of a GET) is made only where that still is the state."""

from collections.abc import Callable
from io import BytesIO
from typing import Final

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.utils.http import parse_etags

from lib.clock import real_now
from lib.problem import TITLES, problem
from models_registry import once
from models_registry.once import Standing

CHANGES: Final = ("PUT", "PATCH", "DELETE")
FAILED: Final = 412
CHANGED: Final = "It is no longer as you read it: read it again, and decide anew."
AT_WORK: Final = "Somebody is changing it at this moment: read it again, and decide anew."
UNTAGGED: Final = "It cannot be read, so no tag of it is known: send this without If-Match."
Handler = Callable[[HttpRequest], HttpResponse]


def if_unchanged(request: HttpRequest, read: Handler, write: Handler) -> HttpResponse:
    """`read` answers a GET of the same address with its tag. One at a time is compared and changed, however many ask."""
    wanted = request.headers.get("If-Match", "")
    if not wanted or request.method not in CHANGES or not isinstance(request, WSGIRequest):
        return write(request)
    held = once.digest(b"if-match", request.path_info.encode())
    if once.begin(held, b"", now=real_now()).standing is not Standing.NEW:
        return _failed(AT_WORK)
    try:
        return _refusal(read(_as_read(request)), wanted) or write(request)
    finally:
        once.drop(held)


def _refusal(now: HttpResponse, wanted: str) -> HttpResponse | None:
    """What cannot be found, or read by this one, is refused by the write itself."""
    if now.status_code == 405:
        return _failed(UNTAGGED)
    # A proxy that compresses makes tags weak (W/"…"), though they stand for the very bytes.
    tags = [tag.removeprefix("W/") for tag in parse_etags(wanted)]
    return _failed(CHANGED) if now.status_code == 200 and "*" not in tags and now["ETag"] not in tags else None


def _as_read(request: WSGIRequest) -> WSGIRequest:
    """By the same one, of the same address, without a body and without conditions."""
    conditions = ("HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH", "HTTP_IDEMPOTENCY_KEY")
    kept = {name: value for name, value in request.environ.items() if name not in conditions}
    # A request leaves the address in its environment as text; a new one wants it as a server hands it over.
    paths = {name: str(kept.get(name, "")).encode().decode("iso-8859-1") for name in ("PATH_INFO", "SCRIPT_NAME")}
    read = WSGIRequest({**kept, **paths, "REQUEST_METHOD": "GET", "CONTENT_LENGTH": "0", "wsgi.input": BytesIO()})
    read.session = request.session
    return read


def _failed(detail: str) -> HttpResponse:
    return problem(FAILED, TITLES[FAILED], detail, code="changed_meanwhile")
