"""Whether LLM calls keep to the policies of their application."""

from django.utils.translation import gettext_lazy as _

from monitoring.catalogue.base import LLM, Measure
from monitoring.stats import policy_readers
from monitoring.stats.verdicts import Violation

_SOURCE = "calls that broke a limit ÷ calls judged, as frozen when they were drained; Wilson 1927"
MEASURES = (
    Measure(
        name="policy_violation_rate",
        label=_("policy violations"),
        unit="ratio",
        definition=_(
            "Calls that broke any limit of a policy, divided by the calls judged. A call counts once per policy."
        ),
        source=_SOURCE,
        kinds=LLM,
        metrics=("policy",),
        read=policy_readers.violation_rate,
        needs=("policy",),
    ),
    *(
        Measure(
            name=f"policy_{violation}_violation_rate",
            label=label,
            unit="ratio",
            definition=definition,
            source=_SOURCE,
            kinds=LLM,
            metrics=("policy",),
            read=policy_readers.rate_of(violation),
            needs=("policy",),
        )
        for violation, label, definition in (
            (
                *(Violation.LATENCY, _("policy violations: response time")),
                _("Calls slower than their policy allows, divided by the calls judged."),
            ),
            (
                *(Violation.MODEL, _("policy violations: language model")),
                _("Calls of a language model that their policy does not allow, divided by the calls judged."),
            ),
            (
                *(Violation.PARAMETERS, _("policy violations: parameters")),
                _("Calls with parameters that their policy does not allow, divided by the calls judged."),
            ),
            (
                *(Violation.CONTEXT, _("policy violations: context")),
                _("Calls that do not name what their policy requires, divided by the calls judged."),
            ),
        )
    ),
)
