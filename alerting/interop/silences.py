"""Silences as Alertmanager's API changes them (silence.Silences.Set): what was already hidden stays on record."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from alerting.interop.wire import WireError, read_time, text
from alerting.labels.matchers import Matcher, check, from_json
from alerting.models import Silence
from alerting.mutes.silences import MAX_COMMENT, check_span, create_silence, expire_silence
from models_registry.models import Project, User


@dataclass(frozen=True, slots=True)
class Asked:
    """`postableSilence`."""

    uid: str
    matchers: list[Matcher]
    starts_at: datetime
    ends_at: datetime
    created_by: str
    comment: str


def read_silence(body: object) -> Asked:
    """Refused with a sentence where it lacks something."""
    if not isinstance(body, Mapping):
        raise WireError("The body must be a silence.")
    starts, ends = read_time(body.get("startsAt"), "startsAt"), read_time(body.get("endsAt"), "endsAt")
    if starts is None or ends is None:
        raise WireError("startsAt and endsAt are required")
    if starts >= ends:
        raise WireError("Failed to create silence: start time must be before end time")
    return Asked(
        text(body.get("id") or "", "id", 64),
        check(from_json(body.get("matchers"))),
        starts,
        ends,
        text(body.get("createdBy"), "createdBy", 200),
        text(body.get("comment"), "comment", MAX_COMMENT),
    )


@transaction.atomic
def put_silence(project: Project, asked: Asked, *, owner: User, now: datetime) -> str | None:
    """The id of the silence as it is then; None where `id` names none."""
    if asked.ends_at < now:
        raise WireError("Failed to create silence: end time can't be in the past")
    before = find_silence(project, asked.uid) if asked.uid else None
    if asked.uid and before is None:
        return None
    if before is not None and _can_change(before, asked, now):
        check_span(max(asked.starts_at, now), asked.ends_at)
        before.starts_at, before.ends_at = asked.starts_at, asked.ends_at
        before.comment, before.created_by = asked.comment, asked.created_by
        before.save(update_fields=["starts_at", "ends_at", "comment", "created_by", "updated_at"])
        return str(before.uid)
    if before is not None:
        expire_silence(before, now=now)
    made = create_silence(
        project,
        asked.matchers,
        starts_at=asked.starts_at,
        ends_at=asked.ends_at,
        owner=owner,
        now=now,
        comment=asked.comment,
        created_by=asked.created_by,
    )
    return str(made.uid)


def find_silence(project: Project, uid: str) -> Silence | None:
    """None where the id names none of the project, or is none."""
    try:
        wanted = UUID(uid)
    except ValueError:
        return None
    return Silence.objects.filter(project=project, uid=wanted).select_related("owner").first()


def end_silence(project: Project, uid: str, *, now: datetime) -> bool:
    """Whether there was one to end; ending it twice changes nothing."""
    found = find_silence(project, uid)
    if found is None:
        return False
    expire_silence(found, now=now)
    return True


def _can_change(before: Silence, asked: Asked, now: datetime) -> bool:
    """Whether the change leaves the past as it was: not its matchers, nor the beginning of one that has begun."""
    if before.asked != asked.matchers:
        return False
    state = before.state_at(now)
    if state == Silence.State.ACTIVE:
        return int(before.starts_at.timestamp()) == int(asked.starts_at.timestamp())
    return state == Silence.State.PENDING and asked.starts_at >= now
