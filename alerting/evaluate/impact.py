"""When the impact of a breach began: the best guess of a machine, made once, when the incident is opened."""

from datetime import datetime, timedelta
from typing import Final

from alerting.kinds import rule_kind
from alerting.kinds.base import Judgement
from alerting.models import AlertRule
from alerting.states.machine import Seen
from monitoring.stats.onset import onset
from monitoring.stats.tally import Subject

SLICES: Final = 60
MINUTE: Final = timedelta(minutes=1)


def impact_start(
    rule: AlertRule, subject: Subject, seen: Judgement, *, active_since: datetime, at: datetime
) -> datetime:
    """The minute, of all that breached windows covered so far, from which the limit is passed most clearly.

    It is looked for in at most 60 slices, then again around the one that was found, down to the minute. Quantities that a shorter slice changes (requests, tokens, cost) take the start of the first breached window; an
    alert about missing data, the moment from which data were missing.
    """
    if seen.seen != Seen.BREACHED:
        return active_since
    start, end = seen.window_end - timedelta(seconds=seen.window_s) - (at - active_since), seen.window_end
    if not rule_kind(rule).divisible(rule):
        return start
    while True:
        edges = _edges(start, end)
        place = onset(rule_kind(rule).excess(rule, subject, seen, edges))
        if edges[1] - edges[0] <= MINUTE:
            return edges[place]
        start, end = edges[max(0, place - 1)], edges[min(place + 2, len(edges) - 1)]


def _edges(start: datetime, end: datetime) -> list[datetime]:
    """At most 60 slices of whole minutes; the last may reach past the end."""
    minutes = max(1, -((start - end) // MINUTE))
    step = -(-minutes // SLICES) * MINUTE
    return [start + step * place for place in range(-((start - end) // step) + 1)]
