"""What a model earns: conversions, revenue, values of outcomes, and decisions by a value matrix."""

from django.utils.translation import gettext_lazy as _

from monitoring.catalogue.base import ALL, BINARY, CLASSICAL, CLASSIFIERS, Measure
from monitoring.stats import value
from monitoring.stats.estimated import METRICS as SCORES

_EVENTS = "Kohavi, Tang, Xu: Trustworthy Online Controlled Experiments, 2020"
_MATRIX = "Elkan 2001: The Foundations of Cost-Sensitive Learning"
MEASURES = (
    Measure(
        name="conversions",
        label=_("conversions"),
        unit="count",
        definition=_(
            "Business events that name the model and convert: those that its definition lists, or all of them."
        ),
        source=_EVENTS,
        kinds=ALL,
        metrics=("business", "status"),
        read=value.conversions,
        needs=("business_events",),
        sampled=False,
        better="higher",
    ),
    Measure(
        name="conversion_rate",
        label=_("conversion rate"),
        unit="ratio",
        definition=_(
            "Converting events divided by requests of the same window. Events are counted when they happen, each id once: a "
            "client that gives the event of a request the request's id counts converting requests."
        ),
        source=f"{_EVENTS}; Wilson 1927",
        kinds=ALL,
        metrics=("business", "status"),
        read=value.conversion_rate,
        needs=("business_events",),
        better="higher",
        open_ended=True,
    ),
    Measure(
        name="revenue",
        label=_("revenue"),
        unit="value",
        definition=_("The values of business events that name the model, added up in millionths. No value is not 0."),
        source=_EVENTS,
        kinds=ALL,
        metrics=("business_value",),
        read=value.revenue,
        needs=("business_events",),
        sampled=False,
        better="higher",
        lowest=None,
    ),
    Measure(
        name="value_per_request",
        label=_("value per request"),
        unit="value",
        definition=_("Revenue divided by requests of the same window."),
        source=_EVENTS,
        kinds=ALL,
        metrics=("business_value", "status"),
        read=value.value_per_request,
        needs=("business_events",),
        sampled=False,
        better="higher",
        lowest=None,
    ),
    Measure(
        name="realised_value",
        label=_("realised value"),
        unit="value",
        definition=_(
            "The values that outcomes told of predictions, by the time of the prediction, added up in millionths."
        ),
        source=_MATRIX,
        kinds=CLASSICAL,
        metrics=("outcome_value",),
        read=value.realised_value,
        needs=("labels", "outcome_values"),
        settle="labels",
        sampled=False,
        better="higher",
        lowest=None,
    ),
    Measure(
        name="realised_value_matrix",
        label=_("value of decisions"),
        unit="value",
        definition=_(
            "Labelled decisions, each with the value that the matrix gives to what was true and what was decided."
        ),
        source=_MATRIX,
        kinds=CLASSIFIERS,
        metrics=("confusion",),
        read=value.matrix_value,
        needs=("labels", "value_matrix"),
        settle="labels",
        sampled=False,
        better="higher",
        lowest=None,
    ),
    Measure(
        name="realised_value_per_hour",
        label=_("value of decisions per hour"),
        unit="value",
        definition=_("The value of labelled decisions by the matrix, divided by the hours of the window."),
        source=_MATRIX,
        kinds=CLASSIFIERS,
        metrics=("confusion",),
        read=value.per_hour(value.matrix_value),
        needs=("labels", "value_matrix"),
        settle="labels",
        sampled=False,
        better="higher",
        lowest=None,
    ),
    Measure(
        name="estimated_value",
        label=_("value of decisions, estimated"),
        unit="value",
        definition=_(
            "What all decisions are expected to be worth before labels come: the matrix over the expected cells of the "
            "confusion matrix. Assumes no concept drift."
        ),
        source=f"{_MATRIX}; confidence-based performance estimation (CBPE), NannyML",
        kinds=BINARY,
        metrics=SCORES,
        read=value.estimated_value,
        needs=("estimator", "score", "value_matrix"),
        sampled=False,
        better="higher",
        lowest=None,
    ),
    Measure(
        name="estimated_value_per_hour",
        label=_("value of decisions per hour, estimated"),
        unit="value",
        definition=_("The estimated value of all decisions, divided by the hours of the window."),
        source=f"{_MATRIX}; confidence-based performance estimation (CBPE), NannyML",
        kinds=BINARY,
        metrics=SCORES,
        read=value.per_hour(value.estimated_value),
        needs=("estimator", "score", "value_matrix"),
        sampled=False,
        better="higher",
        lowest=None,
    ),
    Measure(
        name="money_at_risk",
        label=_("money at risk per hour"),
        unit="value",
        definition=_(
            "What the decisions of the window would be worth if each were worth as much as a labelled one of the seven days "
            "before (30 labels or more), less what they are worth by the estimate, or by their labels, per hour."
        ),
        source=_MATRIX,
        kinds=CLASSIFIERS,
        metrics=("confusion", "decision", *SCORES),
        read=value.per_hour(value.money_at_risk),
        needs=("value_matrix",),
        sampled=False,
        better="lower",
        lowest=None,
    ),
)
