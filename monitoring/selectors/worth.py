"""What a model's definition says of value, in the codes of its summaries: its matrix, its converting events, what is usual."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from django.db.models import Q

from models_registry.models import Model
from monitoring.items import canonical_label
from monitoring.selectors.summaries import Ask, Scope, read_tallies_of
from monitoring.stats.intervals import Reading
from monitoring.stats.tally import Subject, Worth
from monitoring.stats.value import ENOUGH, matrix_value

CLASS, BUSINESS = "class", "business"
Codes = Mapping[tuple[int, str, str], int]  # model, field, value → code
DAY, WEEK = timedelta(days=1), 7
AHEAD = 31  # days that are read together: a month's chart asks once


def named_by(models: Iterable[Model]) -> Q | None:
    """The classes and events that the definitions of these models name; None where they name none."""
    models = list(models)
    classes = {name for model in models for name in _classes(model)}
    events = {name for model in models for name in model.conversion_events}
    if not classes and not events:
        return None
    return Q(field=CLASS, value__in=classes) | Q(field=BUSINESS, value__in=events)


def _classes(model: Model) -> list[str]:
    positive = [canonical_label(model.positive_label)] if model.kind == Model.Kind.BINARY else []
    return [*positive, *map(canonical_label, model.value_matrix)]


def converting_of(model: Model, codes: Codes) -> frozenset[int] | None:
    """Codes of the events that convert; None where every one does. One that never came has no code."""
    if not model.conversion_events:
        return None
    found = (codes.get((model.pk, BUSINESS, name)) for name in model.conversion_events)
    return frozenset(code for code in found if code is not None)


def worth_of(model: Model, codes: Codes) -> Worth | None:
    """The matrix by codes; classes that no event ever named have none yet. None without a matrix."""
    matrix = model.value_matrix
    if not matrix:
        return None
    code_of = {name: codes.get((model.pk, CLASS, canonical_label(name))) for name in matrix}
    cells = {
        (true, decided): float(value)
        for name, row in matrix.items()
        for other, value in row.items()
        if (true := code_of[name]) is not None and (decided := code_of.get(other)) is not None
    }
    return Worth(cells, _binary(model))


def _binary(model: Model) -> tuple[float, float, float, float] | None:
    """Of true and false positives, false and true negatives."""
    matrix, positive = model.value_matrix, model.positive_label
    if model.kind != Model.Kind.BINARY or positive not in matrix or len(matrix) != 2:
        return None
    [negative] = matrix.keys() - {positive}
    pairs = ((positive, positive), (negative, positive), (positive, negative), (negative, negative))
    tp, fp, fn, tn = (float(matrix[true][decided]) for true, decided in pairs)
    return tp, fp, fn, tn


Usual = Callable[[datetime], float | None]


def usual_of(models: Iterable[Model], worths: Mapping[int, Worth | None]) -> dict[int, Usual]:
    """By model: a function from a moment to what a labelled decision was worth in the week before its day.

    Days are read together, of all models that have a matrix, when one of them is first asked for: a chart of a month costs
    two queries at most, and so does an hour of a hundred models.
    """
    valued = {model.pk: model for model in models if worths[model.pk] is not None}
    known: dict[tuple[int, datetime], float | None] = {}

    def usual(pk: int, moment: datetime) -> float | None:
        day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        if (pk, day) not in known:
            known.update(_usual_from(valued.values(), worths, day))
        return known[pk, day]

    return {pk: partial(usual, pk) for pk in valued}


def _usual_from(
    models: Iterable[Model], worths: Mapping[int, Worth | None], day: datetime
) -> dict[tuple[int, datetime], float | None]:
    models, edges = list(models), tuple(day + DAY * number for number in range(-WEEK, AHEAD))
    metrics = frozenset({"confusion"})
    read = read_tallies_of(Ask(Scope(model.project_id, model.pk), metrics, edges) for model in models)
    found: dict[tuple[int, datetime], float | None] = {}
    for model, tallies in zip(models, read, strict=True):
        subject = Subject(model.kind, worth=worths[model.pk])
        readings = [matrix_value(tally, subject) for tally in tallies]
        for place in range(WEEK, len(edges)):
            found[model.pk, edges[place]] = _mean(readings[place - WEEK : place])
    return found


def _mean(days: Sequence[Reading]) -> float | None:
    n = sum(day.n for day in days)
    return sum(day.value or 0.0 for day in days) / n if n >= ENOUGH else None
