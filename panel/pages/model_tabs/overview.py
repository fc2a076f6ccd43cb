"""The first tab: what promises say of the model, the few figures everybody asks for, how it runs."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from models_registry.models import Model
from monitoring.catalogue.base import ALL
from panel.pages.model_tabs.charts import Plotted, charts_of
from panel.pages.model_tabs.figures import Figure, figures_of
from panel.pages.model_tabs.tab import Sight, Tab
from panel.pages.plot import Chart

CLASSICAL = ("accuracy", "precision", "recall", "roc_auc", "mae", "mape", "bias", "r2", "label_coverage")
ANSWERS = ("truncation_rate", "refusal_rate", "feedback_negative_rate", "cost_usd", "cost_per_request", "tokens")
SERVICE = ("requests", "error_rate", "latency_p50", "latency_p95")
MAIN = (
    Plotted(("accuracy",), ranged=True),
    Plotted(("mae",), ranged=True),
    Plotted(("truncation_rate",), ranged=True),
)
CHARTS = (
    *MAIN,
    Plotted(("throughput",)),
    Plotted(("error_rate",)),
    Plotted(("latency_p95", "latency_p50"), title=_("Latency")),
)


@dataclass(frozen=True, slots=True)
class Overview:
    """What the tab shows."""

    quality: list[Figure]
    service: list[Figure]
    charts: list[Chart]


def build(sight: Sight) -> Overview:
    """Figures and charts over the range."""
    main = ANSWERS if sight.model.kind == Model.Kind.LLM else CLASSICAL
    return Overview(figures_of(sight, main), figures_of(sight, SERVICE), charts_of(sight, CHARTS))


TAB = Tab("", _("Overview"), ALL, build)
