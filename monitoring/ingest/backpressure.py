"""Whether the inbox takes more: it refuses before it grows past what the drain can work off."""

import time
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any

from django.conf import settings
from django.db import DatabaseError

from lib import clock
from monitoring.ingest.codes import Refusal
from monitoring.ingest.store import committer
from monitoring.selectors.ledger import Backlog, inbox_backlog

REREAD_SECONDS = 0.25
RETRY_AFTER = 5
FAILURE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class _Look:
    """What was seen in the inbox, and how many items this process had ever added when it began to look."""

    backlog: Backlog
    added: int


@dataclass(slots=True)
class _Seen:
    """The last look, and what this process has ever added: that only grows, so that no thread can lose another's."""

    look: _Look
    read_at: float = -REREAD_SECONDS
    added: int = 0


_seen = _Seen(_Look(Backlog(0, None), 0))
_adding = Lock()


def forget() -> None:
    """Look at the inbox again at the next call."""
    _seen.read_at = -REREAD_SECONDS


def note_accepted(items: int) -> None:
    """Count what was just stored, so that a fast sender cannot overrun the limit between two looks."""
    with _adding:
        _seen.added += items


def check_room(*, now: datetime, share: float = 1.0) -> None:
    """`Refusal` (503, with Retry-After) while the inbox is full or stale; `now` is real time. One query in 250 ms.

    Whoever can wait asks for a `share` of the room, so that those who cannot find the rest.
    """
    ticked = time.monotonic()
    if ticked - _seen.read_at >= REREAD_SECONDS:
        # The old look counts until the new one is there, whole; what is added meanwhile may count twice, never not at all.
        _seen.read_at, added = ticked, _seen.added
        _seen.look = _Look(inbox_backlog(), added)
    look = _seen.look
    waiting = look.backlog.items + _seen.added - look.added
    limits: dict[str, Any] = settings.INGEST
    if waiting >= limits["inbox_max_items"] * share:
        detail = f"{waiting} items wait to be stored. Nothing of this request was kept; send it again later."
        raise Refusal("inbox_full", detail, retry_after=RETRY_AFTER)
    oldest = look.backlog.oldest_at
    if oldest is not None and now - oldest > limits["inbox_max_age"]:
        detail = "What waits to be stored has waited too long. Nothing of this request was kept; send it again later."
        raise Refusal("inbox_stale", detail, retry_after=RETRY_AFTER)


def can_accept() -> tuple[bool, str]:
    """Whether this process can durably accept now, and why not (for `/health/ready`)."""
    now = clock.real_now()
    failed_at = committer.failed_at
    if failed_at is not None and (now - failed_at).total_seconds() < FAILURE_SECONDS:
        return False, "the last write to the inbox failed"
    try:
        check_room(now=now)
    except Refusal as refusal:
        return False, refusal.code
    except DatabaseError as error:
        return False, f"the database does not answer: {type(error).__name__}"
    return True, ""
