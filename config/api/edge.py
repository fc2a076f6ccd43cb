"""What every answer of the API has in common: a tag by which the next is not sent twice, a pace, writes that are done once
and, if wanted, only to what was read."""

import time
from collections.abc import Callable
from functools import partial
from hashlib import blake2b
from math import ceil
from typing import Final

from django.conf import settings
from django.contrib.auth import get_user
from django.core.exceptions import RequestDataTooBig
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response

from config.api.unchanged import if_unchanged
from lib.clock import real_now
from lib.problem import TITLES, problem
from models_registry import once
from models_registry.authenticate import bearer_token
from models_registry.keys import find_key
from models_registry.models import ApiKey
from models_registry.once import Known, Standing
from monitoring.ingest.codes import Refusal
from monitoring.ingest.pace import Pace

API: Final = "/api/"
PROJECTS: Final = "/api/v1/projects/"
READS: Final = ("GET", "HEAD")
CHANGES: Final = ("PUT", "PATCH", "DELETE")
LONGEST_KEY: Final = 200
KEPT_STATUS: Final = (409,)  # beside success: what is refused for its fields may be mended and sent again
REUSED: Final = "This Idempotency-Key was used for another request within a day; make a new one for each."
WAIT: Final = "The first request with this Idempotency-Key is being worked on; ask again in a moment."
Handler = Callable[[HttpRequest], HttpResponse]
pace = Pace()


def api_edge(get_response: Handler) -> Handler:
    """Middleware for addresses of the API; all others pass."""

    def answer(request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(API):
            return get_response(request)
        who = _who(request)
        try:
            pace.take(who, rate=settings.API_RATE, ticked=time.monotonic())
        except Refusal as refusal:
            told = problem(429, TITLES[429], refusal.detail, code=refusal.code, retry_after=refusal.retry_after)
            return _paced(told, who)
        if request.method in READS:
            return _paced(_read(request, get_response), who)
        return _paced(_write(request, lambda one: _change(one, get_response), who), who)

    return answer


def _read(request: HttpRequest, get_response: Handler) -> HttpResponse:
    """Asked again with `If-None-Match`, the same answer is 304 without a body."""
    response = get_response(request)
    if response.status_code != 200 or response.streaming or request.path_info.startswith(f"{API}docs"):
        return response
    response.headers.setdefault("ETag", f'"{blake2b(response.content, digest_size=12).hexdigest()}"')
    response.headers.setdefault("Cache-Control", "private, no-cache")
    return get_conditional_response(request, etag=response["ETag"], response=response) or response


def _change(request: HttpRequest, get_response: Handler) -> HttpResponse:
    wanted = request.headers.get("If-Match")  # an empty one names no state, and matches none
    if wanted is None or request.method not in CHANGES or not isinstance(request, WSGIRequest):
        return get_response(request)
    if not _is_somebody(request):
        return get_response(request)
    read = partial(_read, get_response=get_response)
    return if_unchanged(request, read, get_response, wanted=wanted, room=_room(request))


def _write(request: HttpRequest, get_response: Handler, who: bytes) -> HttpResponse:
    given = request.headers.get("Idempotency-Key", "")
    if not given or not _is_somebody(request):
        return get_response(request)
    if len(given) > LONGEST_KEY:
        detail = f"An Idempotency-Key has at most {LONGEST_KEY} characters."
        return problem(400, TITLES[400], detail, code="bad_idempotency_key")
    address = f"{request.method} {request.get_full_path()}".encode()
    try:
        key = once.digest(who, address, given.encode("utf-8", "replace"))
        asked = once.digest_of_body(request.body)
    except RequestDataTooBig:
        return problem(413, TITLES[413], "Send less at once.", code="body_too_large")
    known = once.begin(key, asked, now=real_now())
    return _again(known) if known.standing is not Standing.NEW else _first(request, get_response, key)


def _first(request: HttpRequest, get_response: Handler, key: bytes) -> HttpResponse:
    response = get_response(request)
    if response.status_code < 300 or response.status_code in KEPT_STATUS:
        media = response.headers.get("Content-Type", "")
        once.keep(key, status=response.status_code, media_type=media, body=response.content)
    else:
        once.drop(key)
    return response


def _again(known: Known) -> HttpResponse:
    if known.standing is Standing.UNDER_WAY:
        return problem(409, TITLES[409], WAIT, code="idempotency_key_in_use", retry_after=1)
    if known.standing is Standing.ANOTHER:
        return problem(422, "Not the same request", REUSED, code="idempotency_key_reused")
    headers = {"Idempotency-Replayed": "true"}
    return HttpResponse(known.body, status=known.status, content_type=known.media_type or None, headers=headers)


def _paced(response: HttpResponse, who: bytes) -> HttpResponse:
    """RateLimit fields (draft-ietf-httpapi-ratelimit-headers), where there is a ceiling."""
    rate = settings.API_RATE
    if rate > 0:
        left = pace.left(who, ticked=time.monotonic(), rate=rate)
        response.headers["RateLimit-Policy"] = f'"per-second";q={rate};w=1'
        response.headers["RateLimit"] = f'"per-second";r={int(left)};t={ceil((max(1.0, rate) - left) / rate)}'
    return response


def _is_somebody(request: HttpRequest) -> bool:
    """Of others nothing is written: they are refused by whoever is asked."""
    if bearer_token(request.headers.get("Authorization", "")) is None:
        return settings.SESSION_COOKIE_NAME in request.COOKIES and get_user(request).is_authenticated
    return _key(request) is not None


def _key(request: HttpRequest) -> ApiKey | None:
    token = bearer_token(request.headers.get("Authorization", ""))
    return None if token is None else find_key(token, now=real_now())


def _room(request: HttpRequest) -> str:
    """The project that is spoken of: that of the key, or the one that a person names; theirs exclude each other."""
    key = _key(request)
    if key is not None:
        return key.project.slug
    if request.path_info.startswith(PROJECTS):
        return request.path_info.removeprefix(PROJECTS)
    return request.GET.get("project", "")


def _who(request: HttpRequest) -> bytes:
    """Whoever shows the same key or session is the same one; whether it opens anything is asked later."""
    session = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    shown = request.headers.get("Authorization", "") or session or request.META.get("REMOTE_ADDR", "")
    return once.digest(shown.encode("utf-8", "surrogateescape"))
