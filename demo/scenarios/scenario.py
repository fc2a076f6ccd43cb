"""What every scenario is: one model, a change of its world, and the truth about it, recorded before anybody looks."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from demo import assistant, credit, delivery

World = credit.World | assistant.World | delivery.World


@dataclass(frozen=True, slots=True)
class Truth:
    """What happened, why, and what a good watchtower says of it. Offsets count from the onset."""

    cause: str
    end: timedelta
    rule: str
    runbook: str
    detected_within: timedelta
    recovered_within: timedelta


@dataclass(frozen=True, slots=True)
class Marker:
    """A change that somebody announces on `/api/v1/events`, at an offset from the onset."""

    after: timedelta
    item: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scenario:
    """`world(elapsed)` is the model's world `elapsed` seconds after the onset; negative means before."""

    slug: str
    model: str
    truth: Truth
    world: Callable[[float], World]
    markers: tuple[Marker, ...]


@dataclass(frozen=True, slots=True)
class Episode:
    """A scenario placed in time: `onset` in epoch seconds."""

    scenario: Scenario
    onset: float

    @property
    def end(self) -> float:
        """When the cause is removed (epoch seconds)."""
        return self.onset + self.scenario.truth.end.total_seconds()
