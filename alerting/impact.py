"""When the impact of a breach began: the best guess of a machine, made once, when the incident is opened."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from alerting.judge import Judgement
from alerting.models import AlertRule
from alerting.states import Seen
from alerting.words import environment_of, rule_model
from monitoring.measures import MEASURES, read_series
from monitoring.selectors.summaries import Scope
from monitoring.slo import read_slices
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
    if rule.kind == AlertRule.Kind.THRESHOLD and not MEASURES[rule.measure].sampled:
        return start
    while True:
        edges = _edges(start, end)
        place = onset(_excess(rule, subject, seen, edges))
        if edges[1] - edges[0] <= MINUTE:
            return edges[place]
        start, end = edges[max(0, place - 1)], edges[min(place + 2, len(edges) - 1)]


def _edges(start: datetime, end: datetime) -> list[datetime]:
    """At most 60 slices of whole minutes; the last may reach past the end."""
    minutes = max(1, -((start - end) // MINUTE))
    step = -(-minutes // SLICES) * MINUTE
    return [start + step * place for place in range(-((start - end) // step) + 1)]


def _excess(rule: AlertRule, subject: Subject, seen: Judgement, edges: Sequence[datetime]) -> list[float]:
    """Per slice, by how much its events pass the limit, weighted by their number."""
    if rule.kind == AlertRule.Kind.BURN_RATE and rule.slo is not None:
        slices = read_slices(rule.slo, subject, edges=edges)
        return [part.bad - seen.limit * part.valid for part in slices]
    model = rule_model(rule)
    scope = Scope(model.project_id, model.pk, environment=environment_of(rule))
    points = read_series([rule.measure], scope, edges=edges, now=seen.window_end, subject=subject)[rule.measure]
    sign = 1 if rule.comparison == AlertRule.Comparison.ABOVE else -1
    return [sign * point.n * (point.value - seen.limit) if point.value is not None else 0.0 for point in points]
