"""What people say of the answers they got."""

from django.utils.translation import gettext_lazy as _

from monitoring.catalogue.base import ALL, LLM, Indicator, Measure
from monitoring.stats import marks, opinions, readers

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
        better="higher",
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
        better="lower",
    ),
    Measure(
        name="bad_answer_rate",
        label=_("bad-answer rate"),
        unit="ratio",
        definition=_(
            "Answers that at least one person called bad (thumbs down, a bad category, a score below the bound of the model) "
            "divided by the answers that somebody judged."
        ),
        source="bad ÷ judged; Wilson 1927",
        kinds=ALL,
        metrics=("rated",),
        read=opinions.bad_answer_rate,
        needs=("feedback",),
        better="lower",
    ),
    Measure(
        name="feedback_score",
        label=_("feedback score"),
        unit="score",
        definition=_("The mean of the scores, each as a share of the range that the model declares (0 to 1)."),
        source="Σ (score − lowest) ÷ (highest − lowest) ÷ scores; Wilson 1927",
        kinds=ALL,
        metrics=("feedback_score",),
        read=opinions.feedback_score,
        needs=("feedback",),
        better="higher",
    ),
    Measure(
        name="feedback_comments",
        label=_("comments"),
        unit="count",
        definition=_("Comments on answers, the newest of each person and kind."),
        source="count",
        kinds=ALL,
        metrics=("feedback_comments",),
        read=opinions.feedback_comments,
        needs=("feedback",),
        sampled=False,
    ),
    Measure(
        name="feedback_unusable",
        label=_("unusable scores"),
        unit="count",
        definition=_(
            "Scores that are no number or lie outside the range that the model declares; they count nowhere else."
        ),
        source="count",
        kinds=ALL,
        metrics=("feedback_unusable",),
        read=opinions.feedback_unusable,
        needs=("feedback",),
        better="lower",
        sampled=False,
    ),
)
INDICATORS = (
    Indicator(
        name="feedback_not_negative",
        label=_("thumbs up among thumbs"),
        kinds=LLM,
        metric="feedback",
        marks=marks.not_disliked,
    ),
    Indicator(
        name="answers_not_bad",
        label=_("answers that nobody called bad, among judged ones"),
        kinds=ALL,
        metric="rated",
        marks=marks.not_bad,
    ),
)
