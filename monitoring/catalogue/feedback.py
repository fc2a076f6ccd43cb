"""What people say of the answers they got."""

from django.utils.translation import gettext_lazy as _

from monitoring.catalogue.base import LLM, Indicator, Measure
from monitoring.stats import readers

MEASURES = (
    Measure(
        name="feedback_rate",
        label=_("feedback rate"),
        unit="ratio",
        definition=_("Calls that somebody rated divided by all calls."),
        source="rated ÷ calls; Wilson 1927",
        kinds=LLM,
        metrics=("feedback", "status"),
        read=readers.feedback_rate,
        needs=("feedback",),
    ),
    Measure(
        name="feedback_negative_rate",
        label=_("negative feedback rate"),
        unit="ratio",
        definition=_("Thumbs down divided by thumbs."),
        source="down ÷ (down + up); Wilson 1927",
        kinds=LLM,
        metrics=("feedback",),
        read=readers.feedback_negative_rate,
        needs=("feedback",),
    ),
)
INDICATORS = (
    Indicator(
        name="feedback_not_negative",
        label=_("thumbs up among thumbs"),
        kinds=LLM,
        metrics=("feedback",),
        good_valid=readers.not_disliked,
    ),
)
