"""The inputs against the reference of the version that serves: data quality first, then drift."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from monitoring.catalogue.base import CLASSICAL
from panel.pages.inputs import Inputs, inputs_of
from panel.pages.model_tabs.charts import Plotted, charts_of
from panel.pages.model_tabs.tab import Sight, Tab
from panel.pages.plot import Chart

CHARTS = (Plotted(("drift_psi",)), Plotted(("broken_features",)))


@dataclass(frozen=True, slots=True)
class InputsPage:
    """What the tab shows; no charts without a reference."""

    inputs: Inputs | None
    charts: list[Chart]


def build(sight: Sight) -> InputsPage:
    """The verdict over the range, and how drift moved."""
    serving = sight.row.deployed.version if sight.row.deployed else None
    inputs = inputs_of(sight.model, serving, start=sight.start, now=sight.now)
    referred = inputs is not None and inputs.reference is not None
    return InputsPage(inputs, charts_of(sight, CHARTS) if referred else [])


TAB = Tab("inputs", _("Inputs"), CLASSICAL, build)
