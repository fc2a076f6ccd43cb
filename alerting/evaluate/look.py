"""Read what rules ask for: once for the present, all of them together; or, for one, at every instant of a past."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from django.db.models import Max

from alerting.kinds.base import Asked, Beats, BeatsAsked, Members, MembersAsked, moment
from alerting.models import Alert, Heartbeat
from monitoring.selectors.history import Question, read_history, read_once
from monitoring.slo.windows import WindowsAsk, read_objective_windows
from monitoring.stats.windows import Floats, epoch


def look(asked: Sequence[Asked]) -> list[Any]:
    """What each asked for at its one instant: for any number of them one statement for the
    events of objectives, one for other summaries, one for heartbeats, one for other rules.
    """
    windows = iter(read_once(one for one in asked if isinstance(one, Question)))
    promised = iter(read_objective_windows([one for one in asked if isinstance(one, WindowsAsk)]))
    beats = _newest([one for one in asked if isinstance(one, BeatsAsked)])
    states = _states([one for one in asked if isinstance(one, MembersAsked)])
    found: list[Any] = []
    for one in asked:
        if isinstance(one, BeatsAsked):
            found.append(Beats(one.until, np.array([beats.get(one.rule_id or 0, -1)])))
        elif isinstance(one, WindowsAsk):
            found.append(next(promised))
        elif isinstance(one, MembersAsked):
            found.append(Members(one.until, {slug: _fires(states, one.project_id, slug) for slug in one.slugs}))
        else:
            found.append(next(windows))
    return found


def look_back(asked: Sequence[Question | WindowsAsk | BeatsAsked]) -> list[Any]:
    """The same for many instants; of objectives all together."""
    promised = iter(read_objective_windows([one for one in asked if isinstance(one, WindowsAsk)]))
    return [next(promised) if isinstance(one, WindowsAsk) else _look_back(one) for one in asked]


def _look_back(asked: Question | BeatsAsked) -> Any:
    if isinstance(asked, Question):
        return read_history(asked)
    rows = Heartbeat.objects.filter(rule=asked.rule_id, at__lte=moment(asked.until[-1])).order_by("at")
    times = np.array([-1, *(epoch(at) for at in rows.values_list("at", flat=True))], dtype=np.int64)
    return Beats(asked.until, times[np.searchsorted(times, asked.until, side="right") - 1])


def _newest(asked: Sequence[BeatsAsked]) -> dict[int, int]:
    """The newest heartbeat that each instant knows: what came before all of them in one statement, the rest in another."""
    if not asked:
        return {}
    until = {one.rule_id or 0: int(one.until[-1]) for one in asked}
    low, high = moment(min(until.values())), moment(max(until.values()))
    rows = Heartbeat.objects.filter(rule__in=until)
    found = {rule: epoch(at) for rule, at in rows.filter(at__lte=low).values_list("rule_id").annotate(Max("at"))}
    later = rows.filter(at__gt=low, at__lte=high).order_by("at").values_list("rule_id", "at")
    found.update((rule, epoch(at)) for rule, at in later if epoch(at) <= until[rule])
    return found


States = dict[tuple[int, str], set[str]]


def _states(asked: Sequence[MembersAsked]) -> States:
    """(project, slug) → the states of its alerts."""
    found: States = {}
    if asked:
        slugs = {slug for one in asked for slug in one.slugs}
        rows = Alert.objects.filter(
            rule__project__in={one.project_id for one in asked}, rule__slug__in=slugs, signal=Alert.Signal.BREACH
        )
        for project, slug, state in rows.values_list("rule__project_id", "rule__slug", "state"):
            found.setdefault((project, slug), set()).add(state)
    return found


def _fires(states: States, project_id: int, slug: str) -> Floats:
    """Any of its alerts decides; a rule that was never evaluated cannot tell."""
    mine = states.get((project_id, slug), set())
    if Alert.State.FIRING in mine:
        return np.ones(1)
    known = bool(mine & {Alert.State.INACTIVE.value, Alert.State.PENDING.value})
    return np.zeros(1) if known else np.full(1, np.nan)
