"""The alert state machine. Pure: no Django, no database.

Prometheus's semantics (prometheus/rules/alerting.go): the first true evaluation makes an alert pending, and firing in
the same evaluation if it has been true for `for`; one false evaluation clears a pending alert; a firing alert stays
firing until it has been false for `keep_firing_for`, and a true evaluation resets that clock.

Added to it: an evaluation may be unable to tell. *Stale* (the drain is behind) never changes an active alert. *No data*
does what the rule's policy says: keep the last state, count as healthy, or count as a breach. An alert that was quiet
while nobody could tell shows it: its state is `no_data` or `stale`, not `inactive`.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum


class State(StrEnum):
    """What an alert is."""

    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"
    NO_DATA = "no_data"
    STALE = "stale"


class Seen(StrEnum):
    """What one evaluation saw."""

    BREACHED = "breached"
    FINE = "fine"
    NO_DATA = "no_data"
    STALE = "stale"


class Policy(StrEnum):
    """What no data means to a rule."""

    KEEP = "keep"
    OK = "ok"
    ALERT = "alert"


ACTIVE = frozenset({State.PENDING, State.FIRING})


@dataclass(frozen=True, slots=True)
class Memory:
    """What an alert remembers between evaluations."""

    state: State = State.INACTIVE
    active_since: datetime | None = None
    keep_since: datetime | None = None
    fired_at: datetime | None = None
    resolved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a breach must last before it fires, and how long an alert outlives it."""

    hold: timedelta = timedelta(0)
    keep: timedelta = timedelta(0)


def advance(memory: Memory, seen: Seen, *, at: datetime, timing: Timing, policy: Policy) -> list[Memory]:
    """The states the alert goes through at this evaluation, newest last; empty when nothing changed.

    More than one where a state is passed at once: a breach with `for` 0 is pending and then firing.
    """
    step = _judged(memory, seen, at, timing, policy)
    trail = [] if step == memory else [step]
    if step.state == State.PENDING and seen != Seen.STALE and not _is_kept(seen, policy):
        since = step.active_since or at
        if at - since >= timing.hold:
            trail.append(replace(step, state=State.FIRING, fired_at=at))
    return trail


def _is_kept(seen: Seen, policy: Policy) -> bool:
    """Whether this evaluation leaves active alerts as they are."""
    return seen == Seen.STALE or (seen == Seen.NO_DATA and policy == Policy.KEEP)


def _judged(memory: Memory, seen: Seen, at: datetime, timing: Timing, policy: Policy) -> Memory:
    if _is_kept(seen, policy):
        return memory if memory.state in ACTIVE else replace(memory, state=State(seen.value))
    if seen == Seen.BREACHED or (seen == Seen.NO_DATA and policy == Policy.ALERT):
        if memory.state in ACTIVE:
            return replace(memory, keep_since=None)
        return Memory(State.PENDING, active_since=at, resolved_at=memory.resolved_at)
    return _quiet(memory, at, timing)


def _quiet(memory: Memory, at: datetime, timing: Timing) -> Memory:
    if memory.state == State.FIRING and timing.keep > timedelta(0):
        since = memory.keep_since or at
        if at - since < timing.keep:
            return replace(memory, keep_since=since)
    if memory.state == State.FIRING:
        return replace(memory, state=State.INACTIVE, active_since=None, keep_since=None, resolved_at=at)
    if memory.state == State.INACTIVE:
        return memory
    return replace(memory, state=State.INACTIVE, active_since=None, keep_since=None)
