"""How many answers pass each evaluator over the range, and the newest that did not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext_lazy

from monitoring.catalogue.base import LLM
from monitoring.models import Evaluator, LLMCall
from monitoring.models.inbox import EventKind
from monitoring.selectors.evaluations import evaluators_of
from monitoring.selectors.event_filters import EventFilter
from monitoring.selectors.events import event_page
from monitoring.selectors.wire import moment
from monitoring.stats.evaluated import measure_name
from panel.pages.evaluations import Judged, judged_of
from panel.pages.model_tabs.charts import Plotted, charts_of
from panel.pages.model_tabs.figures import Figure, figure_of, figures_of, readings_of
from panel.pages.model_tabs.tab import Sight, Tab
from panel.pages.plot import Chart
from panel.pages.ranges import RANGES

ALL: Final = "evaluation_pass_rate"
FAILURES_SHOWN: Final = 10
NEWEST: Final = RANGES["24h"]  # failures are looked for in this much: rare ones would be looked for among all calls
MOST_CHARTS: Final = 8


@dataclass(frozen=True, slots=True)
class Row:
    """An evaluator with what it said over the range."""

    evaluator: Evaluator
    pass_rate: Figure
    mean_score: Figure | None


@dataclass(frozen=True, slots=True)
class Failure:
    """An answer that did not pass, and why."""

    call: LLMCall
    at: datetime
    verdicts: list[Judged]


@dataclass(frozen=True, slots=True)
class Evaluations:
    """What the tab shows; rates are from `start` on, failures of the last day of that."""

    start: datetime
    figures: list[Figure]
    rows: list[Row]
    failures: list[Failure]
    charts: list[Chart]


def build(sight: Sight) -> Evaluations:
    """Evaluators that are there now; those that were removed are in the pass rate of all together."""
    evaluators = list(evaluators_of(sight.model))
    if not evaluators:
        return Evaluations(sight.start, [], [], [], [])
    names = [measure_name(one.slug, "pass_rate") for one in evaluators]
    plotted = [Plotted((name,), ranged=True) for name in (ALL, *names)[:MOST_CHARTS]]
    return Evaluations(
        start=sight.start,
        figures=figures_of(sight, (ALL,)),
        rows=_rows(sight, evaluators),
        failures=_failures(sight, {one.slug: str(one) for one in evaluators}),
        charts=charts_of(sight, plotted),
    )


def _rows(sight: Sight, evaluators: Sequence[Evaluator]) -> list[Row]:
    scored = {one.slug for one in evaluators if one.kind == Evaluator.Kind.OVERLAP}
    rates = {one.slug: measure_name(one.slug, "pass_rate") for one in evaluators}
    scores = {slug: measure_name(slug, "mean_score") for slug in scored}
    read = readings_of(sight, [*rates.values(), *scores.values()])[0]
    figures = {name: figure_of(name, reading) for name, reading in read.items()}
    return [Row(one, figures[rates[one.slug]], figures.get(scores.get(one.slug, ""))) for one in evaluators]


def _failures(sight: Sight, names: Mapping[str, str]) -> list[Failure]:
    """Of the last day of the range."""
    start = max(sight.start, NEWEST.edges(now=sight.now)[0])
    asked = EventFilter(start, None, {"model": sight.model.slug, "failed_evaluator": "*"})
    page = event_page(EventKind.LLM_CALL, sight.model.project, asked, limit=FAILURES_SHOWN)
    return [
        Failure(call, moment(call.ts_us), [one for one in judged_of(call, names) if not one.passed])
        for call in page.items
    ]


TAB = Tab("evaluations", gettext_lazy("Evaluation"), LLM, build)
