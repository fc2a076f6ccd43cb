"""What can be exported: the one list that `models_registry.exports` goes by, as `settings.EXPORTS`."""

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Dataset(NamedTuple):
    """A name for programs, a title for people, what a person needs to read it, and the dotted path of its reader."""

    name: str
    title: str | Promise
    permission: str
    reader: str


DATASETS: list[Dataset] = [
    Dataset(
        "predictions", _("predictions"), "monitoring.view_prediction", "monitoring.answers.exports.events.PREDICTIONS"
    ),
    Dataset("llm-calls", _("LLM calls"), "monitoring.view_llmcall", "monitoring.answers.exports.events.LLM_CALLS"),
    Dataset("outcomes", _("outcomes"), "monitoring.view_outcome", "monitoring.answers.exports.events.OUTCOMES"),
    Dataset("feedback", _("feedback"), "monitoring.view_feedback", "monitoring.answers.exports.events.FEEDBACK"),
    Dataset(
        "events", _("events"), "monitoring.view_businessevent", "monitoring.answers.exports.events.BUSINESS_EVENTS"
    ),
    Dataset("logs", _("log lines"), "monitoring.view_logrecord", "monitoring.answers.exports.events.LOGS"),
    Dataset("spans", _("spans"), "monitoring.view_span", "monitoring.answers.exports.events.SPANS"),
    Dataset(
        "series", _("series of measures"), "models_registry.view_model", "monitoring.answers.exports.series.SERIES"
    ),
    Dataset("alerts", _("alerts"), "alerting.view_alert", "alerting.answers.exports.ALERTS"),
    Dataset("incidents", _("incidents"), "alerting.view_incident", "alerting.answers.exports.INCIDENTS"),
    Dataset("fatigue", _("fatigue report"), "alerting.view_notification", "alerting.answers.exports.FATIGUE"),
]
EXPORTS = {dataset.name: dataset for dataset in DATASETS}
