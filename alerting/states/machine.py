"""The alert state machine. Pure: no Django, no database.

Prometheus's semantics (prometheus/rules/alerting.go): the first true evaluation makes an alert pending, and firing in
the same evaluation if it has been true for `for`; one false evaluation clears a pending alert; a firing alert stays
firing until it has been false for `keep_firing_for`, and a true evaluation resets that clock. Meanwhile it is
*recovering*.

Added to it: an evaluation may be unable to tell. *Stale* (the drain is behind) never changes an active alert. *No data*
and *error* do what the rule's policy for each says, after a `for` of their own: keep the last state, count as healthy,
or count as a breach; or keep it while another alert, of low severity, tells of the blindness. An alert that was quiet
while nobody could tell shows it: its state is `no_data`, `error` or `stale`, not `inactive`. *Between* (a threshold and
the number at which it recovers) is a breach to an alert that fires and nothing to any other: hysteresis.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """What an alert is."""

    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"
    NO_DATA = "no_data"
    STALE = "stale"
    ERROR = "error"


class Seen(StrEnum):
    """What one evaluation saw."""

    BREACHED = "breached"
    FINE = "fine"
    BETWEEN = "between"
    NO_DATA = "no_data"
    STALE = "stale"
    ERROR = "error"


SEEN: Final = tuple(Seen)  # arrays of what was seen hold places in it


class Policy(StrEnum):
    """What no data, or an error, means to a rule."""

    KEEP = "keep"
    OK = "ok"
    ALERT = "alert"
    SEPARATE = "separate"


ACTIVE: Final = frozenset({State.PENDING, State.FIRING})
BLIND: Final = frozenset({Seen.NO_DATA, Seen.ERROR})
AT_ONCE: Final = timedelta(0)


@dataclass(frozen=True, slots=True)
class Memory:
    """What an alert remembers between evaluations; `blind_since` is when the evaluations began that could not tell."""

    state: State = State.INACTIVE
    active_since: datetime | None = None
    keep_since: datetime | None = None
    fired_at: datetime | None = None
    resolved_at: datetime | None = None
    blind_since: datetime | None = None

    @property
    def is_recovering(self) -> bool:
        """Firing, but no longer breached: it ends after `keep_firing_for`."""
        return self.state == State.FIRING and self.keep_since is not None


@dataclass(frozen=True, slots=True)
class Blindness:
    """What a rule does when it cannot tell, once that has lasted for `hold`; None is the rule's own `for`."""

    policy: Policy = Policy.KEEP
    hold: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """How long a breach must last before it fires, how long an alert outlives it, and what to do when nobody can tell."""

    hold: timedelta = AT_ONCE
    keep: timedelta = AT_ONCE
    blind: Mapping[Seen, Blindness] = field(default_factory=dict)

    def blindness(self, seen: Seen) -> Blindness:
        """What this kind of it means: keep the state unless the rule says otherwise."""
        return self.blind.get(seen, Blindness())

    def own_hold(self, seen: Seen) -> timedelta:
        """Its own `for`, or the rule's."""
        found = self.blindness(seen).hold
        return self.hold if found is None else found


def advance(memory: Memory, seen: Seen, *, at: datetime, plan: Plan) -> list[Memory]:
    """The states the alert goes through at this evaluation, newest last; empty when nothing changed.

    More than one where a state is passed at once: a breach with `for` 0 is pending and then firing.
    """
    seen = _decided(memory, seen)
    before = _noted(memory, seen, at)
    step = _judged(before, seen, at, plan)
    trail = [] if step == memory else [step]
    counts = seen == Seen.BREACHED or (seen in BLIND and plan.blindness(seen).policy == Policy.ALERT)
    if step.state == State.PENDING and counts:
        hold = plan.hold if seen == Seen.BREACHED else plan.own_hold(seen)
        if at - (step.active_since or at) >= hold:
            trail.append(replace(step, state=State.FIRING, fired_at=at))
    return trail


def signal(memory: Memory, kind: Seen, seen: Seen, *, at: datetime, plan: Plan) -> list[Memory]:
    """The same for the alert that tells of one kind of blindness, where the policy wants one of its own."""
    told = Seen.STALE if seen == Seen.STALE else Seen.FINE
    if seen == kind and plan.blindness(kind).policy == Policy.SEPARATE:
        told = Seen.BREACHED
    if told == Seen.STALE and memory.state not in ACTIVE:
        return []
    return advance(memory, told, at=at, plan=Plan(hold=plan.own_hold(kind)))


def is_settled(memory: Memory, seen: Seen, *, plan: Plan) -> bool:
    """Whether the same evaluation over and over would change nothing, however long: no clock is running."""
    seen = _decided(memory, seen)
    if seen == Seen.BREACHED:
        return memory.state == State.FIRING and memory.keep_since is None
    if seen == Seen.FINE:
        return memory.state == State.INACTIVE
    policy = plan.blindness(seen).policy if seen in BLIND else Policy.KEEP
    settled = {Policy.OK: State.INACTIVE, Policy.ALERT: State.FIRING}.get(policy)
    return settled is None or (memory.state == settled and memory.keep_since is None)


def missed(memory: Memory, gap: timedelta) -> Memory:
    """After a time in which nobody looked, which counts for no clock: a restart, or a clock that was put forward."""
    return replace(
        memory,
        active_since=memory.active_since + gap
        if memory.active_since and memory.state == State.PENDING
        else memory.active_since,
        keep_since=memory.keep_since + gap if memory.keep_since else None,
        blind_since=memory.blind_since + gap if memory.blind_since else None,
    )


def put_back(memory: Memory, at: datetime) -> Memory:
    """After the clock was put back: nothing began later than now."""
    since = (memory.active_since, memory.keep_since, memory.blind_since)
    active, keep, blind = (None if one is None else min(one, at) for one in since)
    return replace(memory, active_since=active, keep_since=keep, blind_since=blind)


def _decided(memory: Memory, seen: Seen) -> Seen:
    if seen != Seen.BETWEEN:
        return seen
    return Seen.BREACHED if memory.state == State.FIRING else Seen.FINE


def _noted(memory: Memory, seen: Seen, at: datetime) -> Memory:
    """With the moment since which nobody could tell; the drain's delay neither begins nor ends that."""
    if seen in BLIND:
        return memory if memory.blind_since else replace(memory, blind_since=at)
    if seen == Seen.STALE or memory.blind_since is None:
        return memory
    return replace(memory, blind_since=None)


def _judged(memory: Memory, seen: Seen, at: datetime, plan: Plan) -> Memory:
    if seen == Seen.FINE:
        return _quiet(memory, at, plan.keep)
    if seen == Seen.BREACHED:
        return _breached(memory, since=at)
    policy = plan.blindness(seen).policy if seen in BLIND else Policy.KEEP
    if policy == Policy.ALERT:
        return _breached(memory, since=memory.blind_since or at)
    if policy == Policy.OK and at - (memory.blind_since or at) >= (plan.blindness(seen).hold or AT_ONCE):
        return _quiet(memory, at, plan.keep)
    return memory if memory.state in ACTIVE else replace(memory, state=State(seen.value))


def _breached(memory: Memory, *, since: datetime) -> Memory:
    if memory.state in ACTIVE:
        return replace(memory, keep_since=None)
    return Memory(State.PENDING, active_since=since, resolved_at=memory.resolved_at, blind_since=memory.blind_since)


def _quiet(memory: Memory, at: datetime, keep: timedelta) -> Memory:
    if memory.state == State.FIRING and keep > AT_ONCE:
        since = memory.keep_since or at
        if at - since < keep:
            return replace(memory, keep_since=since)
    if memory.state == State.FIRING:
        return replace(memory, state=State.INACTIVE, active_since=None, keep_since=None, resolved_at=at)
    if memory.state == State.INACTIVE:
        return memory
    return replace(memory, state=State.INACTIVE, active_since=None, keep_since=None)
