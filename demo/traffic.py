"""How many requests people make at a time of the week, and the dice of a minute. Pure and seeded."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any, NamedTuple

MINUTE = 60
DAY = 86_400
LOCAL_OFFSET = -3 * 3_600  # São Paulo, which has had no summer time since 2019
GROWTH_FROM = 0.15  # share of the pilot's full traffic when the story began
# Three hours before the present the pilot is opened to everybody: live traffic that one can see, behind a past that is
# told in a minute. The incidents are over by then.
LAUNCH_BEFORE = 3 * 3_600
LAUNCH_RAMP = 2 * 3_600
LAUNCH_FACTOR = 13.0

# Requests by local hour, as shares of the mean: quiet nights, a late morning and an evening peak.
HOURS = (
    0.45, 0.35, 0.30, 0.28, 0.30, 0.40, 0.60, 0.85, 1.10, 1.35, 1.50, 1.50,
    1.35, 1.30, 1.40, 1.45, 1.40, 1.35, 1.30, 1.35, 1.35, 1.20, 0.95, 0.65,
)  # fmt: skip
WEEKEND = 0.75


class Event(NamedTuple):
    """One item of the wire contract with the moment (epoch seconds) at which its sender posts it."""

    at: float
    kind: str
    item: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Traffic:
    """Mean requests a minute of a service, growing over `growth_days` from `origin`, then launched.

    `flat` has no days or weeks, no growth and no launch.
    """

    origin: float
    growth_days: float = 30.0
    flat: bool = False

    def level(self, at: float) -> float:
        """Traffic at `at` (epoch seconds) as a share of the pilot's full mean."""
        if self.flat:
            return 1.0
        return self._growth(at) * self._launch(at) * _week(at)

    @property
    def launch(self) -> float:
        """When everybody is let in (epoch seconds)."""
        return self.origin + self.growth_days * DAY - LAUNCH_BEFORE

    def _growth(self, at: float) -> float:
        grown = min(1.0, max(0.0, (at - self.origin) / (self.growth_days * DAY)))
        return math.exp(math.log(GROWTH_FROM) * (1.0 - grown))

    def _launch(self, at: float) -> float:
        opened = min(1.0, max(0.0, (at - self.launch) / LAUNCH_RAMP))
        return 1.0 + (LAUNCH_FACTOR - 1.0) * opened


def _week(at: float) -> float:
    """Share by local hour and weekday, interpolated between hours."""
    local = at + LOCAL_OFFSET
    hour, within = divmod(local % DAY / 3_600, 1)
    here, after = HOURS[int(hour)], HOURS[(int(hour) + 1) % 24]
    weekend = datetime.fromtimestamp(local, UTC).weekday() >= 5
    return (here + (after - here) * within) * (WEEKEND if weekend else 1.0)


def dice(seed: int, stream: str, minute: int) -> Random:
    """The randomness of one minute of one stream: the same whatever else was generated before it."""
    return Random(f"{seed}/{stream}/{minute}")  # noqa: S311 - a story, not a secret


def arrivals(rng: Random, minute: int, mean: float) -> list[float]:
    """Poisson arrivals within a minute, in order (epoch seconds, whole milliseconds)."""
    moments: list[float] = []
    if mean <= 0:
        return moments
    at = rng.expovariate(mean)
    while at < 1.0:
        moments.append(round(minute * MINUTE + at * MINUTE, 3))
        at += rng.expovariate(mean)
    return moments


def milliseconds(at: float) -> int:
    """Epoch milliseconds, the integer form of time on the wire."""
    return round(at * 1_000)
