"""Judge past answers again by the evaluators as they are now, as a job.

An evaluator that is there decides alone what it says of a call: its verdict is replaced, or taken away where it says nothing any more. What
evaluators said that are gone or switched off is kept. Every step reads calls by their place in time, locks them, and changes calls and summaries in the one
transaction that moves the job's cursor, so a kill repeats nothing. Calls that arrive meanwhile are judged by the same evaluators when they are drained.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from models_registry.jobs import Step, start_job
from models_registry.models import Job, Project, User
from monitoring.drain.evaluate import Evaluating, answer_to, read_evaluators, takes, verdicts_of
from monitoring.drain.fold import Folds
from monitoring.drain.join import update_rows
from monitoring.drain.merge import merge
from monitoring.drain.past_calls import calls_between, gone_before, load_calls, next_ids, range_told
from monitoring.drain.rows import LLMCallRow
from monitoring.drain.sql import prefer_indexes
from monitoring.llm.evaluators.verdicts import evaluations_of, evaluations_text
from monitoring.selectors.segments import read_keys
from monitoring.selectors.wire import documents_of
from monitoring.storage.packing import needs_another

KIND = "rejudge"
CALLS_PER_STEP = 100  # of the longest texts a step may hold its locks for
COLUMNS = {"evaluations": "text"}


def start_rejudge(project: Project, *, start: datetime, end: datetime, now: datetime, by: User | None = None) -> Job:
    """The job for the project's calls that began in [start, end); `RangeError` where that holds nothing."""
    arguments = range_told(start, end)
    total = calls_between(project, start, end)
    return start_job(KIND, project=project, arguments=arguments, now=now, by=by, total=total)


def rejudge_step(job: Job, *, now: datetime) -> Step:
    """Some hundred calls; the report adds up from step to step."""
    prefer_indexes()
    ids = next_ids(job, limit=CALLS_PER_STEP)
    calls = load_calls(ids, lock=True)
    report = dict(job.report) or {"seen": 0, "changed": 0, "gone_before": gone_before(job)}
    pairs = _judged(calls)
    _apply([old for old, _ in pairs], [new for _, new in pairs])
    report["seen"] += len(calls)
    report["changed"] += len(pairs)
    cursor: dict[str, Any] = {"ts_us": calls[-1].ts_us, "id": calls[-1].id} if calls else job.cursor
    return Step(cursor, done=report["seen"], finished=len(ids) < CALLS_PER_STEP, report=report)


def _judged(calls: Sequence[LLMCallRow]) -> list[tuple[LLMCallRow, LLMCallRow]]:
    """(as it is, as it becomes) of each call of which something else is said now."""
    evaluators = read_evaluators({call.project_id for call in calls}, {call.version_id for call in calls})
    asked = [call for call in calls if evaluators.get(call.version_id)]
    told = documents_of([call.id for call in asked])
    pairs = [(call, _again(call, evaluators[call.version_id], told.get(call.id, b""))) for call in asked]
    return [(old, new) for old, new in pairs if evaluations_of(old.evaluations) != evaluations_of(new.evaluations)]


def _again(call: LLMCallRow, evaluators: Sequence[Evaluating], by: bytes) -> LLMCallRow:
    ours = {one.slug for one in evaluators}
    kept = {slug: verdict for slug, verdict in evaluations_of(call.evaluations).items() if slug not in ours}
    mine = [one for one in evaluators if takes(one, call)]
    if mine and not by and needs_another(bytes(call.texts)):
        return call  # what its texts are packed by is gone: nobody can read them, so what was said of them stays
    said = verdicts_of(mine, answer_to(call, mine[0].detect, by)) if mine else {}
    return call._replace(evaluations=evaluations_text(kept | said))


def _apply(old: Sequence[LLMCallRow], new: Sequence[LLMCallRow]) -> None:
    """Amend: fold(new) − fold(old), in the order in which a drain writes."""
    if not old:
        return
    update_rows(LLMCallRow, new, COLUMNS)
    folds = Folds()
    folds.amend(old, new, read_keys({call.version_id for call in old}))
    merge(folds)
