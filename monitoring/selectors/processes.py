"""What the supervisor and the ticker say of themselves, for the collection page and `/health/pipeline`."""

from dataclasses import dataclass
from datetime import datetime, timedelta

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


@dataclass(frozen=True, slots=True)
class Machinery:
    """Every process of the last `manage.py up` (none where processes are run by other means) and every stage.

    `late` are stages that have not begun a run for three intervals and half a minute, or not since the processes
    started; none in the first minute after a start. `starting`: within that minute, and some stage had stood still for
    long: old pages, no alarm.
    """

    processes: list[ProcessView]
    stages: list[StageRun]
    late: list[StageRun]
    starting: bool


def read_machinery(*, real_now: datetime) -> Machinery:
    """How the processes and stages stand, in two queries."""
    rows, stages = list(ProcessState.objects.all()), list(StageRun.objects.all())
    since = min((row.started_at for row in rows if row.started_at), default=None)
    young = since is not None and real_now - since <= STARTING
    return Machinery(
        processes=[_view(row, real_now) for row in rows],
        stages=stages,
        late=[] if young else _late(stages, real_now, since),
        starting=young and bool(_late(stages, real_now, None)),
    )


def _view(row: ProcessState, real_now: datetime) -> ProcessView:
    return ProcessView(
        row=row,
        heard=real_now - row.seen_at <= SUPERVISOR_SILENCE,
        restarted_recently=row.last_restart_at is not None and real_now - row.last_restart_at <= RECENT,
    )


def _late(runs: list[StageRun], real_now: datetime, since: datetime | None) -> list[StageRun]:
    """Silence counts from `since` at the earliest."""
    return [run for run in runs if real_now - max(run.started_at, since or run.started_at) > _patience(run)]


def _patience(run: StageRun) -> timedelta:
    return timedelta(seconds=3 * run.every) + STAGE_GRACE
