"""What a rule saw then, beside what its backtest sees now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
from django.db.models import Max, Min

from alerting.kinds.base import Answers
from alerting.models import Alert, AlertRule, AlertTransition, Evaluation
from alerting.replay import Slots, Stretch
from alerting.states import State

MOST: Final = 50


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

    @property
    def is_hindsight(self) -> bool:
        """Whether later truth makes the difference."""
        return (self.then_value, self.then_valid) != (self.now_value, self.now_valid)


def differences(rule: AlertRule, slots: Slots, answers: Answers, now: Sequence[Stretch]) -> list[Difference]:
    """Where what the rule did differs from what it would do, at most 50; of a rule that was saved and has one alert."""
    if rule.grouping or not _is_as_saved(rule):
        return []
    looked = Evaluation.objects.filter(rule=rule, slot__gte=slots.at(0), slot__lt=slots.at(slots.count))
    known = looked.aggregate(first=Min("slot"), last=Max("slot"))
    if known["first"] is None:
        return []
    fires, fired = np.zeros(slots.count, dtype=bool), np.zeros(slots.count, dtype=bool)
    for stretch in now:
        fires[stretch.start : stretch.end] = True
    for begin, end in _fired(rule, slots):
        fired[begin:end] = True
    differ = fires != fired
    differ[: _place(slots, known["first"])] = False
    differ[_place(slots, known["last"]) + 1 :] = False
    places = np.flatnonzero(np.diff(differ.astype(np.int8), prepend=0) == 1)[:MOST].tolist()
    seen = {row.slot: row for row in looked.filter(slot__in=[slots.at(place) for place in places])}
    return [
        _difference(seen[at], answers, place, fired=bool(fired[place]))
        for place in places
        if (at := slots.at(place)) in seen
    ]


def _difference(then: Evaluation, answers: Answers, place: int, *, fired: bool) -> Difference:
    now = answers.of(place)
    return Difference(
        then.slot, fired, not fired, then.value, now.value, then.valid, now.valid, then_reason=then.reason
    )


def _fired(rule: AlertRule, slots: Slots) -> list[tuple[int, int]]:
    """When its alert fired, as places of slots."""
    rows = AlertTransition.objects.filter(alert__rule=rule, alert__signal=Alert.Signal.BREACH)
    found, start = [], None
    for at, state in rows.filter(at__lt=slots.at(slots.count)).order_by("at", "id").values_list("at", "to_state"):
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
