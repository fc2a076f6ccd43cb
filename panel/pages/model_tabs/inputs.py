"""The inputs against the reference of the version that serves: data quality first, then drift."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from monitoring.catalogue.base import CLASSICAL
from monitoring.stats.matched import AGAINST, Against
from panel.pages.inputs import Inputs, inputs_of
from panel.pages.model_tabs.charts import Plotted, charts_of
from panel.pages.model_tabs.tab import Sight, Tab
from panel.pages.plot import Chart

CHARTS = (
    Plotted(("drift_psi", "drift_psi_prediction", "drift_psi_score"), _("Drift, PSI")),
    Plotted(("broken_features", "drifted_features"), _("Broken and drifted columns")),
    Plotted(("null_rate", "never_seen_rate", "out_of_range_rate"), _("Worst column: null, never seen, out of range")),
    Plotted(("volume_ratio",)),
)
WORDS: dict[Against, StrOrPromise] = {
    "reference": _("the reference"),
    "day": _("same hours of 7 days"),
    "week": _("same hours of 4 weeks"),
    "reference_week": _("the reference's weeks"),
}


@dataclass(frozen=True, slots=True)
class InputsPage:
    """What the tab shows; no charts without a reference."""

    inputs: Inputs | None
    choices: list[tuple[Against, StrOrPromise]]
    charts: list[Chart]


def build(sight: Sight) -> InputsPage:
    """The verdict over the range, and how drift moved."""
    serving = sight.row.deployed.version if sight.row.deployed else None
    against = next((one for one in AGAINST if one == sight.asked.get("against")), AGAINST[0])
    inputs = inputs_of(sight.model, serving, start=sight.start, now=sight.now, against=against)
    referred = inputs is not None and inputs.reference is not None
    return InputsPage(inputs, list(WORDS.items()) if referred else [], charts_of(sight, CHARTS) if referred else [])


TAB = Tab("inputs", _("Inputs"), CLASSICAL, build)
