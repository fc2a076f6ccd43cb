"""What a rule saw then, beside what its backtest sees now."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
from django.db.models import Max, Min, QuerySet

from alerting.evaluate.targets import Target
from alerting.kinds.base import Answers, moment
from alerting.models import Alert, AlertRule, AlertTransition, Evaluation
from alerting.states.machine import State
from alerting.states.replay import Move, Slots, Stretch
from monitoring.stats.windows import Floats, Integers

MOST: Final = 50
KNOWN: Final = {State.FIRING.value: 1.0, State.PENDING.value: 0.0, State.INACTIVE.value: 0.0}


@dataclass(frozen=True, slots=True)
class Played:
    """One alert of a rule over the past: what was seen, how the alert moved, and when it fired."""

    target: Target
    answers: Answers
    moves: Sequence[Move]
    stretches: Sequence[Stretch]

    @property
    def fired(self) -> int:
        """At how many instants."""
        return sum(one.end - one.start for one in self.stretches)


@dataclass(frozen=True, slots=True)
class Difference:
    """The first instant of a stretch in which the rule fired then and not now, or the other way round.

    It is hindsight where it rests on other numbers than then; else the rule, or what it compares with, was another.
    """

    at: datetime
    fired_then: bool
    fires_now: bool
    then_value: float | None
    now_value: float | None
    then_valid: int | None
    now_valid: int | None
    then_reason: str = ""
    group: str = ""

    @property
    def is_hindsight(self) -> bool:
        """Whether later truth makes the difference."""
        return (self.then_value, self.then_valid) != (self.now_value, self.now_valid)


def differences(rule: AlertRule, slots: Slots, parts: Sequence[Played]) -> list[Difference]:
    """Where what the rule did differs from what it would do, at most 50; of a rule that was saved."""
    if not _is_as_saved(rule):
        return []
    looked = Evaluation.objects.filter(rule=rule, slot__gte=slots.at(0), slot__lt=slots.at(slots.count))
    known = {group: span for group, *span in looked.values_list("group").annotate(Min("slot"), Max("slot")).order_by()}
    moves = _moves(rule, slots)
    found: list[Difference] = []
    for part in (one for one in parts if one.target.group in known):
        mine = [(at, state) for mark, at, state in moves if not part.target.group or mark == part.target.fingerprint]
        places = _places(part, slots, known[part.target.group], _fired(mine, slots))
        group = looked.filter(group=part.target.group)
        found += _differences(part, slots, places, group) if places else []
    return sorted(found, key=lambda one: one.at)[:MOST]


def fires_then(rule: AlertRule, until: Integers) -> Floats:
    """1, 0 or NaN at each of these instants (epoch seconds): what its alerts, any of which decides, were then. For rules that
    are judged elsewhere, and cannot be asked again.
    """
    rows = AlertTransition.objects.filter(alert__rule=rule, alert__signal=Alert.Signal.BREACH).order_by("at", "id")
    rows = rows.filter(at__lte=moment(until[-1]))
    told: defaultdict[int, list[tuple[float, float]]] = defaultdict([(-np.inf, np.nan)].copy)
    for alert, at, state in rows.values_list("alert", "at", "to_state"):
        told[alert].append((at.timestamp(), KNOWN.get(state, np.nan)))
    found = np.full(len(until), np.nan)
    for times, states in (np.array(moves).T for moves in told.values()):
        found = np.fmax(found, states[np.searchsorted(times, until, side="right") - 1])
    return found


def _places(part: Played, slots: Slots, known: Sequence[datetime], spans: Sequence[tuple[int, int]]) -> list[int]:
    """Where stretches begin in which one fires and the other does not, while the rule was looked at."""
    fires, fired = np.zeros(slots.count, dtype=bool), np.zeros(slots.count, dtype=bool)
    for stretch in part.stretches:
        fires[stretch.start : stretch.end] = True
    for begin, end in spans:
        fired[begin:end] = True
    differ = fires != fired
    differ[: _place(slots, known[0])] = False
    differ[_place(slots, known[1]) + 1 :] = False
    found: list[int] = np.flatnonzero(np.diff(differ.astype(np.int8), prepend=0) == 1)[:MOST].tolist()
    return found


def _differences(part: Played, slots: Slots, places: Sequence[int], looked: QuerySet[Evaluation]) -> list[Difference]:
    seen = {row.slot: row for row in looked.filter(slot__in=[slots.at(place) for place in places])}
    fires = {place for one in part.stretches for place in places if one.start <= place < one.end}
    return [
        _difference(seen[at], part, place, fires=place in fires) for place in places if (at := slots.at(place)) in seen
    ]


def _difference(then: Evaluation, part: Played, place: int, *, fires: bool) -> Difference:
    now = part.answers.of(place)
    return Difference(
        then.slot, not fires, fires, then.value, now.value, then.valid, now.valid, then.reason, part.target.group
    )


def _moves(rule: AlertRule, slots: Slots) -> list[tuple[str, datetime, str]]:
    """(fingerprint, when, to what) of its alerts."""
    rows = AlertTransition.objects.filter(alert__rule=rule, alert__signal=Alert.Signal.BREACH)
    told = rows.filter(at__lt=slots.at(slots.count)).order_by("at", "id")
    return list(told.values_list("alert__fingerprint", "at", "to_state"))


def _fired(moves: Sequence[tuple[datetime, str]], slots: Slots) -> list[tuple[int, int]]:
    """When an alert fired, as places of slots."""
    found, start = [], None
    for at, state in moves:
        if state == State.FIRING and start is None:
            start = _place(slots, at)
        elif state != State.FIRING and start is not None:
            found.append((max(0, start), max(0, _place(slots, at))))
            start = None
    return found if start is None else [*found, (max(0, start), slots.count)]


def _place(slots: Slots, at: datetime) -> int:
    """The first slot that is not before a moment."""
    return -((slots.first - at) // slots.step)


def _is_as_saved(rule: AlertRule) -> bool:
    """Whether it is the very rule that was evaluated, not a variant of it."""
    saved = AlertRule.objects.filter(pk=rule.pk).first()
    fields = [one.attname for one in AlertRule._meta.concrete_fields if one.editable]
    return saved is not None and all(getattr(saved, name) == getattr(rule, name) for name in fields)
