"""The test button of a channel."""

from collections.abc import Callable
from datetime import datetime

from alerting.channels.base import ChannelError
from alerting.models import Channel, Notification
from alerting.notify import deliver
from alerting.notify.message import check_message
from lib.clock import real_now
from lib.ids import uuid7
from models_registry.models import User


def send_test(channel: Channel, *, by: User, now: datetime, clock: Callable[[], datetime] = real_now) -> Notification:
    """One real message through the same path, tried once, at once; its `state` and `last_error` say how it went."""
    uid, real = uuid7(), clock()
    row = Notification.objects.create(
        uid=uid,
        channel=channel,
        generation=f"test:{uid}",
        reason=Notification.Reason.TEST,
        body=check_message(channel, by=by, now=now),
        created_at=now,
        not_before=real,
    )
    claimed = deliver.claim(row.pk, now=now, real=real)
    if claimed:
        try:
            deliver.attempt(deliver.delivery_of(claimed, real=real), channel.kind)
        except ChannelError as error:
            deliver.mark_failed(claimed, error, now=now, real=clock())
        else:
            deliver.mark_sent(claimed, now=now)
    row.refresh_from_db()
    return row
