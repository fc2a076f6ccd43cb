"""Performance without labels: what the measures of quality are expected to be, by the scores and a fitted estimator."""

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from models_registry.models import Model
from monitoring.catalogue.base import BINARY, CLASSIFIERS, Measure
from monitoring.stats.estimated import METRICS, estimated
from monitoring.stats.layouts import EXPECTED_LOSS

SOURCE = "confidence-based performance estimation (CBPE), NannyML; isotonic regression, Zadrozny and Elkan 2002"
_LABELS: dict[str, tuple[StrOrPromise, frozenset[str]]] = {
    "accuracy": (_("accuracy, estimated"), CLASSIFIERS),
    "precision": (_("precision, estimated"), CLASSIFIERS),
    "recall": (_("recall, estimated"), CLASSIFIERS),
    "f1": (_("F1, estimated"), CLASSIFIERS),
    "specificity": (_("specificity, estimated"), BINARY),
    "roc_auc": (_("ROC AUC, estimated"), CLASSIFIERS),
    "average_precision": (_("average precision, estimated"), BINARY),
}
REGRESSION = frozenset({Model.Kind.REGRESSION.value})
_LOSSES: dict[str, StrOrPromise] = {
    "mae": _("mean absolute error, estimated"),
    "rmse": _("root mean squared error, estimated"),
}
# The measures that are estimated, and of which kinds of model.
ESTIMATED: dict[str, frozenset[str]] = {
    **{name: kinds for name, (_label, kinds) in _LABELS.items()},
    **dict.fromkeys(_LOSSES, REGRESSION),
}
_QUALITY = tuple(
    Measure(
        name=f"estimated_{name}",
        label=label,
        unit="score" if name in ("roc_auc", "average_precision") else "ratio",
        definition=_(
            "What the measure is expected to be before labels come: every prediction is right with the probability that its "
            "score had when the estimator was fitted. Sees a change of the inputs, assumes no concept drift."
        ),
        source=SOURCE,
        kinds=kinds,
        metrics=METRICS,
        read=estimated(name),
        needs=("estimator", "score"),
        better="higher",
    )
    for name, (label, kinds) in _LABELS.items()
)
_ERRORS = tuple(
    Measure(
        name=f"estimated_{name}",
        label=label,
        unit="target",
        definition=_(
            "What the error is expected to be before labels come: boosted trees, fitted on the rows of a reference, expect the "
            "loss of each prediction by its features. Sees a change of the inputs; assumes no concept drift."
        ),
        source="direct loss estimation (DLE), NannyML; gradient boosted trees, Friedman 2001",
        kinds=REGRESSION,
        metrics=(EXPECTED_LOSS,),
        read=estimated(name),
        needs=("estimator", "features"),
        better="lower",
    )
    for name, label in _LOSSES.items()
)
MEASURES = (*_QUALITY, *_ERRORS)
