"""The first tab: what promises say of the model, the few figures everybody asks for, how it runs."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from models_registry.models import Model
from monitoring.catalogue.base import ALL
from monitoring.measures.breakdown import errors_by_type
from panel.pages.indicators import scope_of
from panel.pages.model_tabs.charts import Plotted, charts_of
from panel.pages.model_tabs.figures import Figure, figure_of, figures_of
from panel.pages.model_tabs.segments import value_label
from panel.pages.model_tabs.tab import Sight, Tab
from panel.pages.plot import Chart

CLASSICAL = ("accuracy", "precision", "recall", "roc_auc", "mae", "mape", "bias", "r2", "label_coverage")
ANSWERS = ("truncation_rate", "refusal_rate", "feedback_negative_rate", "cost_usd", "cost_per_request", "tokens")
LOGS = ("log_records", "error_log_rate")
SENT = ("process_cpu", "process_memory", *LOGS)  # shown where a client sends them
SERVICE = ("requests", "error_rate", "latency_p50", "latency_p95", *SENT)
SHOWN = 6
MAIN = (
    Plotted(("accuracy",), ranged=True),
    Plotted(("mae",), ranged=True),
    Plotted(("truncation_rate",), ranged=True),
)
OF_LOGS = (Plotted(("error_log_rate",), ranged=True), Plotted(("log_records",)))
CHARTS = (
    *MAIN,
    Plotted(("throughput",)),
    Plotted(("error_rate",)),
    Plotted(("latency_p95", "latency_p50"), title=_("Latency")),
)


@dataclass(frozen=True, slots=True)
class FailureRow:
    """Failed requests of one class of error."""

    name: str
    count: int
    share: Figure


@dataclass(frozen=True, slots=True)
class Overview:
    """What the tab shows."""

    quality: list[Figure]
    service: list[Figure]
    charts: list[Chart]
    failures: list[FailureRow]


def build(sight: Sight) -> Overview:
    """Figures and charts over the range."""
    if sight.model.kind == Model.Kind.SERVICE:
        said = [one for one in figures_of(sight, SENT) if one.n or one.measure in LOGS]
        return Overview([], said, charts_of(sight, OF_LOGS), [])
    main = ANSWERS if sight.model.kind == Model.Kind.LLM else CLASSICAL
    return Overview(
        figures_of(sight, main),
        [one for one in figures_of(sight, SERVICE) if one.n or one.measure not in SENT],
        charts_of(sight, CHARTS),
        _failures(sight),
    )


def _failures(sight: Sight) -> list[FailureRow]:
    """The commonest classes over the range, the share of all requests beside each."""
    found = errors_by_type(scope_of(sight.model), sight.model, start=sight.start, end=sight.now)[:SHOWN]
    return [FailureRow(value_label(name), count, figure_of("error_rate", share)) for name, count, share in found]


TAB = Tab("", _("Overview"), ALL, build)
