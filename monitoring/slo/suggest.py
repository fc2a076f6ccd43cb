"""Objectives that a model would have kept: what to promise where nobody has promised anything yet. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from models_registry.models import Model, Project
from monitoring.catalogue import SLIS, Indicator
from monitoring.measures.series import Wanted, read_windows, subjects_of
from monitoring.models import SLO
from monitoring.selectors.summaries import Scope
from monitoring.selectors.watermark import ingest_watermark
from monitoring.slo.books import read_books
from monitoring.slo.foresight import Expected, ask_traffic, foresee, traffic_in
from monitoring.stats.burn import DAY, standard_pairs
from monitoring.stats.tally import Subject
from monitoring.stats.traffic import Traffic

WINDOW: Final = timedelta(days=30)
ENVIRONMENT: Final = "production"
# What people promise. One that a day in ten did not keep is not proposed.
TARGETS: Final = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999)
DAILY: Final = 0.1
FEWEST_DAYS, FEWEST_EVENTS = 3, 100
LEAST_BUDGET: Final = 3.0  # bad events that a window must be able to bear; fewer cannot be told from none
BOUNDS: Final = (1.0, 1.5, 2.0, 3.0, 5.0, 7.5)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An objective that nobody has saved, what was attained in the days looked at, and on the worst of them."""

    slo: SLO
    days: int
    attained: float
    worst_day: float
    per_hour: float
    false_pages: Expected


def suggest(project: Project, *, now: datetime, model: Model | None = None) -> list[Suggestion]:
    """For each indicator of each model, or of one, on which there is no objective yet. As many statements for any number of
    models as for one.
    """
    rows = Model.objects.filter(project=project).select_related("project").order_by("name", "slug")
    models = list(rows.filter(pk=model.pk) if model else rows)
    subjects = subjects_of(models)
    promised = set(SLO.objects.filter(project=project).values_list("model_id", "sli"))
    wanted = [
        (one, sli)
        for one in models
        for sli in SLIS.values()
        if one.kind in sli.kinds and (one.pk, sli.name) not in promised
    ]
    bounds = _bounds([one for one, sli in wanted if sli.bounded], subjects, now=now)
    drafts = [_draft(one, sli, bounds.get(one.pk)) for one, sli in wanted if not sli.bounded or bounds.get(one.pk)]
    watermark = ingest_watermark(now=now)
    asks = [ask_traffic(slo, subjects[slo.model_id], now=now, watermark=watermark) for slo in drafts]
    books = read_books(ask for ask, _width in asks)
    found = [
        _judged(slo, traffic_in(book, width)) for slo, book, (_ask, width) in zip(drafts, books, asks, strict=True)
    ]
    return [one for one in found if one is not None]


def _bounds(models: Sequence[Model], subjects: dict[int, Subject], *, now: datetime) -> dict[int, float]:
    """A round number of milliseconds above what nineteen in twenty took in two weeks, by model."""
    unique = list({model.pk: model for model in models}.values())
    edges = (now - timedelta(days=14), now)
    wanted = [
        Wanted(("latency_p95",), Scope(one.project_id, one.pk, environment=ENVIRONMENT), edges, subjects[one.pk])
        for one in unique
    ]
    read = read_windows(wanted) if wanted else []
    return {
        one.pk: _round_up(value)
        for one, row in zip(unique, read, strict=True)
        if (value := row["latency_p95"].value) is not None and value > 0
    }


def _round_up(value: float) -> float:
    power = 10.0 ** np.floor(np.log10(value))
    return float(next(step * power for step in (*BOUNDS, 10.0) if step * power >= value))


def _draft(model: Model, sli: Indicator, bound: float | None) -> SLO:
    return SLO(
        project=model.project,
        model=model,
        environment=ENVIRONMENT,
        sli=sli.name,
        bound_ms=bound if sli.bounded else None,
        name=f"{model}: {sli.label}",
        slug=f"{model.slug}-{sli.name}".replace("_", "-")[:64],
        target=TARGETS[0],
        window=WINDOW,
    )


def _judged(slo: SLO, traffic: Traffic | None) -> Suggestion | None:
    """With the target that nine days in ten kept; None where too little came, or too little of it was good."""
    if traffic is None or traffic.events < FEWEST_EVENTS:
        return None
    slots = DAY // traffic.width_s
    days = np.arange(len(traffic.valid)) // slots
    valid, bad = (np.bincount(days, side) for side in (traffic.valid, traffic.bad))
    kept = 1 - bad[valid > 0] / valid[valid > 0]
    if len(kept) < FEWEST_DAYS:
        return None
    most = 1 - LEAST_BUDGET / (traffic.per_second * WINDOW.total_seconds())
    top = min(float(np.quantile(kept, DAILY)), 1 - traffic.share, most)
    target = next((one for one in reversed(TARGETS) if one <= top), None)
    if target is None:
        return None
    slo.target = target
    foreseen = foresee(slo, standard_pairs(WINDOW.total_seconds(), target), traffic)
    pages = foreseen.false_pages or Expected(0.0, 0.0, 0.0)
    return Suggestion(slo, len(kept), 1 - traffic.share, float(kept.min()), traffic.per_second * 3_600, pages)
