"""When alerts fired, until when, and which of that was flapping. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from alerting.fatigue.facts import Change
from alerting.states.flap_detection import flaps, recent

FIRING: Final = "firing"
PENDING: Final = "pending"


@dataclass(frozen=True, slots=True)
class Fired:
    """One time that an alert fired. `since` is when the breach began, `end` None where it had not ended."""

    rule: int
    alert: int
    incident: int | None
    since: datetime
    start: datetime
    end: datetime | None
    is_breach: bool = True
    flaps: bool = False


def firings(changes: Iterable[Change], windows: Mapping[int, float]) -> list[Fired]:
    """Every firing that began among these changes, by rule, alert and time; changes come in any order.

    `windows`: of each rule the seconds over which turns are flapping (`alerting.states.flap_detection.flap_window`).
    """
    by_alert: dict[tuple[int, int], list[Change]] = {}
    for change in changes:
        by_alert.setdefault((change.rule, change.alert), []).append(change)
    found: list[Fired] = []
    for key in sorted(by_alert):
        found += _flapping(_of_alert(sorted(by_alert[key], key=lambda one: one.at)), windows[key[0]])
    return found


def _of_alert(changes: Sequence[Change]) -> list[Fired]:
    found: list[Fired] = []
    since: datetime | None = None
    fires = False
    for change in changes:
        if change.to == FIRING and not fires:
            begun = since if since is not None else change.at
            found.append(Fired(change.rule, change.alert, change.incident, begun, change.at, None, change.is_breach))
        elif change.to != FIRING and fires:
            found[-1] = replace(found[-1], end=change.at)
        fires = change.to == FIRING
        since = change.at if change.to == PENDING else since if fires else None
    return found


def _flapping(fired: Sequence[Fired], window: float) -> list[Fired]:
    """The same, each marked whose beginning or end found its alert flapping, by the measure that the live evaluator goes by."""
    moments = [at.timestamp() for one in fired for at in (one.start, one.end) if at is not None]
    busy: set[int] = set()
    turns: list[float] = []
    flapped = False
    for place, at in enumerate(moments):
        flapped = flapped and flaps(True, turns, at=at, window=window)  # it may have settled since the turn before
        turns = [*recent(turns, at=at, window=window), at]
        flapped = flaps(flapped, turns, at=at, window=window)
        if flapped:
            busy.add(place)
    # Every firing but the last has both its moments.
    return [replace(one, flaps=bool(busy & {2 * place, 2 * place + 1})) for place, one in enumerate(fired)]
