"""What evaluators say of answers: of all of them together, and of each by its slug."""

from functools import lru_cache

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from monitoring.catalogue.base import LLM, Indicator, Measure
from monitoring.stats import marks
from monitoring.stats.evaluated import ALL, MeanScore, PassRate, metric_of, parse_indicator, parse_measure

_NEEDS = ("evaluator",)
_PASSED = "passed ÷ judged, as frozen when they were drained; Wilson 1927"
MEASURES = (
    Measure(
        name="evaluation_pass_rate",
        label=_("answers that pass evaluation"),
        unit="ratio",
        definition=_("Answers that passed every evaluator that judged them divided by the answers that one judged."),
        source=_PASSED,
        kinds=LLM,
        metrics=(ALL,),
        read=PassRate(),
        needs=_NEEDS,
        better="higher",
    ),
)
INDICATORS = (
    Indicator(
        name="evaluations_passed",
        label=_("answers that passed every evaluator, among judged ones"),
        kinds=LLM,
        metric=ALL,
        marks=marks.passed,
    ),
)


@lru_cache(maxsize=1024)
def measure_of_evaluator(name: str) -> Measure | None:
    """`evaluation:SLUG:pass_rate` and `evaluation:SLUG:mean_score`; None where the name is neither."""
    parsed = parse_measure(name)
    if parsed is None:
        return None
    slug, statistic = parsed
    is_rate = statistic == "pass_rate"
    metric = metric_of(slug)
    return Measure(
        name=name,
        label=format_lazy(_("pass rate of {slug}") if is_rate else _("mean score of {slug}"), slug=slug),
        unit="ratio" if is_rate else "score",
        definition=_("Answers that passed this evaluator divided by those that it judged.")
        if is_rate
        else _("The mean of this evaluator's scores, from 0 to 1."),
        source=_PASSED if is_rate else "Σ scores ÷ judged; Wilson 1927",
        kinds=LLM,
        metrics=(metric,),
        read=PassRate(metric) if is_rate else MeanScore(metric),
        needs=_NEEDS,
        better="higher",
    )


@lru_cache(maxsize=1024)
def indicator_of_evaluator(name: str) -> Indicator | None:
    """`evaluation:SLUG`; None where the name is none."""
    slug = parse_indicator(name)
    if slug is None:
        return None
    label = format_lazy(_("answers that passed {slug}, among judged ones"), slug=slug)
    return Indicator(name=name, label=label, kinds=LLM, metric=metric_of(slug), marks=marks.passed)
