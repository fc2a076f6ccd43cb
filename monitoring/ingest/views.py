"""`POST /api/v1/{predictions,llm-calls,outcomes,feedback,events,logs}`: a door before Django."""

from typing import Any

from django.conf import settings

from lib import clock
from lib.problem import TITLES, problem
from models_registry.models import ApiKey
from monitoring.ingest.accept import Sent, accept
from monitoring.ingest.codes import PROBLEMS, Refusal
from monitoring.ingest.door import FAULT, Answer, Before, Door
from monitoring.ingest.request import Environ, authenticate, idempotency_key, is_lines, read_body
from monitoring.models.inbox import EventKind

PATHS: dict[str, str] = {
    "/api/v1/predictions": EventKind.PREDICTION.value,
    "/api/v1/llm-calls": EventKind.LLM_CALL.value,
    "/api/v1/outcomes": EventKind.OUTCOME.value,
    "/api/v1/feedback": EventKind.FEEDBACK.value,
    "/api/v1/events": EventKind.EVENT.value,
    "/api/v1/logs": EventKind.LOG.value,
}
ACCEPTED = "202 Accepted"


def kind_of(environ: Environ) -> str | None:
    """The kind of items that a request brings; None if it is not for ingest."""
    return PATHS.get(environ["PATH_INFO"].rstrip("/")) if environ["REQUEST_METHOD"] == "POST" else None


def take(environ: Environ, kind: str, key: ApiKey) -> Answer:
    """202 with the result of each item."""
    limits: dict[str, Any] = settings.INGEST
    lines = is_lines(environ)
    idempotent = idempotency_key(environ)
    data = read_body(environ, limit=limits["max_bytes"])
    verdict = accept(Sent(kind, data, lines, idempotent), key=key, now=clock.now())
    return Answer(ACCEPTED, [("Content-Type", "application/json")], verdict.answer())


def refuse(_environ: Environ, _kind: str, refusal: Refusal) -> Answer:
    """A problem (RFC 9457)."""
    status = PROBLEMS[refusal.code][0]
    said = problem(status, TITLES[status], refusal.detail, code=refusal.code, retry_after=refusal.retry_after)
    return Answer(f"{status} {said.reason_phrase}", list(said.items()), said.content)


DOOR = Door(
    kind_of=kind_of,
    authenticate=authenticate,
    take=take,
    refuse=refuse,
    unstored="The database could not store this request. Nothing of it was kept; send it again later.",
    fault=lambda: Refusal("server_error", FAULT),
    limit="max_bytes",
)


class IngestFirst(Before):
    """This door, before all other middleware."""

    door = DOOR
