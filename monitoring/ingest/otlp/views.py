"""`POST /v1/{traces,logs,metrics}`, their aliases and what SDKs of Langfuse ask besides: a door before Django.

What a sender hears is what exporters act upon: see `monitoring.ingest.otlp.answers`.
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings

from lib import clock
from models_registry.models import ApiKey
from monitoring.ingest.backpressure import RETRY_AFTER
from monitoring.ingest.codes import PROBLEMS, Refusal
from monitoring.ingest.door import FAULT, Answer, Before, Door
from monitoring.ingest.otlp import json_body, protobuf
from monitoring.ingest.otlp.accept import accept
from monitoring.ingest.otlp.answers import JSON, PROTOBUF, failure, success
from monitoring.ingest.otlp.credentials import authenticate
from monitoring.ingest.otlp.media import decline_media
from monitoring.ingest.otlp.projects import tell_project
from monitoring.ingest.otlp.records import Decoded, UndecodableError
from monitoring.ingest.otlp.scores import keep_batch, keep_scores
from monitoring.ingest.request import Environ, read_body

SCORES, BATCH, MEDIA, PROJECT = "score", "batch", "media", "project"
PATHS = {
    "/v1/traces": "span",
    "/v1/logs": "log",
    "/v1/metrics": "metric",
    "/api/public/otel/v1/traces": "span",
    "/api/public/otel/v1/logs": "log",
    "/api/public/otel/v1/metrics": "metric",
    "/api/public/scores": SCORES,
    "/api/public/ingestion": BATCH,
    "/api/public/media": MEDIA,
}
ASKED = {"/api/public/projects": PROJECT}
SAID = {SCORES: keep_scores, BATCH: keep_batch}
IN_JSON = (*SAID, MEDIA)
SIGNALS = ("span", "log", "metric")
ENCODINGS = {PROTOBUF: PROTOBUF, "application/protobuf": PROTOBUF, JSON: JSON}
READ: dict[tuple[str, str], Callable[[bytes], Decoded]] = {
    ("span", PROTOBUF): protobuf.read_traces,
    ("span", JSON): json_body.read_traces,
    ("log", PROTOBUF): protobuf.read_logs,
    ("log", JSON): json_body.read_logs,
    ("metric", PROTOBUF): protobuf.read_metrics,
    ("metric", JSON): json_body.read_metrics,
}


def kind_of(environ: Environ) -> str | None:
    """What a request brings; None if it is not for OpenTelemetry."""
    paths = {"POST": PATHS, "GET": ASKED}.get(environ["REQUEST_METHOD"], {})
    return paths.get(environ["PATH_INFO"].rstrip("/"))


def take(environ: Environ, kind: str, key: ApiKey) -> Answer:
    """Success, whole or in part, in the encoding of the request."""
    if kind == PROJECT:
        return tell_project(key)
    limits: dict[str, Any] = settings.INGEST
    media = media_of(environ)
    if not media or (kind in IN_JSON and media != JSON):
        raise Refusal("unsupported_media_type", "Send application/x-protobuf or application/json.")
    data = read_body(environ, limit=limits["otlp_max_bytes"])
    if kind in SAID:
        return SAID[kind](data, key=key, now=clock.now())
    if kind == MEDIA:
        return decline_media(data)
    try:
        return _store(kind, media, data, key)
    except UndecodableError as error:
        raise Refusal("bad_protobuf", str(error)) from error


def media_of(environ: Environ) -> str:
    """The encoding of a request, protobuf where it names none; empty where it is not spoken here."""
    named = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    return ENCODINGS.get(named, "" if named else PROTOBUF)


def _store(kind: str, media: str, data: bytes, key: ApiKey) -> Answer:
    outcome = accept(kind, READ[kind, media](data), key=key, now=clock.now())
    return success(kind, media, rejected=outcome.rejected, told=outcome.told)


def refuse(environ: Environ, kind: str, refusal: Refusal) -> Answer:
    """A google.rpc.Status, in the encoding of the request; what is asked in JSON alone is refused in JSON."""
    status = PROBLEMS[refusal.code][0]
    detail = f"{refusal.code}: {refusal.detail}"
    media = media_of(environ) if kind in SIGNALS else JSON
    return failure(status, media or JSON, detail, retry_after=refusal.retry_after)


DOOR = Door(
    kind_of=kind_of,
    authenticate=authenticate,
    take=take,
    refuse=refuse,
    unstored="The database could not store this request. What of it was kept is known when it is sent again.",
    fault=lambda: Refusal("not_stored", FAULT, retry_after=RETRY_AFTER),  # an exporter drops a batch on 500
    limit="otlp_max_bytes",
)


class OtlpFirst(Before):
    """This door, behind that of the REST API."""

    door = DOOR
