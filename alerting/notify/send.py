"""The stage that empties the outbox. Channels wait in threads of their own; the database stays in this one."""

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime

from alerting.channels.base import ChannelError
from alerting.models import Channel, Notification
from alerting.notify import deliver
from alerting.notify.breaker import may_try
from alerting.notify.wake import wake_quiet
from lib.clock import real_now
from lib.stage import Summary

SLOTS = 16
HELD_BACK_AT_ONCE = 50
START_SECONDS = 8.0
PASS_SECONDS = 20.0


def send(*, now: datetime, clock: Callable[[], datetime] = real_now) -> Summary:
    """One pass of at most 20 seconds. `now` (story time) is written down; `clock` (real time) runs leases and retries.

    Each channel has one message under way at a time, and a channel that failed waits for the next pass. A message
    that is still under way when the pass ends keeps its lease and goes out again afterwards, with the same id.
    """
    wake_quiet(now=now)
    this = _Pass(now, clock, deque(deliver.due_channels(now=now, real=clock())))
    pool = ThreadPoolExecutor(max_workers=SLOTS, thread_name_prefix="notify")
    try:
        this.start(pool)
        while this.under_way and this.left(PASS_SECONDS) > 0:
            done, _ = wait(this.under_way, timeout=this.left(PASS_SECONDS), return_when=FIRST_COMPLETED)
            for future in done:
                this.finish(future)
            this.start(pool)
    finally:
        pool.shutdown(wait=False)
    return this.summary


@dataclass
class _Pass:
    now: datetime
    clock: Callable[[], datetime]
    channels: deque[Channel]
    under_way: dict[Future[None], Notification] = field(default_factory=dict)
    summary: Summary = field(default_factory=Summary)
    began: float = field(default_factory=time.monotonic)

    def left(self, seconds: float) -> float:
        return self.began + seconds - time.monotonic()

    def start(self, pool: ThreadPoolExecutor) -> None:
        """Fill the free slots, while there is time to start anything; half of them are never for channels that fail."""
        while self.channels and len(self.under_way) < SLOTS and self.left(START_SECONDS) > 0:
            if self.channels[0].failures and self._suspects() >= SLOTS // 2:
                return
            row = self._next(self.channels.popleft())
            if row:
                delivery = deliver.delivery_of(row, real=self.clock())
                self.under_way[pool.submit(deliver.attempt, delivery, row.channel.kind)] = row

    def finish(self, future: Future[None]) -> None:
        """Mark the row with what came of it; a channel that worked may go on."""
        row = self.under_way.pop(future)
        error = future.exception()
        if error is None:
            self.summary += Summary(written=deliver.mark_sent(row, now=self.now))
            row.channel.failures, row.channel.paused_until = 0, None
            # In front of those that fail, which are the last.
            self.channels.appendleft(row.channel)
        elif isinstance(error, ChannelError):
            deliver.mark_failed(row, error, now=self.now, real=self.clock())
        else:
            raise error

    def _suspects(self) -> int:
        return sum(bool(row.channel.failures) for row in self.under_way.values())

    def _next(self, channel: Channel) -> Notification | None:
        """The oldest message of the channel that nobody holds back, claimed."""
        if not may_try(channel, real=self.clock()):
            return None
        mine = deliver.due(now=self.now, real=self.clock()).filter(channel=channel).order_by("id")
        for pk in mine.values_list("pk", flat=True)[:HELD_BACK_AT_ONCE]:
            row = deliver.claim(pk, now=self.now, real=self.clock())
            if row is None:
                continue
            self.summary += Summary(seen=1)
            decision = deliver.held_back(row, now=self.now)
            if decision is None:
                deliver.compose_late(row, now=self.now)
                return row
            self.summary += Summary(skipped=deliver.mark_held_back(row, decision, now=self.now))
        return None
