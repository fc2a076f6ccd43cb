"""What stands before Django: POSTs of events are answered from the WSGI environment, and everything else goes on.

Sessions, languages, CSRF and templates have no business there. A door says which requests are its own and takes them; what all
doors have in common is here: the request id, pace and room, refusals that are remembered, and faults that never get out.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol

import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from structlog.contextvars import bind_contextvars, reset_contextvars

from lib import clock
from lib.ids import request_id_of
from models_registry.models import ApiKey
from monitoring.ingest.backpressure import RETRY_AFTER, check_room
from monitoring.ingest.codes import Refusal
from monitoring.ingest.pace import Pace
from monitoring.ingest.refusals import note_refusal
from monitoring.ingest.request import Environ, swallow

FAULT = "A fault of the panel itself; its log has the request id."
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

log = structlog.get_logger(__name__)
pace = Pace()


class Answer(NamedTuple):
    """What a WSGI server is told: building one of Django's responses costs as much as judging an event."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes


class Authenticate(Protocol):
    """The key of a request, which may write; `Refusal` without one. `now` is real time."""

    def __call__(self, environ: Environ, *, now: Any) -> ApiKey: ...


@dataclass(frozen=True, slots=True)
class Door:
    """`kind_of` a request is None where it is not for this door; `take` answers it or raises `Refusal`, which `refuse` puts into
    the words of the protocol. `unstored` is told when the database fails, `fault` is what any other fault of ours is told as, and
    `limit` names the setting of how large a body may be.
    """

    kind_of: Callable[[Environ], str | None]
    authenticate: Authenticate
    take: Callable[[Environ, str, ApiKey], Answer]
    refuse: Callable[[Environ, str, Refusal], Answer]
    unstored: str
    fault: Callable[[], Refusal]
    limit: str

    def before(self, application: Application) -> Application:
        """A WSGI application that answers what is for this door without building Django's request, and passes on all else."""

        def answer(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
            kind = self.kind_of(environ)
            if kind is None:
                return application(environ, start_response)
            status, headers, body = self.answer(environ, kind)
            if not status.startswith("2"):
                swallow(environ, limit=2 * int(str(settings.INGEST[self.limit])))
            start_response(status, headers)
            return [body]

        return answer

    def answer(self, environ: Environ, kind: str) -> Answer:
        """An answer of the protocol, whatever happens. The request id is echoed."""
        request_id = request_id_of(environ.get("HTTP_X_REQUEST_ID", ""))
        bound = bind_contextvars(request_id=request_id)  # not `bound_contextvars`, which copies the whole context first
        try:
            answer = self._answer(environ, kind)
        finally:
            reset_contextvars(**bound)
        answer.headers.append(("X-Request-ID", request_id))
        answer.headers.append(("Content-Length", str(len(answer.body))))  # else the server would answer in chunks
        return answer

    def _answer(self, environ: Environ, kind: str) -> Answer:
        try:
            return self._admit(environ, kind)
        except Refusal as refusal:
            _note(environ, refusal)
            return self.refuse(environ, kind, refusal)
        except DatabaseError:
            log.exception("ingest_not_stored", kind=kind)
            if not connection.in_atomic_block:  # Django's own look after its connections belongs to the path not taken
                connection.close_if_unusable_or_obsolete()
            return self.refuse(environ, kind, Refusal("not_stored", self.unstored, retry_after=RETRY_AFTER))
        except Exception:
            log.exception("ingest_failed", kind=kind)
            return self.refuse(environ, kind, self.fault())

    def _admit(self, environ: Environ, kind: str) -> Answer:
        """What is cheap to refuse is refused before the body is held in memory."""
        limits: dict[str, Any] = settings.INGEST
        real_now = clock.real_now()
        key = self.authenticate(environ, now=real_now)
        try:
            pace.take(key.pk, rate=limits["rate"], ticked=time.monotonic())
            check_room(now=real_now)
            return self.take(environ, kind, key)
        except Refusal as refusal:
            refusal.project_id = key.project_id
            raise


class Before:
    """A door as the first middleware, for whoever serves Django without `config.wsgi` (its test client does)."""

    door: ClassVar[Door]

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Dispatch by exact path and method."""
        kind = self.door.kind_of(request.META)
        if kind is None:
            return self.get_response(request)
        status, headers, body = self.door.answer(request.META, kind)
        return HttpResponse(body, status=int(status[:3]), headers=dict(headers))


def _note(environ: Environ, refusal: Refusal) -> None:
    note_refusal(
        refusal,
        path=environ["PATH_INFO"],
        authorization=environ.get("HTTP_AUTHORIZATION", ""),
        agent=environ.get("HTTP_USER_AGENT", ""),
        real_now=clock.real_now(),
    )
