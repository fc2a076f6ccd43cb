"""What a person says on the page of a feedback link, through the same inbox as all feedback: durable before thanks.

The ids of a vote follow from the link, the form it was sent from and what was said: a form that is sent twice counts once.
"""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any

import msgspec
from django.conf import settings

from models_registry.links import Link
from monitoring.ingest.accept import Sent, accept
from monitoring.ingest.backpressure import check_room
from monitoring.ingest.codes import Refusal
from monitoring.ingest.pace import Pace

MAX_COMMENT = 2_000
PER_MINUTE = 10
BURST = 5.0
pace = Pace()


@dataclass(frozen=True, slots=True)
class Vote:
    """Kind to value; a comment's value is its text. `form` is the page it was sent from."""

    said: Mapping[str, str]
    form: str = ""
    taken_back: Collection[str] = field(default_factory=frozenset)


def vote(link: Link, given: Vote, *, now: datetime, real_now: datetime) -> None:
    """Store it; `Refusal` where there is no room or it comes too fast, `DatabaseError` where it could not be kept.

    `now` is story time. Kinds that are taken back are told as empty.
    """
    ticked = time.monotonic()
    pace.take(link.mark, rate=PER_MINUTE / 60, ticked=ticked, burst=BURST)
    check_room(now=real_now)
    kinds = [str(kind) for kind in link.claims.k if given.said.get(kind) or kind in given.taken_back]
    items = [_item(link, given, kind) for kind in kinds]
    limits: dict[str, Any] = settings.INGEST
    if not items or any(len(value) > limits["max_text"] for value in given.said.values()):
        raise Refusal("malformed", "A vote says something, in at most as many characters as a text may have.")
    verdict = accept(Sent("feedback", msgspec.json.encode(items), lines=False), key=link.key, now=now)
    if verdict.rejected:
        raise Refusal("malformed", next(iter(verdict.rejections.values()))[1])


def _item(link: Link, given: Vote, kind: str) -> dict[str, str]:
    value = given.said.get(kind, "")
    told = {"comment": value, "value": ""} if kind == "comment" else {"value": value}
    mark = "\x1f".join((link.mark, given.form, kind, value))
    named = {"id": blake2b(mark.encode(), digest_size=16).hexdigest(), "target_id": link.claims.t, "kind": kind}
    return named | told | ({"user_id": link.claims.u} if link.claims.u else {})
