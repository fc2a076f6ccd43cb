"""What an evaluator, saved or not, says of the newest calls: asked before it judges any. Reads only."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from monitoring.drain.evaluate import Evaluating, detector_of, evaluating, verdicts_of
from monitoring.llm.evaluators.answer import Said, answer_of, was_cut
from monitoring.llm.evaluators.verdicts import Verdict
from monitoring.models import Evaluator, LLMCall
from monitoring.models.inbox import EventKind
from monitoring.selectors.evaluations import reason_of
from monitoring.selectors.event_filters import EventFilter
from monitoring.selectors.events import event_page
from monitoring.selectors.wire import payload_of

CALLS: Final = 50
PAST: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Tried:
    """A call and what is said of it; None where it cannot be judged. `answer` is the beginning of what was read."""

    call: LLMCall
    verdict: Verdict | None
    answer: str

    @property
    def reason(self) -> str:
        """Why it failed."""
        return reason_of(self.verdict) if self.verdict else ""


@dataclass(frozen=True, slots=True)
class Tryout:
    """The newest calls of a project (its slug) that it applies to, at most 50 of the last seven days, newest first."""

    project: str
    calls: tuple[Tried, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many passed, failed, and could not be judged."""
        told = Counter(None if one.verdict is None else one.verdict.passed for one in self.calls)
        return {"passed": told[True], "failed": told[False], "not_evaluated": told[None]}


def try_evaluator(evaluator: Evaluator, *, now: datetime) -> Tryout:
    """Of an evaluator that is valid. Its share counts for nothing here: all of the newest calls are judged."""
    exact = {"environment": evaluator.environment, "prompt_name": evaluator.prompt_name}
    exact["model"] = evaluator.model.slug if evaluator.model else ""
    asked = EventFilter(now - PAST, None, {name: value for name, value in exact.items() if value})
    page = event_page(EventKind.LLM_CALL, evaluator.project, asked, limit=CALLS)
    judging = evaluating(evaluator, detector_of(evaluator.project))
    return Tryout(evaluator.project.slug, tuple(_tried(call, judging) for call in page.items))


def _tried(call: LLMCall, judging: Evaluating) -> Tried:
    payload = payload_of(call)
    said = Said(**{name: payload.get(name) for name in Said.__struct_fields__})
    answer = answer_of(said, judging.detect, cut=was_cut(payload))
    verdict = verdicts_of([judging], answer).get(judging.slug)
    return Tried(call, verdict, answer.text[:200] if answer else "")
