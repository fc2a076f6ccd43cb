"""Stored calls of a range of time, some hundred at a step, for jobs that work something out of them again."""

from collections.abc import Sequence
from datetime import UTC, datetime

from django.db import connection

from models_registry.jobs import JobError
from models_registry.models import Job, Model, Project
from monitoring.drain.join import load_rows
from monitoring.drain.rows import LLMCallRow
from monitoring.models import LLMCall
from monitoring.selectors.floors import read_floors
from monitoring.selectors.summaries import Scope, read_tally

SECOND = "(ts_us / 1000000)"  # as in the index of pages


class RangeError(ValueError):
    """The range holds nothing; edges answer 400."""


def range_told(start: datetime, end: datetime) -> dict[str, str]:
    """[start, end) as the arguments of a job; `RangeError` where it holds nothing."""
    if start >= end:
        raise RangeError("`to` must be later than `from`.")
    return {"from": _told(start), "to": _told(end)}


def range_of(job: Job) -> tuple[int, int]:
    """The inverse, in epoch microseconds."""
    try:
        start, end = (_micros(job.arguments[name]) for name in ("from", "to"))
    except (KeyError, ValueError) as error:
        raise JobError("The job names no range of time; start another one.") from error
    return start, end


def gone_before(job: Job) -> str | None:
    """Calls of the range before this moment are past their time, and stay as they were summed up; None where all are there."""
    gone = read_floors().events
    return _told(datetime.fromtimestamp(gone, UTC)) if gone * 1_000_000 > range_of(job)[0] else None


def next_ids(job: Job, *, limit: int) -> list[int]:
    """The calls after the cursor, in the order of time. Retention may drop some before they are loaded."""
    start, end = range_of(job)
    place = (job.cursor.get("ts_us", start), job.cursor.get("id", -(2**63)))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM {LLMCall._meta.db_table} WHERE project_id = %s AND {SECOND} >= %s AND {SECOND} <= %s"
            f" AND (ts_us, id) > (%s, %s) AND ts_us < %s ORDER BY {SECOND}, ts_us, id LIMIT {limit:d}",
            [job.project_id, place[0] // 1_000_000, end // 1_000_000, *place, end],
        )
        return [row_id for (row_id,) in cursor.fetchall()]


def load_calls(ids: Sequence[int], *, lock: bool) -> list[LLMCallRow]:
    """In the order of time; locked, if they are to be changed, in the order of their keys as a drain does."""
    calls = load_rows(LLMCallRow, "id", "bigint", ids, lock="FOR NO KEY UPDATE" if lock else "")
    return sorted(calls, key=lambda call: (call.ts_us, call.id))


def calls_between(project: Project, start: datetime, end: datetime) -> int:
    """About how many there are, by summaries: nobody counts events."""
    applications = Model.objects.filter(project=project, kind=Model.Kind.LLM)
    scopes = [Scope(project.pk, model.pk) for model in applications]
    return sum(read_tally(scope, ["status"], start=start, end=end).cell("status").n for scope in scopes)


def _told(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def _micros(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond
