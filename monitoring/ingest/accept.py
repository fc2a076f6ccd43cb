"""The verb of ingest: a body is judged, redacted and durably in the inbox before it is answered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from models_registry.models import ApiKey
from monitoring.ingest.backpressure import note_accepted
from monitoring.ingest.judge import Rules, Verdict, judge
from monitoring.ingest.moments import Window
from monitoring.ingest.redact import redactor_for
from monitoring.ingest.store import Body, committer


@dataclass(frozen=True, slots=True)
class Sent:
    """What a request carried."""

    kind: str
    data: bytes
    lines: bool
    idempotency_key: str = ""


def accept(sent: Sent, *, key: ApiKey, now: datetime) -> Verdict:
    """Judge and store; `now` is story time. A body of which everything was refused is stored for the ledger's sake.

    `Refusal` if the body as a whole cannot be read, `DatabaseError` if it could not be committed.
    """
    limits: dict[str, Any] = settings.INGEST
    backfill = "backfill" in key.scopes
    window = Window.around(now, oldest=limits["oldest"], newest=limits["newest"], backfill=backfill)
    rules = Rules(
        window=window,
        redact=redactor_for(key.project),
        joinable=not key.project.redact_extra,
        max_text=limits["max_text"],
        max_items=limits["max_items"],
        idempotency_key=sent.idempotency_key,
    )
    verdict = judge(sent.data, sent.kind, lines=sent.lines, rules=rules)
    if verdict.received:
        _store(verdict, sent.kind, key.project_id, window.received)
    return verdict


def _store(verdict: Verdict, kind: str, project_id: int, received_us: int) -> None:
    accepted = len(verdict.accepted)
    committer.commit(
        Body(
            project_id=project_id,
            kind=kind,
            received_us=received_us,
            items=verdict.stored(),
            accepted=accepted,
            rejected=verdict.rejected,
            rejections=verdict.rejections,
            as_sent=verdict.as_sent is not None,
        )
    )
    note_accepted(accepted)
