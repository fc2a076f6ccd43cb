"""What a fatigue report is counted from: rows of transitions, messages, decisions, deeds and verdicts. Pure.

Rules, alerts, incidents, channels and people are their keys.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Change:
    """A transition of an alert; `is_breach` is false of an alert that tells that its rule cannot tell."""

    rule: int
    alert: int
    at: datetime
    to: str
    incident: int | None
    is_breach: bool = True


@dataclass(frozen=True, slots=True)
class Call:
    """A message that arrived and asked for somebody. `at_night` is so where its reader is."""

    incident: int
    channel: int
    at: datetime
    pages: bool
    at_night: bool


@dataclass(frozen=True, slots=True)
class Held:
    """A decision not to send; `channel` None: to nobody, since no channel was there to decide about."""

    incident: int
    channel: int | None
    code: str


@dataclass(frozen=True, slots=True)
class Deed:
    """What a person did about an incident, by the kind of its line in the timeline."""

    incident: int
    kind: str


@dataclass(frozen=True, slots=True)
class Said:
    """What a review said of a rule's alert in an incident."""

    rule: int
    incident: int
    useful: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """All of one project and range. `by_machine`: incidents that ended with their last alert, not by a person's word."""

    changes: Sequence[Change] = ()
    calls: Sequence[Call] = ()
    held: Sequence[Held] = ()
    deeds: Sequence[Deed] = ()
    said: Sequence[Said] = ()
    by_machine: frozenset[int] = frozenset()
    owners: Mapping[int, int | None] = field(default_factory=dict)
