"""What becomes of labels: how long they take, how many are late or corrected."""

from django.utils.translation import gettext_lazy as _

from monitoring.catalogue.base import CLASSICAL, Measure
from monitoring.stats import labels

MEASURES = (
    *(
        Measure(
            name=f"label_lag_p{percent}",
            label=label,
            unit="s",
            definition=_(
                "Quantile of the time from a prediction to the moment when its label became known, within 1 %."
            ),
            source='numpy quantile, method="inverted_cdf"; interval by order statistics',
            kinds=CLASSICAL,
            metrics=("label_lag",),
            read=labels.label_lag(percent / 100),
            better="lower",
            needs=("labels",),
            settle="labels",
        )
        for percent, label in ((50, _("label lag, median")), (95, _("label lag, 95th percentile")))
    ),
    Measure(
        name="late_label_rate",
        label=_("late labels"),
        unit="ratio",
        definition=_(
            "Labels that became known later than the settle time after their prediction divided by all labels. The settle "
            "time is learned from earlier labels, or the declared label delay."
        ),
        source="lag > settle time ÷ labels; Wilson 1927",
        kinds=CLASSICAL,
        metrics=("label_lag",),
        read=labels.late_labels,
        better="lower",
        needs=("labels",),
        settle="labels",
    ),
    Measure(
        name="corrected_label_rate",
        label=_("corrected labels"),
        unit="ratio",
        definition=_("Predictions whose label was followed by another one divided by labelled predictions."),
        source="predictions with two different labels ÷ labelled; Wilson 1927",
        kinds=CLASSICAL,
        metrics=("label_corrected", "label_lag"),
        read=labels.corrected_labels,
        better="lower",
        needs=("labels",),
        settle="labels",
    ),
)
