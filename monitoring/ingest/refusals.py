"""Remembers the last refused request per reason, for the page that waits for a first event.

Frugal, since anybody can send what is refused: one row per project and code (and per code for unknown keys), written at
most once in `EVERY` seconds by each process. Troubles of our own (429, 500, 503) are not remembered: writing would add to them.
"""

import time
from datetime import datetime
from typing import Any

import structlog
from django.db import DatabaseError, IntegrityError

from models_registry.authenticate import bearer_token
from monitoring.ingest.codes import PROBLEMS, Refusal
from monitoring.models import RequestRefusal
from monitoring.storage.turn import write_turn

EVERY = 2.0
SENDERS_OWN = frozenset(code for code, (status, _) in PROBLEMS.items() if status in {400, 401, 403, 404, 413, 415})
MAX_PATH, MAX_AGENT, PREFIX = 100, 200, 12

log = structlog.get_logger(__name__)
_written: dict[tuple[int | None, str], float] = {}


def note_refusal(
    refusal: Refusal,
    *,
    path: str,
    authorization: str = "",
    agent: str = "",
    real_now: datetime,
    ticked: float | None = None,
) -> None:
    """Remember it, unless that was just done. Never raises: a refusal is answered whether it is remembered or not."""
    reason = (refusal.project_id, refusal.code)
    moment = time.monotonic() if ticked is None else ticked
    if refusal.code not in SENDERS_OWN or moment - _written.get(reason, -EVERY) < EVERY:
        return
    _written[reason] = moment
    said = {
        "path": path[:MAX_PATH],
        "detail": refusal.detail,
        "key_prefix": _prefix(authorization),
        "agent": agent[:MAX_AGENT].replace("\0", ""),
        "at": real_now,
    }
    try:
        with write_turn():
            _write(refusal, said)
    except DatabaseError:
        log.warning("refusal_not_noted", code=refusal.code, exc_info=True)


def _write(refusal: Refusal, said: dict[str, object]) -> None:
    owner: dict[str, Any] = {"project__isnull": True}
    if refusal.project_id is not None:
        owner = {"project_id": refusal.project_id}
    rows = RequestRefusal.objects.filter(code=refusal.code, **owner)
    if rows.update(**said):
        return
    try:
        RequestRefusal.objects.create(project_id=refusal.project_id, code=refusal.code, **said)
    except IntegrityError:  # another process was quicker, or the project is gone
        rows.update(**said)


def _prefix(authorization: str) -> str:
    """The part of a key that is no secret; nothing of what merely looks like a key."""
    parts = (bearer_token(authorization) or "").split("_", 2)
    is_key = (
        len(parts) == 3 and parts[0] == "at" and len(parts[1]) == PREFIX and parts[1].isalnum() and parts[1].isascii()
    )
    return parts[1] if is_key else ""


def forget_refusals() -> None:
    """The next refusal is written at once (tests)."""
    _written.clear()
