"""Give a message that was given up another round, once the receiver is mended."""

from collections.abc import Callable, Iterable
from datetime import datetime

from django.db import transaction

from alerting.models import Channel, Incident, IncidentEvent, Notification
from lib.clock import real_now
from models_registry.models import User

State = Notification.State


def requeue(rows: Iterable[Notification], *, by: User, now: datetime, clock: Callable[[], datetime] = real_now) -> int:
    """Queue those of the rows that were given up, with all attempts before them; returns how many.

    The id stays, so that a receiver that heard a lost attempt drops the second copy. A test message is not queued again:
    the button that sent it is still there. The channel is tried at once, whatever its breaker says. `now` is story time, `clock` real time.
    """
    return sum(_requeue(row, by=by, now=now, real=clock()) for row in rows)


@transaction.atomic
def _requeue(row: Notification, *, by: User, now: datetime, real: datetime) -> bool:
    given_up = Notification.objects.filter(pk=row.pk, state=State.DEAD)
    if row.incident is None or not given_up.update(
        state=State.QUEUED, attempts=0, decision="", not_before=real, tried_at=None
    ):
        return False
    Channel.objects.filter(pk=row.channel_id).update(paused_until=None)
    _record(row.incident, row, by=by, now=now)
    return True


def _record(incident: Incident, row: Notification, *, by: User, now: datetime) -> None:
    """The text is the channel's name, which needs no language."""
    IncidentEvent.objects.create(
        incident=incident,
        at=now,
        kind=IncidentEvent.Kind.REQUEUED,
        actor=by,
        text=row.channel.name,
        data={"channel": row.channel.name, "reason": row.reason, "id": str(row.uid)},
    )
