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
    """The slice, of what the first and the last breached window covered, from which the limit is passed most clearly.

    Quantities that a shorter slice changes (requests, tokens, cost) take the start of the first breached window; an
    alert about missing data, the moment from which data were missing.
    """
    if seen.seen != Seen.BREACHED:
        return active_since
    start = seen.window_end - timedelta(seconds=seen.window_s) - (at - active_since)
    count = max(1, min(SLICES, (seen.window_end - start) // MINUTE))
    edges = [start + (seen.window_end - start) * place / count for place in range(count + 1)]
    if rule.slo is not None and rule.kind == AlertRule.Kind.BURN_RATE:
        slices = read_slices(rule.slo, subject, edges=edges)
        return edges[onset([part.bad - seen.limit * part.valid for part in slices])]
    if not MEASURES[rule.measure].sampled:
        return start
    return edges[onset(_excess(rule, subject, seen, edges))]


def _excess(rule: AlertRule, subject: Subject, seen: Judgement, edges: Sequence[datetime]) -> list[float]:
    model = rule_model(rule)
    scope = Scope(model.project_id, model.pk, environment=environment_of(rule))
    points = read_series([rule.measure], scope, edges=edges, now=seen.window_end, subject=subject)[rule.measure]
    sign = 1 if rule.comparison == AlertRule.Comparison.ABOVE else -1
    return [sign * point.n * (point.value - seen.limit) if point.value is not None else 0.0 for point in points]
