"""Timestamps of the wire contract to integer epoch microseconds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from monitoring.ingest.codes import Fault
from monitoring.items import Moment

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SECONDS_BELOW = 1e11  # a number below this is seconds, from here on milliseconds
UNREADABLE = "Write the time as RFC 3339 with offset (2026-03-01T12:00:00Z) or as epoch seconds or milliseconds."
EARLY = "The time is before the accepted window; a key with scope `backfill` may write any past."
LATE = "The time is in the future: look at the clock of the sender, or leave the time out."
MANY = 30  # from here on an array is made faster than times are taken one by one
LOWEST, HIGHEST = -1e12, 1e15  # numbers between these fit 64 bits once scaled
FARTHEST = 1e17  # numbers beyond are outside every window; a float, for comparing floats with large integers is slow


def epoch_us(moment: datetime) -> int:
    """Epoch microseconds of an aware datetime, exactly."""
    return (moment - EPOCH) // MICROSECOND


@dataclass(frozen=True, slots=True)
class Window:
    """The accepted span around the time of receipt, in epoch µs. What is of the past must say when it was (`told`)."""

    oldest: int
    newest: int
    received: int
    told: bool = False

    @classmethod
    def around(cls, now: datetime, *, oldest: timedelta, newest: timedelta, backfill: bool) -> "Window":
        """`backfill` lifts the lower bound to 1970."""
        return cls(0 if backfill else epoch_us(now - oldest), epoch_us(now + newest), epoch_us(now))

    def place(self, ts: Moment) -> int:
        """The moment in epoch µs, the time of receipt where there is none; `Fault` says what is wrong with it."""
        if ts is None:
            if self.told:
                raise Fault("missing_field", "/ts", "Say when it was: history has a time of its own.")
            return self.received
        found = moment_us(ts)
        if wrong := self.wrong(found):
            raise Fault("timestamp_out_of_range", "/ts", wrong)
        return found

    def place_all(self, times: Sequence[Moment]) -> list[int]:
        """The moments (at least one) in epoch µs; `Fault` where one is absent or `place` would find one wrong."""
        found = moments_us(times)
        if wrong := self.wrong(min(found)) or self.wrong(max(found)):
            raise Fault("timestamp_out_of_range", "/ts", wrong)
        return found

    def wrong(self, found: int) -> str:
        """Why this moment is not accepted; empty where it is."""
        if found < self.oldest:
            return EARLY
        return LATE if found > self.newest else ""


def moments_us(times: Sequence[Moment]) -> list[int]:
    """What `moment_us` says of each; in most bodies that are large all times are floats."""
    if len(times) >= MANY and set(map(type, times)) == {float}:
        numbers = np.array(times, np.float64)
        if numbers.min() > LOWEST and numbers.max() < HIGHEST:
            scale = np.where(numbers < SECONDS_BELOW, 1e6, 1e3)
            found: list[int] = np.rint(numbers * scale).astype(np.int64).tolist()
            return found
    return list(map(moment_us, times))


def moment_us(ts: Moment) -> int:
    """Epoch µs of a moment as it was sent, far beyond every window where it must; `Fault` if it says none."""
    if ts is None:
        raise Fault("invalid_timestamp", "/ts", UNREADABLE)
    return _from_text(ts) if isinstance(ts, str) else _from_number(ts)


def _from_number(ts: float) -> int:
    if not -FARTHEST < ts < FARTHEST:
        ts = max(-FARTHEST, min(ts, FARTHEST))
    scale = 1_000_000 if ts < SECONDS_BELOW else 1_000
    return ts * scale if isinstance(ts, int) else round(ts * scale)


def _from_text(ts: str) -> int:
    try:
        moment = datetime.fromisoformat(ts)
    except ValueError as error:
        raise Fault("invalid_timestamp", "/ts", UNREADABLE) from error
    if moment.tzinfo is None:
        raise Fault("naive_timestamp", "/ts", "Add the offset from UTC, for example Z or -03:00.")
    return epoch_us(moment)
