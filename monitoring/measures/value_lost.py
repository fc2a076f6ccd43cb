"""What a window cost: what its decisions or requests would have been worth as usual, less what they are worth.

Usual are the same hours a week before, for weekdays and hours differ; without enough of that, as many just before. Whole
hours: of last week's minutes those that are past their retention are gone, and what an incident cost must not change then.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from models_registry.models import Model
from monitoring.selectors.summaries import Ask, Scope, read_tallies_of
from monitoring.stats.estimated import METRICS as SCORES
from monitoring.stats.layouts import MILLIONTHS
from monitoring.stats.tally import Subject, Tally
from monitoring.stats.value import ENOUGH, matrix_value, worth_of_decisions

HOUR, WEEK = timedelta(hours=1), timedelta(days=7)
METRICS = frozenset({"confusion", "decision", "business_value", "status", *SCORES})
Baseline = Literal["week", "before"]


@dataclass(frozen=True, slots=True)
class Loss:
    """lost = rate × count − worth. `of`: labelled decisions by the value matrix, or requests by revenue."""

    lost: float
    rate: float
    count: int
    worth: float
    of: Literal["decisions", "requests"]
    baseline: Baseline


def value_lost(
    model: Model, environment: str | None, *, start: datetime, end: datetime, subject: Subject
) -> Loss | None:
    """The loss of [start, end), by the value matrix where there is one, else by revenue. None where nothing tells.

    One query. Negative: the window was worth more than usual.
    """
    scope = Scope(model.project_id, model.pk, environment=environment)
    first, last = _hour(start), _hour(end + HOUR - timedelta.resolution)
    windows = ((start, end), (first - WEEK, last - WEEK), (first - (last - first), first))
    (now,), (week,), (before,) = read_tallies_of([Ask(scope, METRICS, edges) for edges in windows])
    names: tuple[Baseline, Baseline] = ("week", "before")
    baselines = list(zip(names, (week, before), strict=True))
    return next((loss for loss in _losses(now, baselines, subject) if loss), None)


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _losses(now: Tally, baselines: list[tuple[Baseline, Tally]], subject: Subject) -> Iterator[Loss | None]:
    for name, tally in baselines:
        yield _by_decisions(now, tally, name, subject)
    for name, tally in baselines:
        yield _by_revenue(now, tally, name)


def _by_decisions(now: Tally, usual: Tally, name: Baseline, subject: Subject) -> Loss | None:
    known, found = matrix_value(usual, subject), worth_of_decisions(now, subject)
    if known.value is None or known.n < ENOUGH or found is None:
        return None
    worth, count, _n = found
    rate = known.value / known.n
    return Loss(rate * count - worth, rate, count, worth, "decisions", name)


def _by_revenue(now: Tally, usual: Tally, name: Baseline) -> Loss | None:
    before, after = usual.cell("business_value"), now.cell("business_value")
    requests, count = usual.cell("status").n, now.cell("status").n
    if not before.n or requests < ENOUGH:
        return None
    rate, worth = before.total / MILLIONTHS / requests, after.total / MILLIONTHS
    return Loss(rate * count - worth, rate, count, worth, "requests", name)
