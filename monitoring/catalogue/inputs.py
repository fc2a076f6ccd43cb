"""The inputs of classical models against the reference of their version."""

from django.utils.translation import gettext_lazy as _

from monitoring.catalogue.base import CLASSICAL, Measure
from monitoring.selectors.references import broken_features, drift_psi

MEASURES = (
    Measure(
        name="drift_psi",
        label=_("drift of the inputs, greatest PSI"),
        unit="score",
        definition=_(
            "The greatest population stability index of a feature against its version's reference, over ten groups of bins, "
            "what chance alone would make of it taken off."
        ),
        source="Siddiqi 2006; Yurdakul 2018",
        kinds=CLASSICAL,
        metrics=("features",),
        read=drift_psi,
        needs=("features", "reference"),
        better="lower",
    ),
    Measure(
        name="broken_features",
        label=_("broken input columns"),
        unit="count",
        definition=_(
            "Columns with more nulls, wrong types, values out of range or categories never seen than the reference has, "
            "significantly and by a floor, or with one value only."
        ),
        source="one-sided z test of two proportions, p ≤ 0.001",
        kinds=CLASSICAL,
        metrics=("features",),
        read=broken_features,
        needs=("features", "reference"),
        better="lower",
    ),
)
