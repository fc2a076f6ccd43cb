"""One message: claimed under a lease, attempted, and marked with what came of it.

At least once: a sender that dies between sending and marking leaves a lease that runs out, and the message goes out
again with the same id, so that receivers can drop the second copy. Whoever lost the lease marks nothing, because
the number of the attempt is a fence.
"""

from datetime import datetime, timedelta
from secrets import SystemRandom
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext, override

from alerting.channels import channel_kind
from alerting.channels.base import ChannelError, Delivery
from alerting.models import Channel, Notification
from alerting.notify.candidate import Candidate, Facts
from alerting.notify.decisions import GAVE_UP
from alerting.notify.pipeline import why_not
from alerting.notify.record import record_notified, record_suppressed

LEASE = timedelta(seconds=60)
MAX_ATTEMPTS = 10
FIRST_DELAY_S = 5.0
LONGEST_DELAY_S = 4 * 3_600.0
GROWTH = 4.0

log = structlog.get_logger(__name__)
jitter = SystemRandom()
State = Notification.State


def due(*, real: datetime) -> QuerySet[Notification]:
    """Waiting long enough or abandoned by a dead sender; of one incident and channel only the oldest, to keep order."""
    unsettled = Q(state__in=[State.QUEUED, State.SENDING])
    earlier = Notification.objects.filter(
        unsettled, incident=OuterRef("incident"), channel=OuterRef("channel"), id__lt=OuterRef("id")
    )
    return Notification.objects.filter(
        ~Exists(earlier),
        unsettled,
        Q(state=State.QUEUED, not_before__lte=real) | Q(state=State.SENDING, lease_until__lte=real),
    )


def due_channels(*, real: datetime) -> list[int]:
    """Channels with work, healthy ones first, so that a failing one waits and not the others."""
    waiting = due(real=real).values("channel")
    return list(Channel.objects.filter(pk__in=waiting).order_by("failures", "pk").values_list("pk", flat=True))


def claim(pk: int, *, real: datetime) -> Notification | None:
    """Take the message for one lease; None when somebody else has it."""
    taken = due(real=real).filter(pk=pk)
    if not taken.update(state=State.SENDING, lease_until=real + LEASE, attempts=F("attempts") + 1):
        return None
    rows = Notification.objects.select_related("channel", "incident__project", "incident__model")
    return rows.get(pk=pk)


def held_back(row: Notification, *, now: datetime) -> Facts | None:
    """The pipeline once more, because silences and channels change while messages wait."""
    if row.incident is None:
        return None
    return why_not(Candidate(row.incident, row.channel, row.reason, now))


def attempt(delivery: Delivery, kind: str) -> None:
    """Call the channel; whatever goes wrong leaves as `ChannelError`. Touches no database: it may run in a thread."""
    with override(settings.LANGUAGE_CODE):
        try:
            channel_kind(kind).send(delivery)
        except ChannelError:
            raise
        except Exception as error:
            log.exception("alerting.notify.channel_broken", kind=kind, id=delivery.uid)
            message = gettext("The channel itself failed (%(reason)s); see the log.") % {"reason": type(error).__name__}
            raise ChannelError(message, permanent=False) from error


def delivery_of(row: Notification, *, real: datetime) -> Delivery:
    """What the channel gets to see."""
    return Delivery(str(row.uid), row.channel.target, bytes(row.channel.secret), row.body, real)


@transaction.atomic
def mark_sent(row: Notification, *, now: datetime) -> bool:
    """It arrived. False when the lease was lost meanwhile."""
    if not _settle(row, state=State.SENT, sent_at=now, last_error=""):
        return False
    Channel.objects.filter(pk=row.channel_id).update(failures=0, last_error="", last_ok_at=now)
    record_notified(row, now=now)
    return True


@transaction.atomic
def mark_suppressed(row: Notification, decision: Facts, *, now: datetime) -> bool:
    """Held back at the last moment."""
    body = {**row.body, "decision": decision}
    settled = _settle(row, state=State.SUPPRESSED, decision=decision["code"], body=body)
    if settled and row.incident:
        record_suppressed(row.incident, decision, now=now)
    return settled


@transaction.atomic
def mark_failed(row: Notification, error: ChannelError, *, now: datetime, real: datetime) -> bool:
    """Try again later, or give up: after the last attempt, when it is pointless, and for tests, which answer at once."""
    once = row.reason == Notification.Reason.TEST
    if error.permanent or once or row.attempts >= MAX_ATTEMPTS:
        settled = _bury(row, str(error), now=now)
    else:
        settled = _settle(
            row,
            state=State.QUEUED,
            not_before=real + retry_delay(row.attempts, error.retry_after),
            last_error=str(error),
        )
    if settled:
        Channel.objects.filter(pk=row.channel_id).update(failures=F("failures") + 1, last_error=str(error))
    return settled


def retry_delay(attempts: int, retry_after: float | None = None) -> timedelta:
    """5 s, 20 s, 80 s … up to 4 h, each ± 20 %, and never earlier than the receiver asked for (within the same 4 h)."""
    grown = min(FIRST_DELAY_S * GROWTH ** (attempts - 1), LONGEST_DELAY_S) * jitter.uniform(0.8, 1.2)
    return timedelta(seconds=max(grown, min(retry_after or 0, LONGEST_DELAY_S)))


def _bury(row: Notification, error: str, *, now: datetime) -> bool:
    decision = {"code": GAVE_UP, "channel": row.channel.name, "attempts": row.attempts, "error": error}
    settled = _settle(row, state=State.DEAD, decision=GAVE_UP, last_error=error)
    if settled and row.incident:
        record_suppressed(row.incident, decision, now=now)
    return settled


def _settle(row: Notification, **changes: Any) -> bool:
    mine = Notification.objects.filter(pk=row.pk, state=State.SENDING, attempts=row.attempts)
    settled = bool(mine.update(lease_until=None, **changes))
    if not settled:
        log.warning("alerting.notify.lease_lost", id=str(row.uid), attempt=row.attempts)
    return settled
