"""Patterns of log lines over a span of time: how often, since when, and a line of each that is still kept. Five queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from models_registry.models import Model, Project
from monitoring.models import Category, LogPattern, LogRecord
from monitoring.selectors.summaries import Ask, Scope, read_tallies_of
from monitoring.selectors.wire import moment
from monitoring.stats.layouts import PAST_CAP, PATTERNS
from monitoring.stats.patterns import id_of, key_of, of_word
from monitoring.stats.tally import Tally


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern of one model's or service's lines at one level. `id` is empty for the lines of all patterns past the cap.

    `trend` counts its lines in each window; `first` and `last` are of all time, `is_new` says that it began in the span.
    """

    id: str
    model: Model
    level: str
    template: str
    count: int
    trend: tuple[int, ...]
    first: datetime
    last: datetime
    is_new: bool
    sample_ref: int


@dataclass(frozen=True, slots=True)
class Patterns:
    """What was seen in the span, the most frequent first; `total` counts all its lines."""

    items: list[Pattern]
    total: int


def read_patterns(
    project: Project,
    edges: Sequence[datetime],
    *,
    model: Model | None = None,
    environment: str = "",
    level: str = "",
    only_new: bool = False,
) -> Patterns:
    """The patterns in the windows between neighbouring edges (whole hours but for the last)."""
    own = {"model": model} if model else {"model__project": project}
    seen = {(row.model_id, row.code): row for row in LogPattern.objects.filter(**own)}
    models = Model.objects.in_bulk({model_id for model_id, _ in seen})
    asks = [
        Ask(Scope(project.pk, pk, None, environment or None), frozenset({PATTERNS}), tuple(edges))
        for pk in sorted(models)
    ]
    words = {
        (model_id, code): value
        for model_id, code, value in Category.objects.filter(model__in=models, field=PATTERNS).values_list(
            "model_id", "code", "value"
        )
    }
    found: list[Pattern] = []
    for ask, tallies in zip(asks, read_tallies_of(asks), strict=True):
        for code, trend in _trends(tallies).items():
            place = (ask.scope.model_id, code)
            if place in seen:
                found.append(_pattern(models[place[0]], seen[place], words.get(place, ""), trend, edges[0]))
    total = sum(one.count for one in found)
    kept = [one for one in found if level in ("", one.level) and (one.is_new or not only_new)]
    return Patterns(sorted(kept, key=lambda one: (-one.count, one.model.slug, one.template)), total)


def _trends(tallies: Sequence[Tally]) -> dict[int, tuple[int, ...]]:
    """How often each code was in each window; of those that were."""
    cells = [tally.cell(PATTERNS) for tally in tallies]
    counts = [dict(zip(cell.bins.tolist(), cell.counts.tolist(), strict=True)) for cell in cells]
    codes = sorted({code for one in counts for code in one})
    return {code: tuple(one.get(code, 0) for one in counts) for code in codes}


def _pattern(model: Model, row: LogPattern, word: str, trend: tuple[int, ...], start: datetime) -> Pattern:
    is_other = row.code == PAST_CAP
    level, template = ("", "") if is_other else of_word(word)
    return Pattern(
        "" if is_other else id_of(key_of(word)),
        model,
        level,
        template,
        sum(trend),
        trend,
        moment(row.first_us),
        moment(row.last_us),
        not is_other and moment(row.first_us) >= start,
        row.sample_ref,
    )


def samples_of(patterns: Sequence[Pattern]) -> dict[int, LogRecord]:
    """The newest line of each, by its reference; of those that retention has left."""
    return LogRecord.objects.select_related("version__model").in_bulk([one.sample_ref for one in patterns])
