"""What the supervisor and the ticker say of themselves, for the collection page and `/health/pipeline`."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from monitoring.models import ProcessState, StageRun

# The supervisor writes every 15 s; the fastest stage gets half a minute before it counts as late.
SUPERVISOR_SILENCE = timedelta(seconds=60)
STAGE_GRACE = timedelta(seconds=30)
RECENT = timedelta(minutes=15)


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
    """Stages that have not begun a run for three intervals and half a minute."""
    return [run for run in StageRun.objects.all() if real_now - run.started_at > _patience(run)]


def _patience(run: StageRun) -> timedelta:
    return timedelta(seconds=3 * run.every) + STAGE_GRACE
