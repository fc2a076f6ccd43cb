"""A block of history into the inbox, and how far it has come: both or neither."""

from dataclasses import replace
from datetime import datetime

from django.db.models import F

from models_registry.models import Project
from monitoring.ingest.accept import body_of, rules_for
from monitoring.ingest.backpressure import check_room, note_accepted
from monitoring.ingest.codes import Refusal
from monitoring.ingest.history.items import Judged
from monitoring.ingest.judge import Rules
from monitoring.ingest.store import committer
from monitoring.models import HistoryImport

SHARE = 0.1  # of the room in the inbox: enough to keep a drain busy, and whoever sends what happens now finds the rest


class OtherReadingError(Exception):
    """The file was imported, or begun to be, with its columns read otherwise."""


class MovedOnError(Exception):
    """Somebody else imports this file at the same time."""


def rules_of_history(project: Project, *, now: datetime) -> Rules:
    """Any past, but a time that is said."""
    rules = rules_for(project, backfill=True, now=now)
    return replace(rules, window=replace(rules.window, told=True))


def begin(
    project: Project, kind: str, digest: str, *, name: str, reading: str, again: bool, now: datetime
) -> HistoryImport:
    """Where the import of this file stands; from the first row if `again`. `now` is real time."""
    found, _ = HistoryImport.objects.get_or_create(
        project=project, kind=kind, digest=digest, defaults={"name": name[:255], "reading": reading, "at": now}
    )
    if again:
        begun = {"reading": reading, "through": 0, "accepted": 0, "rejected": 0, "finished": False, "at": now}
        HistoryImport.objects.filter(pk=found.pk).update(**begun)
        found.refresh_from_db()
    if found.reading != reading:
        raise OtherReadingError(found.reading)
    return found


def has_room(*, real_now: datetime) -> bool:
    """Whether history may go on."""
    try:
        check_room(now=real_now, share=SHARE)
    except Refusal:
        return False
    return True


def admit(history: HistoryImport, judged: Judged, rules: Rules, *, real_now: datetime) -> None:
    """Store what was accepted and count what was not; `MovedOnError` and nothing, where another import did.

    `DatabaseError` if it could not be committed; then nothing of the block was stored.
    """
    accepted, rejected = len(judged.accepted), len(judged.refused)
    body = body_of(judged.verdict, history.kind, history.project_id, rules)

    def move_on() -> None:
        moved = HistoryImport.objects.filter(pk=history.pk, through=history.through).update(
            through=judged.through,
            accepted=F("accepted") + accepted,
            rejected=F("rejected") + rejected,
            at=real_now,
        )
        if not moved:
            raise MovedOnError

    if body.accepted or body.rejected:
        committer.commit_with(body, move_on)
    else:
        move_on()
    note_accepted(accepted)
    history.through = judged.through
    history.accepted += accepted
    history.rejected += rejected


def finish(history: HistoryImport, *, real_now: datetime) -> None:
    """All of it is in the inbox."""
    history.finished, history.at = True, real_now
    history.save(update_fields=["finished", "at"])
