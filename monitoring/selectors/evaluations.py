"""Verdicts of evaluators in words, and the evaluators that there are."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from models_registry.models import Model
from monitoring.llm.evaluators.verdicts import Verdict, evaluations_of
from monitoring.models import Evaluator
from monitoring.stats.evaluated import STATISTICS, indicator_name, measure_name

MOST_OFFERED: Final = 200
REASONS: Final = {
    "match": _("It says “%(detail)s”."),
    "no_match": _("It does not match the pattern."),
    "forbidden_words": _("It says “%(detail)s”."),
    "missing_words": _("It does not say: %(detail)s."),
    "not_json": _("It is not JSON: %(detail)s"),
    "not_an_object": _("It is JSON, but no object."),
    "missing_keys": _("It lacks these keys: %(detail)s."),
    "too_short": _("It is too short: %(detail)s."),
    "too_long": _("It is too long: %(detail)s."),
    "refusal": _("It refuses: “%(detail)s”."),
    "little_overlap": _("Too little of it is in what it was given: %(detail)s."),
    "personal_data": _("It holds: %(detail)s."),
}


def reason_of(verdict: Verdict) -> str:
    """Why an answer failed, in the reader's language; empty where it passed and was read whole."""
    told = str(REASONS.get(verdict.label, verdict.label)) % {"detail": verdict.detail} if verdict.label else ""
    return " ".join(filter(None, [told, gettext("Only its beginning was read.") if verdict.partial else ""]))


def verdict_to_wire(verdict: Verdict) -> dict[str, Any]:
    """`passed`, `score` from 0 to 1, `label` for programs and `reason` for people."""
    return {
        "passed": verdict.passed,
        "score": verdict.score,
        "label": verdict.label,
        "reason": reason_of(verdict),
        "partial": verdict.partial,
    }


def evaluations_to_wire(text: str) -> dict[str, dict[str, Any]]:
    """What is said of a call, by the slugs of evaluators."""
    return {slug: verdict_to_wire(verdict) for slug, verdict in evaluations_of(text).items()}


def failing(slug: str) -> Q:
    """Calls whose answer this evaluator failed; `*` is any. No detail of a verdict reads like one: its quotes are escaped."""
    return Q(evaluations__contains='":[false,' if slug == "*" else f'"{slug}":[false,')


def evaluators_of(model: Model) -> QuerySet[Evaluator]:
    """Its own and those of all applications of its project, by slug."""
    if model.kind != Model.Kind.LLM:
        return Evaluator.objects.none()
    return Evaluator.objects.filter(Q(model=model) | Q(model=None), project=model.project_id)


def measures_evaluated() -> list[str]:
    """Measures of so many evaluators, in the order of their slugs, of whatever project."""
    return [measure_name(slug, statistic) for slug in _slugs() for statistic in STATISTICS]


def indicators_evaluated() -> list[str]:
    """Their indicators."""
    return [indicator_name(slug) for slug in _slugs()]


def measures_by_model(models: Collection[Model]) -> Mapping[int, list[str]]:
    """Model → the measures of its evaluators, in one query."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    rows = Evaluator.objects.filter(project__in={model.project_id for model in models}, enabled=True)
    for owner, project, slug in rows.values_list("model_id", "project_id", "slug"):
        for model in models:
            if model.kind == Model.Kind.LLM and model.project_id == project and owner in (None, model.pk):
                found[model.pk] += [measure_name(slug, statistic) for statistic in STATISTICS]
    return found


def _slugs() -> list[str]:
    return list(Evaluator.objects.order_by("slug").values_list("slug", flat=True).distinct()[:MOST_OFFERED])
