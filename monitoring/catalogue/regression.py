"""The quality of regressions, on labels: errors by their exact sums and by their histogram. error = prediction - label."""

from django.utils.translation import gettext_lazy as _

from models_registry.models import Model
from monitoring.catalogue.base import Measure
from monitoring.stats import errors

REGRESSION = frozenset({Model.Kind.REGRESSION.value})
_SUMS = ("error_sums",)
_ERRORS = ("error",)
MEASURES = (
    Measure(
        name="mae",
        label=_("mean absolute error"),
        unit="target",
        definition=_("Mean distance between prediction and label, in the unit of the target. Lower is better."),
        source="scikit-learn mean_absolute_error; normal interval of a mean",
        kinds=REGRESSION,
        metrics=_SUMS,
        read=errors.mae,
        needs=("labels",),
        settle="labels",
        better="lower",
    ),
    Measure(
        name="rmse",
        label=_("root mean squared error"),
        unit="target",
        definition=_(
            "Square root of the mean squared error, in the unit of the target: large errors weigh more. Lower is better."
        ),
        source="scikit-learn root_mean_squared_error; root of the normal interval of the mean square",
        kinds=REGRESSION,
        metrics=(*_SUMS, *_ERRORS),
        read=errors.rmse,
        needs=("labels",),
        settle="labels",
        better="lower",
    ),
    Measure(
        name="mape",
        label=_("mean absolute percentage error"),
        unit="ratio",
        definition=_(
            "Mean distance between prediction and label as a share of the label. Labels of zero have none and are left out; "
            "n counts the others."
        ),
        source="scikit-learn mean_absolute_percentage_error without labels of zero; normal interval of a mean",
        kinds=REGRESSION,
        metrics=_SUMS,
        read=errors.mape,
        needs=("labels",),
        settle="labels",
        better="lower",
        open_ended=True,
    ),
    Measure(
        name="r2",
        label=_("R²"),
        unit="score",
        definition=_(
            "Share of the variance of the labels that the predictions explain: 1 is perfect, 0 is no better than always "
            "predicting their mean, below 0 is worse."
        ),
        source="scikit-learn r2_score; Olkin and Finn 1995, which supposes errors near normal",
        kinds=REGRESSION,
        metrics=_SUMS,
        read=errors.r2,
        needs=("labels",),
        settle="labels",
        better="higher",
        lowest=None,
    ),
    Measure(
        name="bias",
        label=_("bias"),
        unit="target",
        definition=_("Mean of prediction minus label, in the unit of the target: above 0 the model predicts too much."),
        source="mean of prediction − label; normal interval of a mean",
        kinds=REGRESSION,
        metrics=_SUMS,
        read=errors.bias,
        needs=("labels",),
        settle="labels",
        lowest=None,
    ),
    *(
        Measure(
            name=f"error_p{percent:02}",
            label=label,
            unit="target",
            definition=_("Quantile of prediction minus label, in the unit of the target, within 1 %."),
            source='numpy quantile, method="inverted_cdf"; interval by order statistics',
            kinds=REGRESSION,
            metrics=_ERRORS,
            read=errors.error_quantile(percent / 100),
            needs=("labels",),
            settle="labels",
            lowest=None,
        )
        for percent, label in (
            (5, _("error, 5th percentile")),
            (50, _("error, median")),
            (95, _("error, 95th percentile")),
        )
    ),
    *(
        Measure(
            name=f"absolute_error_p{percent}",
            label=label,
            unit="target",
            definition=_(
                "Quantile of the distance between prediction and label, in the unit of the target, within 1 %."
            ),
            source='numpy quantile, method="inverted_cdf"; interval by order statistics',
            kinds=REGRESSION,
            metrics=_ERRORS,
            read=errors.absolute_quantile(percent / 100),
            needs=("labels",),
            settle="labels",
            better="lower",
        )
        for percent, label in ((50, _("absolute error, median")), (95, _("absolute error, 95th percentile")))
    ),
    Measure(
        name="unusable_label_rate",
        label=_("unusable labels"),
        unit="ratio",
        definition=_(
            "Labels that are no finite number up to 10⁶⁰ divided by all labels of the predictions. They are counted here "
            "and measured nowhere."
        ),
        source="labels without a number ÷ labels; Wilson 1927",
        kinds=REGRESSION,
        metrics=("value",),
        read=errors.unusable_labels,
        needs=("labels",),
        settle="labels",
        better="lower",
    ),
)
