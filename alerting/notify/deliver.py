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
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext, override

from alerting.channels import channel_kind
from alerting.channels.base import ChannelError, Delivery
from alerting.models import Channel, Notification
from alerting.notify.ack import acknowledge_url
from alerting.notify.breaker import count_failure, count_success
from alerting.notify.candidate import Candidate, Facts
from alerting.notify.decisions import GAVE_UP, POSTPONES
from alerting.notify.message import incident_message
from alerting.notify.pipeline import why_not
from alerting.notify.record import record_notified, record_suppressed
from alerting.notify.remind import goes_on, plan_reminder

LEASE = timedelta(seconds=60)
GIVE_UP_AFTER = timedelta(hours=24)
FIRST_DELAY_S = 5.0
LONGEST_DELAY_S = 300.0
LONGEST_WISH_S = 4 * 3_600.0
GROWTH = 4.0

log = structlog.get_logger(__name__)
jitter = SystemRandom()
State, Reason = Notification.State, Notification.Reason


def due(*, now: datetime, real: datetime) -> QuerySet[Notification]:
    """Ripe by the story's clock `now`, and by the `real` one waiting long enough or abandoned by a dead sender.

    Of one incident and channel only the oldest that is ripe, to keep order.
    """
    ripe = Q(state__in=[State.QUEUED, State.SENDING], due_at__lte=now)
    earlier = Notification.objects.filter(
        ripe, incident=OuterRef("incident"), channel=OuterRef("channel"), id__lt=OuterRef("id")
    )
    return Notification.objects.filter(
        ~Exists(earlier),
        ripe,
        Q(state=State.QUEUED, not_before__lte=real) | Q(state=State.SENDING, lease_until__lte=real),
    )


def due_channels(*, now: datetime, real: datetime) -> list[Channel]:
    """Channels with work whose breaker lets something through, healthy ones first."""
    waiting = due(now=now, real=real).values("channel")
    ready = Q(paused_until=None) | Q(paused_until__lte=real)
    return list(Channel.objects.filter(ready, pk__in=waiting).order_by("failures", "pk"))


def claim(pk: int, *, now: datetime, real: datetime) -> Notification | None:
    """Take the message for one lease; None when somebody else has it."""
    taken = due(now=now, real=real).filter(pk=pk)
    first = Coalesce("tried_at", Value(real))
    if not taken.update(state=State.SENDING, lease_until=real + LEASE, attempts=F("attempts") + 1, tried_at=first):
        return None
    rows = Notification.objects.select_related(
        "channel__owner", "incident__project", "incident__model", "incident__acknowledged_by"
    )
    return rows.get(pk=pk)


def held_back(row: Notification, *, now: datetime) -> Facts | None:
    """The pipeline once more, because incidents, silences and channels change while messages wait."""
    if row.incident is None:
        return None
    planned_at = row.created_at if row.waited else None
    return why_not(Candidate(row.incident, row.channel, row.reason, now, planned_at))


def compose_late(row: Notification, *, now: datetime) -> None:
    """What waited on purpose tells how things stand when it leaves; every later attempt tells the same.

    Of a merge the first words stay: the alerts that it names are the other incident's by now.
    """
    if row.incident is None or not row.waited or row.attempts > 1 or row.reason == Reason.MERGED:
        return
    row.body = incident_message(row.incident, reason=row.reason, now=now, actor=None)
    Notification.objects.filter(pk=row.pk, state=State.SENDING, attempts=row.attempts).update(body=row.body)


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
    """What the channel gets to see: the message, its own name, and the link to acknowledge, which is stored nowhere."""
    told = {"channel": row.channel.name, "acknowledge_url": acknowledge_url(row)}
    body = {**row.body, "data": {**told, **row.body.get("data", {})}}
    body.pop("decision", None)
    return Delivery(str(row.uid), row.channel.target, bytes(row.channel.secret), body, real)


@transaction.atomic
def mark_sent(row: Notification, *, now: datetime) -> bool:
    """It arrived. False when the lease was lost meanwhile."""
    if not _settle(row, state=State.SENT, sent_at=now, last_error="", decision=""):
        return False
    count_success(row.channel_id, now=now)
    record_notified(row, now=now)
    plan_reminder(row, now=now)
    return True


@transaction.atomic
def mark_held_back(row: Notification, decision: Facts, *, now: datetime) -> bool:
    """Held back at the last moment: for good, or until the time that the decision names."""
    body = {**row.body, "decision": decision}
    if decision["code"] in POSTPONES:
        until = datetime.fromisoformat(decision["until"])
        settled = _settle(row, state=State.QUEUED, decision=decision["code"], body=body, due_at=until, attempts=0)
    else:
        settled = _settle(row, state=State.SUPPRESSED, decision=decision["code"], body=body)
    if settled and row.incident:
        record_suppressed(row.incident, decision, now=now)
    if settled and goes_on(row, decision["code"]):
        plan_reminder(row, now=now)
    return settled


@transaction.atomic
def mark_failed(row: Notification, error: ChannelError, *, now: datetime, real: datetime) -> bool:
    """Try again later, or give up: after a day, when it is pointless, and for tests, which answer at once."""
    old = row.tried_at is not None and real - row.tried_at >= GIVE_UP_AFTER
    if error.permanent or old or row.reason == Reason.TEST:
        settled = _bury(row, str(error), now=now)
    else:
        settled = _settle(
            row,
            state=State.QUEUED,
            not_before=real + retry_delay(row.attempts, error.retry_after),
            last_error=str(error),
        )
    if settled:
        count_failure(row.channel_id, str(error), real=real, wish=error.retry_after)
    return settled


def retry_delay(attempts: int, retry_after: float | None = None) -> timedelta:
    """5 s, 20 s, 80 s and then 5 min, each ± 20 %, and never earlier than the receiver asked for (up to 4 h)."""
    grown = min(FIRST_DELAY_S * GROWTH ** min(attempts - 1, 8), LONGEST_DELAY_S) * jitter.uniform(0.8, 1.2)
    return timedelta(seconds=max(grown, min(retry_after or 0, LONGEST_WISH_S)))


def _bury(row: Notification, error: str, *, now: datetime) -> bool:
    decision = {"code": GAVE_UP, "channel": row.channel.name, "attempts": row.attempts, "error": error}
    body = {**row.body, "decision": decision}
    settled = _settle(row, state=State.DEAD, decision=GAVE_UP, last_error=error, body=body)
    if settled and row.incident:
        record_suppressed(row.incident, decision, now=now)
    return settled


def _settle(row: Notification, **changes: Any) -> bool:
    mine = Notification.objects.filter(pk=row.pk, state=State.SENDING, attempts=row.attempts)
    settled = bool(mine.update(lease_until=None, **changes))
    if not settled:
        log.warning("alerting.notify.lease_lost", id=str(row.uid), attempt=row.attempts)
    return settled
