"""The circuit breaker of a channel: after some failures in a row its messages wait, and one at a time tries whether it is back.

It never stays open: a probe leaves every few minutes for as long as anything waits, and the first that arrives lets the
rest follow at once. Everything here is real time.
"""

from datetime import datetime, timedelta
from secrets import SystemRandom
from typing import Final

from django.db.models import F, Q

from alerting.models import Channel

OPENS_AFTER: Final = 5
FIRST_PAUSE_S: Final = 30.0
LONGEST_PAUSE_S: Final = 300.0
LONGEST_WISH_S: Final = 4 * 3_600.0
PROBE: Final = timedelta(seconds=60)

jitter = SystemRandom()


def may_try(channel: Channel, *, real: datetime) -> bool:
    """Whether a message may leave now. Of an open breaker only one sender gets the probe, and holds it for a minute."""
    if channel.failures < OPENS_AFTER:
        return channel.paused_until is None or channel.paused_until <= real
    ready = Channel.objects.filter(Q(paused_until=None) | Q(paused_until__lte=real), pk=channel.pk)
    return bool(ready.update(paused_until=real + PROBE))


def count_failure(channel: int, error: str, *, real: datetime, wish: float | None) -> None:
    """One more in a row; `wish` is how many seconds the receiver asked to be left alone."""
    Channel.objects.filter(pk=channel).update(failures=F("failures") + 1, last_error=error)
    failures: int = Channel.objects.values_list("failures", flat=True).get(pk=channel)
    pause = pause_after(failures, wish)
    Channel.objects.filter(pk=channel).update(paused_until=real + pause if pause else None)


def count_success(channel: int, *, now: datetime) -> None:
    """The breaker closes."""
    Channel.objects.filter(pk=channel).update(failures=0, last_error="", last_ok_at=now, paused_until=None)


def pause_after(failures: int, wish: float | None = None) -> timedelta | None:
    """30 s after the fifth failure, doubling up to 5 min, each ± 20 %; never shorter than the receiver's wish (up to 4 h)."""
    wanted = min(wish or 0.0, LONGEST_WISH_S)
    if failures >= OPENS_AFTER:
        grown = min(FIRST_PAUSE_S * 2.0 ** min(failures - OPENS_AFTER, 16), LONGEST_PAUSE_S)
        wanted = max(wanted, grown * jitter.uniform(0.8, 1.2))
    return timedelta(seconds=wanted) if wanted else None
