"""A change that names the state it was decided on (`If-Match` with the `ETag` of a GET) is made only where that still is the state."""

import json
from collections.abc import Callable
from io import BytesIO
from typing import Final

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.utils.http import parse_etags

from lib.clock import real_now
from lib.problem import MEDIA_TYPE, TITLES, problem
from models_registry import once
from models_registry.once import Standing

FAILED: Final = 412
CHANGED: Final = "It is no longer as you read it: read it again, and decide anew."
AT_WORK: Final = "Somebody is changing it at this moment: read it again, and decide anew."
UNTAGGED: Final = "A GET of this address gives no tag, so there is none to compare: send this without If-Match."
UNREADABLE: Final = (
    "A GET of it is answered {status} for you, so its tag cannot be compared: mend that, or send this without If-Match."
)
Handler = Callable[[HttpRequest], HttpResponse]


def if_unchanged(request: WSGIRequest, read: Handler, write: Handler, *, wanted: str, room: str) -> HttpResponse:
    """`read` answers a GET of the same address with its tag. One at a time in a room (a project) is compared and changed."""
    held = once.digest(b"if-match", room.encode("utf-8", "replace"), request.path_info.encode())
    if once.begin(held, b"", now=real_now()).standing is not Standing.NEW:
        return _changed(AT_WORK)
    asked = _as_read(request)
    try:
        now = read(asked)
        request.resolver_match = asked.resolver_match  # a refusal is counted as one of this view, too
        return _refusal(now, wanted) or write(request)
    finally:
        once.drop(held)


def _refusal(now: HttpResponse, wanted: str) -> HttpResponse | None:
    """What is not there is refused by the write itself; what cannot be compared is not written."""
    if now.status_code == 404:
        return None
    if now.status_code not in (200, 405):
        return _unknown(f"{UNREADABLE.format(status=now.status_code)} {_reason(now)}".rstrip())
    if "ETag" not in now.headers:
        return _unknown(UNTAGGED)
    # A proxy that compresses makes tags weak (W/"…"), though they stand for the very bytes.
    tags = [tag.removeprefix("W/") for tag in parse_etags(wanted)]
    return None if "*" in tags or now.headers["ETag"] in tags else _changed(CHANGED)


def _reason(now: HttpResponse) -> str:
    """What a problem says of itself: which scope the key lacks, which parameter is missing."""
    told = now.headers.get("Content-Type") == MEDIA_TYPE and not now.streaming
    return str(json.loads(now.content)["detail"]) if told else ""


def _as_read(request: WSGIRequest) -> WSGIRequest:
    """By the same one, of the same address, without a body and without conditions."""
    conditions = ("HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH", "HTTP_IDEMPOTENCY_KEY")
    kept = {name: value for name, value in request.environ.items() if name not in conditions}
    # A request leaves the address in its environment as text; a new one wants it as a server hands it over.
    paths = {name: str(kept.get(name, "")).encode().decode("iso-8859-1") for name in ("PATH_INFO", "SCRIPT_NAME")}
    read = WSGIRequest({**kept, **paths, "REQUEST_METHOD": "GET", "CONTENT_LENGTH": "0", "wsgi.input": BytesIO()})
    read.session, read.user = request.session, request.user
    return read


def _changed(detail: str) -> HttpResponse:
    return problem(FAILED, TITLES[FAILED], detail, code="changed_meanwhile")


def _unknown(detail: str) -> HttpResponse:
    return problem(FAILED, "No tag to compare", detail, code="tag_unknown")
