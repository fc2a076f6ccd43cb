"""Verdicts of evaluators on one call, in words."""

from collections.abc import Mapping
from dataclasses import dataclass

from monitoring.llm.evaluators.verdicts import evaluations_of
from monitoring.models import Evaluator, LLMCall
from monitoring.selectors.evaluations import reason_of


@dataclass(frozen=True, slots=True)
class Judged:
    """What an evaluator said of an answer; one that is there no longer has no name but its slug."""

    slug: str
    name: str
    passed: bool
    score: float
    reason: str


def names_of(project_id: int) -> dict[str, str]:
    """Evaluators of a project, by slug."""
    return {one.slug: str(one) for one in Evaluator.objects.filter(project=project_id)}


def judged_of(call: LLMCall, names: Mapping[str, str]) -> list[Judged]:
    """Failures first, then by slug; `names` are those of its project's evaluators."""
    found = [
        Judged(slug, names.get(slug, slug), verdict.passed, verdict.score, reason_of(verdict))
        for slug, verdict in evaluations_of(call.evaluations).items()
    ]
    return sorted(found, key=lambda one: (one.passed, one.slug))
