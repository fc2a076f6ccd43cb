"""Verdicts of evaluators on one call, in words."""

from dataclasses import dataclass

from monitoring.evaluators.verdicts import evaluations_of
from monitoring.models import LLMCall
from monitoring.selectors.evaluations import reason_of


@dataclass(frozen=True, slots=True)
class Judged:
    """What an evaluator, known by its slug, said of an answer."""

    slug: str
    passed: bool
    score: float
    reason: str


def judged_of(call: LLMCall) -> list[Judged]:
    """Failures first, then by slug."""
    found = [
        Judged(slug, verdict.passed, verdict.score, reason_of(verdict))
        for slug, verdict in evaluations_of(call.evaluations).items()
    ]
    return sorted(found, key=lambda one: (one.passed, one.slug))
