"""The stage that empties the outbox."""

from collections.abc import Callable
from datetime import datetime

from lib.clock import real_now
from lib.stage import Summary


def send(*, now: datetime, clock: Callable[[], datetime] = real_now) -> Summary:
    """One pass of at most 20 seconds. `now` (story time) is written down; `clock` (real time) runs leases and retries."""
    raise NotImplementedError
