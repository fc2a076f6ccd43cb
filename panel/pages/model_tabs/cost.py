"""What the calls cost and what they were made of."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from monitoring.catalogue.base import LLM
from panel.pages.model_tabs.charts import Plotted, charts_of
from panel.pages.model_tabs.figures import Figure, figures_of
from panel.pages.model_tabs.tab import Sight, Tab
from panel.pages.plot import Chart

MONEY = ("cost_usd", "cost_per_request", "cost_reported_usd", "unpriced_rate")
USAGE = ("tokens", "cached_share", "input_tokens_p50", "input_tokens_p95", "output_tokens_p50", "output_tokens_p95")
CHARTS = (
    Plotted(("cost_usd",)),
    Plotted(("cost_per_request",)),
    Plotted(("tokens",)),
    Plotted(("cached_share",)),
)


@dataclass(frozen=True, slots=True)
class Cost:
    """What the tab shows."""

    money: list[Figure]
    usage: list[Figure]
    charts: list[Chart]


def build(sight: Sight) -> Cost:
    """Money and tokens over the range."""
    return Cost(figures_of(sight, MONEY), figures_of(sight, USAGE), charts_of(sight, CHARTS))


TAB = Tab("cost", _("Cost"), LLM, build)
