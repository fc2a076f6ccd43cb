"""`POST /api/v1/{predictions,llm-calls,outcomes,feedback,events,logs}`: a plain view on a short path.

`ingest_first` stands before Django and answers these POSTs itself: sessions, languages, CSRF and templates have no
business here. Everything else goes on to the ordinary path.
"""

import os
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple

import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from structlog.contextvars import bound_contextvars

from lib import clock
from lib.problem import TITLES, problem
from models_registry.models import ApiKey
from monitoring.ingest.accept import Sent, accept
from monitoring.ingest.backpressure import RETRY_AFTER, check_room
from monitoring.ingest.codes import PROBLEMS, Refusal
from monitoring.ingest.pace import Pace
from monitoring.ingest.refusals import note_refusal
from monitoring.ingest.request import Environ, authenticate, idempotency_key, is_lines, read_body, swallow
from monitoring.models.inbox import EventKind

PATHS: dict[str, str] = {
    "/api/v1/predictions": EventKind.PREDICTION.value,
    "/api/v1/llm-calls": EventKind.LLM_CALL.value,
    "/api/v1/outcomes": EventKind.OUTCOME.value,
    "/api/v1/feedback": EventKind.FEEDBACK.value,
    "/api/v1/events": EventKind.EVENT.value,
    "/api/v1/logs": EventKind.LOG.value,
}
MAX_REQUEST_ID = 200
ACCEPTED = "202 Accepted"
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

log = structlog.get_logger(__name__)
pace = Pace()


def kind_of(environ: Environ) -> str | None:
    """The kind of items that a request brings; None if it is not for ingest."""
    return PATHS.get(environ["PATH_INFO"]) if environ["REQUEST_METHOD"] == "POST" else None


class Answer(NamedTuple):
    """What a WSGI server is told: building one of Django's responses costs as much as judging an event."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes


def ingest_first(application: Application) -> Application:
    """A WSGI application that answers POSTs of items without building Django's request, and passes on all else."""

    def answer(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        kind = kind_of(environ)
        if kind is None:
            return application(environ, start_response)
        status, headers, body = ingest(environ, kind)
        if status != ACCEPTED:
            swallow(environ, limit=2 * int(str(settings.INGEST["max_bytes"])))
        start_response(status, headers)
        return [body]

    return answer


class IngestFirst:
    """The same as the first middleware, for whoever serves Django without `config.wsgi` (its test client does)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Dispatch by exact path and method."""
        kind = kind_of(request.META)
        if kind is None:
            return self.get_response(request)
        status, headers, body = ingest(request.META, kind)
        return HttpResponse(body, status=int(status[:3]), headers=dict(headers))


def ingest(environ: Environ, kind: str) -> Answer:
    """202 with the result of each item, or a problem; never anything else. The request id is echoed."""
    given: str = environ.get("HTTP_X_REQUEST_ID", "")
    request_id = given if 0 < len(given) <= MAX_REQUEST_ID and given.isprintable() else os.urandom(16).hex()
    with bound_contextvars(request_id=request_id):
        answer = _answer(environ, kind)
    answer.headers.append(("X-Request-ID", request_id))
    answer.headers.append(("Content-Length", str(len(answer.body))))  # else the server would answer in chunks
    return answer


def _answer(environ: Environ, kind: str) -> Answer:
    try:
        return Answer(ACCEPTED, [("Content-Type", "application/json")], _accept(environ, kind))
    except Refusal as refusal:
        note_refusal(
            refusal,
            path=environ["PATH_INFO"],
            authorization=environ.get("HTTP_AUTHORIZATION", ""),
            agent=environ.get("HTTP_USER_AGENT", ""),
            real_now=clock.real_now(),
        )
        return _refuse(refusal)
    except DatabaseError:
        log.exception("ingest_not_stored", kind=kind)
        if not connection.in_atomic_block:  # Django's own look after its connections belongs to the path not taken
            connection.close_if_unusable_or_obsolete()
        detail = "The database could not store this request. Nothing of it was kept; send it again later."
        return _refuse(Refusal("not_stored", detail, retry_after=RETRY_AFTER))
    except Exception:
        log.exception("ingest_failed", kind=kind)
        return _refuse(Refusal("server_error", "A fault of the panel itself; its log has the request id."))


def _accept(environ: Environ, kind: str) -> bytes:
    """What is cheap to refuse is refused before the body is held in memory."""
    real_now = clock.real_now()
    key = authenticate(environ, now=real_now)
    try:
        return _accept_from(key, environ, kind, real_now=real_now)
    except Refusal as refusal:
        refusal.project_id = key.project_id
        raise


def _accept_from(key: ApiKey, environ: Environ, kind: str, *, real_now: datetime) -> bytes:
    limits: dict[str, Any] = settings.INGEST
    pace.take(key.pk, rate=limits["rate"], ticked=time.monotonic())
    check_room(now=real_now)
    lines = is_lines(environ)
    idempotent = idempotency_key(environ)
    data = read_body(environ, limit=limits["max_bytes"])
    return accept(Sent(kind, data, lines, idempotent), key=key, now=clock.now()).answer()


def _refuse(refusal: Refusal) -> Answer:
    status = PROBLEMS[refusal.code][0]
    said = problem(status, TITLES[status], refusal.detail, code=refusal.code, retry_after=refusal.retry_after)
    return Answer(f"{status} {said.reason_phrase}", list(said.items()), said.content)
