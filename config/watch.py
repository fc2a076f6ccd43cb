"""The stage that watches the others: what does not move is said on every page, and somebody outside hears that all is well.

The heartbeat goes out only while nothing stands still, so that whoever waits for it notices the panel's death and its
illness alike. The Watchdog is an alert that always fires: every Alertmanager that we tell has it for five minutes at a
time, and loses it when we fall silent.
"""

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from django.conf import settings
from django.utils.translation import gettext

from alerting.channels.alertmanager import post_alerts
from alerting.channels.base import ChannelError
from alerting.interop.watchdog import watchdog_alert
from alerting.models import Channel
from config.pipeline import Reason, pipeline_reasons
from lib import clock
from lib.http import OutgoingError, Policy, request
from lib.stage import Fact, Summary

TOTAL_SECONDS: Final = 15.0
PATIENCE: Final = Policy(total_seconds=5, max_bytes=0)


def watch(*, now: datetime) -> Summary:
    """Stage: `seen` what stands still, `written` heartbeats that arrived, `skipped` those that did not."""
    real_now = clock.real_now()
    reasons = [reason for reason in pipeline_reasons(now=now, real_now=real_now) if _matters(reason)]
    beats = [] if reasons else list(_beats(real_now))
    lost = [beat for beat in beats if beat is not None]
    told = (*map(_fact, reasons), *lost)
    return Summary(seen=len(reasons), written=len(beats) - len(lost), skipped=len(lost), facts=told)


def _matters(reason: Reason) -> bool:
    """Its own silence is what it breaks just now, and whoever started it had a broker or needs none (`tick --loop`)."""
    return reason.name != "watch" and reason.code != "broker"


def _fact(reason: Reason) -> Fact:
    return {"code": reason.code, "seconds": round(reason.seconds), "name": reason.name}


def _beats(real_now: datetime) -> Iterator[Fact | None]:
    """None for each that arrived, else what went wrong."""
    if settings.HEARTBEAT_URL:
        yield _beat(settings.HEARTBEAT_URL)
    channels = Channel.objects.filter(kind=Channel.Kind.ALERTMANAGER, enabled=True, paused_until=None)
    until = time.monotonic() + TOTAL_SECONDS
    for channel in channels.select_related("project").order_by("pk"):
        if time.monotonic() < until:
            yield _bark(channel, real_now)


def _beat(url: str) -> Fact | None:
    """A GET, as services that wait for heartbeats take it."""
    try:
        answer = request("GET", url, policy=PATIENCE)
    except OutgoingError as error:
        return {"code": "heartbeat", "name": str(error)}
    ok = range(200, 300)
    return None if answer.status in ok else {"code": "heartbeat", "name": gettext("It answered %d.") % answer.status}


def _bark(channel: Channel, real_now: datetime) -> Fact | None:
    alert = watchdog_alert(channel.project, at=real_now)
    try:
        post_alerts(channel.target, bytes(channel.secret), [alert])
    except ChannelError as error:
        return {"code": "watchdog", "name": f"{channel.name}: {error}"}
    return None
