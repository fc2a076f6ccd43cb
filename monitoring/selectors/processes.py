"""What the supervisor and the ticker say of themselves, for the collection page and `/health/pipeline`."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Min

from monitoring.models import ProcessState, StageRun

# The supervisor writes every 15 s; the fastest stage gets half a minute before it counts as late.
SUPERVISOR_SILENCE = timedelta(seconds=60)
STAGE_GRACE = timedelta(seconds=30)
RECENT = timedelta(minutes=15)
STARTING = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ProcessView:
    """A process row, read at `real_now`: `heard` is false once the supervisor itself went silent."""

    row: ProcessState
    heard: bool
    restarted_recently: bool


def process_states(*, real_now: datetime) -> list[ProcessView]:
    """Every process of the last `manage.py up`; empty where processes are run by other means."""
    return [
        ProcessView(
            row=row,
            heard=real_now - row.seen_at <= SUPERVISOR_SILENCE,
            restarted_recently=row.last_restart_at is not None and real_now - row.last_restart_at <= RECENT,
        )
        for row in ProcessState.objects.all()
    ]


def late_stages(*, real_now: datetime) -> list[StageRun]:
    """Stages that have not begun a run for three intervals and half a minute, or not since the processes started.

    None in the first minute after a start.
    """
    since = _started_at()
    return [] if _is_young(since, real_now) else _late(real_now, since)


def is_starting(*, real_now: datetime) -> bool:
    """The processes started within the last minute, and some stage had stood still for long: old pages, no alarm."""
    return _is_young(_started_at(), real_now) and bool(_late(real_now, None))


def _started_at() -> datetime | None:
    """When `manage.py up` began; None where processes are run by other means."""
    started: datetime | None = ProcessState.objects.aggregate(at=Min("started_at"))["at"]
    return started


def _is_young(since: datetime | None, real_now: datetime) -> bool:
    return since is not None and real_now - since <= STARTING


def _late(real_now: datetime, since: datetime | None) -> list[StageRun]:
    """Silence counts from `since` at the earliest."""
    runs = StageRun.objects.all()
    return [run for run in runs if real_now - max(run.started_at, since or run.started_at) > _patience(run)]


def _patience(run: StageRun) -> timedelta:
    return timedelta(seconds=3 * run.every) + STAGE_GRACE
