"""The verb of ingest: a body is judged, redacted and durably in the inbox before it is answered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from models_registry.models import ApiKey, Project
from monitoring.ingest.backpressure import note_accepted
from monitoring.ingest.judge import Rules, Verdict, judge
from monitoring.ingest.redact import redactor_for
from monitoring.ingest.store import Body, committer
from monitoring.ingest.window import window_at


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
    backfill = "backfill" in key.scopes
    rules = rules_for(key.project, backfill=backfill, now=now, idempotency_key=sent.idempotency_key)
    verdict = judge(sent.data, sent.kind, lines=sent.lines, rules=rules)
    if verdict.received:
        committer.commit(body_of(verdict, sent.kind, key.project_id, rules))
        note_accepted(len(verdict.accepted))
    return verdict


def rules_for(project: Project, *, backfill: bool, now: datetime, idempotency_key: str = "") -> Rules:
    """What applies to bodies of a project that are received now; `backfill` lets them write any past."""
    limits: dict[str, Any] = settings.INGEST
    return Rules(
        window=window_at(now, backfill=backfill),
        redact=redactor_for(project),
        joinable=not project.redact_extra,
        max_text=limits["max_text"],
        max_items=limits["max_items"],
        idempotency_key=idempotency_key,
    )


def body_of(verdict: Verdict, kind: str, project_id: int, rules: Rules) -> Body:
    """What is to be stored of a judged body: its items, and the counts of the ledger."""
    return Body(
        project_id=project_id,
        kind=kind,
        received_us=rules.window.received,
        items=verdict.stored(),
        accepted=len(verdict.accepted),
        rejected=verdict.rejected,
        rejections=verdict.rejections,
        as_sent=verdict.as_sent is not None,
    )
