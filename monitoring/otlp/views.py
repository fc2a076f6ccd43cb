"""`POST /v1/{traces,logs,metrics}` and their aliases, answered before Django like all ingest (`monitoring.ingest.views`).

What a sender hears is what exporters act upon: see `monitoring.otlp.answers`.
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
from models_registry.models import ApiKey
from monitoring.ingest.backpressure import RETRY_AFTER, check_room
from monitoring.ingest.codes import PROBLEMS, Refusal
from monitoring.ingest.refusals import note_refusal
from monitoring.ingest.request import Environ, read_body
from monitoring.ingest.views import MAX_REQUEST_ID, Application, pace
from monitoring.otlp import json_body, protobuf
from monitoring.otlp.accept import accept
from monitoring.otlp.answers import JSON, PROTOBUF, Answer, failure, success
from monitoring.otlp.credentials import authenticate
from monitoring.otlp.records import Decoded, UndecodableError
from monitoring.otlp.scores import keep_scores

SCORES = "score"
PATHS = {
    "/v1/traces": "span",
    "/v1/logs": "log",
    "/v1/metrics": "metric",
    "/api/public/otel/v1/traces": "span",
    "/api/public/scores": SCORES,
}
MEDIA = {PROTOBUF: PROTOBUF, "application/protobuf": PROTOBUF, JSON: JSON}
READ: dict[tuple[str, str], Callable[[bytes], Decoded]] = {
    ("span", PROTOBUF): protobuf.read_traces,
    ("span", JSON): json_body.read_traces,
    ("log", PROTOBUF): protobuf.read_logs,
    ("log", JSON): json_body.read_logs,
}
COUNT = {PROTOBUF: protobuf.count_points, JSON: json_body.count_points}
NO_METRICS = "Metrics are not stored here yet; send traces and logs, and let Prometheus scrape the rest."

log = structlog.get_logger(__name__)


class Asked(NamedTuple):
    """A request: what it brings, and in which encoding it is to be answered."""

    kind: str
    media: str


def otlp_first(application: Application) -> Application:
    """A WSGI application that answers POSTs of OpenTelemetry, and passes on all else."""

    def answer(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        kind = kind_of(environ)
        if kind is None:
            return application(environ, start_response)
        status, headers, body = receive(environ, kind)
        start_response(status, headers)
        return [body]

    return answer


class OtlpFirst:
    """The same as a middleware, for whoever serves Django without `config.wsgi`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Dispatch by exact path and method."""
        kind = kind_of(request.META)
        if kind is None:
            return self.get_response(request)
        status, headers, body = receive(request.META, kind)
        return HttpResponse(body, status=int(status[:3]), headers=dict(headers))


def kind_of(environ: Environ) -> str | None:
    """What a request brings; None if it is not for OpenTelemetry."""
    return PATHS.get(environ["PATH_INFO"].rstrip("/")) if environ["REQUEST_METHOD"] == "POST" else None


def receive(environ: Environ, kind: str) -> Answer:
    """An answer of the protocol, whatever happens. The request id is echoed."""
    given: str = environ.get("HTTP_X_REQUEST_ID", "")
    request_id = given if 0 < len(given) <= MAX_REQUEST_ID and given.isprintable() else os.urandom(16).hex()
    named = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    asked = Asked(kind, MEDIA.get(named, "" if named else PROTOBUF))
    with bound_contextvars(request_id=request_id):
        answer = _answer(environ, asked)
    answer.headers.append(("X-Request-ID", request_id))
    answer.headers.append(("Content-Length", str(len(answer.body))))
    return answer


def _answer(environ: Environ, asked: Asked) -> Answer:
    try:
        return _accept(environ, asked)
    except Refusal as refusal:
        note_refusal(
            refusal,
            path=environ["PATH_INFO"],
            authorization=environ.get("HTTP_AUTHORIZATION", ""),
            agent=environ.get("HTTP_USER_AGENT", ""),
            real_now=clock.real_now(),
        )
        return _refuse(asked, refusal)
    except DatabaseError:
        log.exception("ingest_not_stored", kind=asked.kind)
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
        detail = "The database could not store this request. What of it was kept is known when it is sent again."
        return _refuse(asked, Refusal("not_stored", detail, retry_after=RETRY_AFTER))
    except Exception:
        log.exception("ingest_failed", kind=asked.kind)
        detail = "A fault of the panel itself; its log has the request id. Send it again later."
        return _refuse(asked, Refusal("not_stored", detail, retry_after=RETRY_AFTER))


def _accept(environ: Environ, asked: Asked) -> Answer:
    """What is cheap to refuse is refused before the body is read."""
    real_now = clock.real_now()
    key = authenticate(environ, now=real_now)
    try:
        return _accept_from(key, environ, asked, real_now=real_now)
    except Refusal as refusal:
        refusal.project_id = key.project_id
        raise


def _accept_from(key: ApiKey, environ: Environ, asked: Asked, *, real_now: datetime) -> Answer:
    limits: dict[str, Any] = settings.INGEST
    pace.take(key.pk, rate=limits["rate"], ticked=time.monotonic())
    check_room(now=real_now)
    if not asked.media or (asked.kind == SCORES and asked.media != JSON):
        raise Refusal("unsupported_media_type", "Send application/x-protobuf or application/json.")
    data = read_body(environ, limit=limits["otlp_max_bytes"])
    if asked.kind == SCORES:
        return keep_scores(data, key=key, now=clock.now())
    try:
        return _store(asked, data, key)
    except UndecodableError as error:
        raise Refusal("bad_protobuf", str(error)) from error


def _store(asked: Asked, data: bytes, key: ApiKey) -> Answer:
    kind, media = asked
    if kind == "metric":
        points = COUNT[media](data)
        return success(kind, media, rejected=points, told=NO_METRICS if points else "")
    outcome = accept(kind, READ[kind, media](data), key=key, now=clock.now())
    return success(kind, media, rejected=outcome.rejected, told=outcome.told)


def _refuse(asked: Asked, refusal: Refusal) -> Answer:
    status = PROBLEMS[refusal.code][0]
    detail = f"{refusal.code}: {refusal.detail}"
    return failure(status, asked.media or JSON, detail, retry_after=refusal.retry_after)
