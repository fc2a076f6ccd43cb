"""The stage that empties the outbox. Channels wait in threads of their own; the database stays in this one."""

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime

from alerting.channels.base import ChannelError
from alerting.models import Notification
from alerting.notify import deliver
from alerting.notify.wake import wake_quiet
from lib.clock import real_now
from lib.stage import Summary

SLOTS = 8
HELD_BACK_AT_ONCE = 50
START_SECONDS = 8.0
PASS_SECONDS = 20.0


def send(*, now: datetime, clock: Callable[[], datetime] = real_now) -> Summary:
    """One pass of at most 20 seconds. `now` (story time) is written down; `clock` (real time) runs leases and retries.

    Each channel has one message under way at a time, and a channel that failed waits for the next pass. A message
    that is still under way when the pass ends keeps its lease and goes out again afterwards, with the same id.
    """
    wake_quiet(now=now)
    this = _Pass(now, clock, deque(deliver.due_channels(real=clock())))
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
    channels: deque[int]
    under_way: dict[Future[None], Notification] = field(default_factory=dict)
    summary: Summary = field(default_factory=Summary)
    began: float = field(default_factory=time.monotonic)

    def left(self, seconds: float) -> float:
        return self.began + seconds - time.monotonic()

    def start(self, pool: ThreadPoolExecutor) -> None:
        """Fill the free slots, while there is time to start anything."""
        while self.channels and len(self.under_way) < SLOTS and self.left(START_SECONDS) > 0:
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
            self.channels.append(row.channel_id)
        elif isinstance(error, ChannelError):
            deliver.mark_failed(row, error, now=self.now, real=self.clock())
        else:
            raise error

    def _next(self, channel: int) -> Notification | None:
        """The oldest message of the channel that nobody holds back, claimed."""
        mine = deliver.due(real=self.clock()).filter(channel=channel).order_by("id")
        for pk in mine.values_list("pk", flat=True)[:HELD_BACK_AT_ONCE]:
            row = deliver.claim(pk, real=self.clock())
            if row is None:
                continue
            self.summary += Summary(seen=1)
            decision = deliver.held_back(row, now=self.now)
            if decision is None:
                return row
            self.summary += Summary(skipped=deliver.mark_suppressed(row, decision, now=self.now))
        return None
