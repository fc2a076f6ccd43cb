"""How answers end, how large and how fast they are, and what people say of them."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from monitoring.catalogue.base import LLM
from panel.pages.model_tabs.charts import Plotted, charts_of
from panel.pages.model_tabs.figures import Figure, figures_of
from panel.pages.model_tabs.tab import Sight, Tab
from panel.pages.plot import Chart

ENDS = ("truncation_rate", "finish_unknown_rate", "refusal_rate", "feedback_negative_rate", "feedback_rate")
SHAPE = ("ttft_p50", "ttft_p95", "tokens_per_second", "output_tokens_p50", "output_tokens_p95", "context_use")
CHARTS = (
    Plotted(("truncation_rate",), ranged=True),
    Plotted(("feedback_negative_rate",), ranged=True),
    Plotted(("ttft_p95", "ttft_p50"), title=_("Time to the first token")),
    Plotted(("tokens_per_second",)),
    Plotted(("output_tokens_p95", "output_tokens_p50"), title=_("Output tokens of a call")),
    Plotted(("context_use",)),
)


@dataclass(frozen=True, slots=True)
class Answers:
    """What the tab shows."""

    ends: list[Figure]
    shape: list[Figure]
    charts: list[Chart]


def build(sight: Sight) -> Answers:
    """Finish reasons, feedback, sizes and speed over the range."""
    return Answers(figures_of(sight, ENDS), figures_of(sight, SHAPE), charts_of(sight, CHARTS))


TAB = Tab("answers", _("Answers"), LLM, build)
