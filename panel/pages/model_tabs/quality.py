"""How right the model is, by the labels that have arrived."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from monitoring.catalogue.base import CLASSICAL
from panel.pages.model_tabs.charts import Plotted, charts_of
from panel.pages.model_tabs.figures import Figure, figures_of
from panel.pages.model_tabs.tab import Sight, Tab
from panel.pages.plot import Chart

DECISIONS = ("accuracy", "precision", "recall", "specificity", "f1", "f1_weighted", "f1_micro", "positive_rate")
ERRORS = ("mae", "rmse", "mape", "r2", "bias", "error_p05", "error_p50", "error_p95", "absolute_error_p95")
SCORES = ("roc_auc", "average_precision", "brier_score", "log_loss")
LABELS = ("label_coverage", "unusable_label_rate")
CHARTS = (
    Plotted(("accuracy",), ranged=True),
    Plotted(("precision", "recall", "f1"), title=_("Precision, recall, F1")),
    Plotted(("roc_auc",), ranged=True),
    Plotted(("mae",), ranged=True),
    Plotted(("bias",), ranged=True),
    Plotted(("r2",), ranged=True),
    Plotted(("label_coverage",)),
)


@dataclass(frozen=True, slots=True)
class Quality:
    """What the tab shows."""

    decisions: list[Figure]
    scores: list[Figure]
    charts: list[Chart]


def build(sight: Sight) -> Quality:
    """Figures of decisions and of scores, and how they moved."""
    return Quality(figures_of(sight, DECISIONS + ERRORS + LABELS), figures_of(sight, SCORES), charts_of(sight, CHARTS))


TAB = Tab("quality", _("Quality"), CLASSICAL, build)
