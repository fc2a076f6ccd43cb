"""How often answers pass each evaluator: of every application that it judges, in one query of the summaries."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from models_registry.models import Model
from monitoring.measures.series import Wanted, read_windows, subjects_of
from monitoring.models import Evaluator
from monitoring.selectors.summaries import Scope
from monitoring.stats.evaluated import measure_name
from monitoring.stats.intervals import Reading

DAY: Final = timedelta(days=1)
MOST_APPLICATIONS: Final = 50


class Rate(NamedTuple):
    """Of one application; `pass_rate` without a value where nothing was judged."""

    model: Model
    pass_rate: Reading
    mean_score: Reading


def read_rates(evaluators: Sequence[Evaluator], *, start: datetime, end: datetime) -> Mapping[int, list[Rate]]:
    """Evaluator → its rates over [start, end), by application: its own, or the first fifty of the project."""
    owners = _applications(evaluators)
    subjects = subjects_of({model.pk: model for mine in owners.values() for model in mine}.values())
    asked = [(one, model) for one in evaluators for model in owners[one.pk]]
    wanted = [
        Wanted(_names(one), Scope(one.project_id, model.pk), (start, end), subjects[model.pk]) for one, model in asked
    ]
    found: defaultdict[int, list[Rate]] = defaultdict(list)
    for (one, model), read in zip(asked, read_windows(wanted), strict=True):
        rate, score = (read[name] for name in _names(one))
        found[one.pk].append(Rate(model, rate, score))
    return found


def _names(one: Evaluator) -> tuple[str, str]:
    return measure_name(one.slug, "pass_rate"), measure_name(one.slug, "mean_score")


def _applications(evaluators: Sequence[Evaluator]) -> Mapping[int, Sequence[Model]]:
    """Evaluator → whom it judges."""
    everybody = {one.project_id for one in evaluators if one.model is None}
    by_project: defaultdict[int, list[Model]] = defaultdict(list)
    for model in Model.objects.filter(project__in=everybody, kind=Model.Kind.LLM).order_by("slug"):
        by_project[model.project_id].append(model)
    return {one.pk: [one.model] if one.model else by_project[one.project_id][:MOST_APPLICATIONS] for one in evaluators}
