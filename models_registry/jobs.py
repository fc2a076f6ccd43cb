"""Jobs: long work as rows, taken step by step by whoever ticks. A kill repeats nothing, a cancel is heard between steps.

A kind of job is a line in `config/jobs.py`; its step is `step(job, *, now) -> Step`: it reads `job.arguments` and
`job.cursor`, does a bounded piece of work (at most 200 ms: on SQLite it is the one writer), and says where it is. The
step and the job's new cursor are one transaction. What a step raises ends the job as *failed*, with its words kept;
`JobError` is for what a person can mend.

Work that cannot be cut that small goes before the step: a kind may name a `prepare(job, *, now) -> T`, which reads and
computes outside any transaction while the job is under a lease, and writes nothing that a repetition would write twice;
its step is then `step(job, prepared, *, now)`. Whoever loses the lease keeps nothing.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, Q
from django.utils.module_loading import import_string

from lib.clock import real_now
from lib.stage import Summary
from models_registry.models import Job, Project, User

PASS_SECONDS = 5.0
LEASE = timedelta(minutes=5)  # far above what the largest reference takes; after a kill the work begins again this late
MAX_ERROR = 2_000
OPEN = (Job.State.QUEUED, Job.State.RUNNING)
TRANSIENT = (OperationalError, InterfaceError)
logger = structlog.get_logger(__name__)


class JobError(Exception):
    """The job cannot go on; the message says why and what would help."""


@dataclass(frozen=True, slots=True)
class Step:
    """Where the job is after a step: `done` so far in all, the cursor of the next step, what there is to report."""

    cursor: Mapping[str, Any]
    done: int
    finished: bool = False
    report: Mapping[str, Any] = field(default_factory=dict)


StepVerb = Callable[..., Step]


def start_job(
    kind: str,
    *,
    project: Project,
    arguments: Mapping[str, Any],
    now: datetime,
    by: User | None = None,
    total: int | None = None,
) -> Job:
    """A job that the next tick begins. `KeyError` for a kind that `settings.JOBS` does not name."""
    known = settings.JOBS[kind]
    return Job.objects.create(
        project=project, kind=known.name, arguments=dict(arguments), total=total, created_by=by, created_at=now
    )


def cancel_job(job: Job) -> bool:
    """Ask an open job to stop before its next step; False if it has ended. What it has done stays done."""
    return Job.objects.filter(pk=job.pk, state__in=OPEN).update(cancel=True) > 0


def run_jobs(*, now: datetime) -> Summary:
    """Steps of open jobs for some seconds, the one that waited longest first: looked at, done, failed as skipped."""
    deadline = time.monotonic() + PASS_SECONDS
    summary = Summary()
    while _is_work_left() and (step := _next_step(now)) is not None:
        summary += step
        if time.monotonic() >= deadline:
            break
    return summary


def _is_work_left() -> bool:
    """Asked before a transaction begins: most ticks find nothing, and SQLite has one writer."""
    return Job.objects.filter(state__in=OPEN).exists()


def _next_step(now: datetime) -> Summary | None:
    """One step of one job; None if others work on all that have work left."""
    job = None
    try:
        with transaction.atomic():
            job = _waiting_longest()
            prepare = _begin(job, now=now) if job else None
        if job and prepare:
            _land(job, prepare(job, now=now), now=now)
    except TRANSIENT:
        raise
    except Exception as error:  # a broken job must not stop the others
        if job is None:
            raise
        _fail(job, error, now=now)
        return Summary(seen=1, skipped=1)
    return Summary(seen=1, written=1) if job else None


def _waiting_longest() -> Job | None:
    """Locked; what others hold or have under a lease is left to them."""
    free = Q(lease_until=None) | Q(lease_until__lte=real_now())
    waiting = Job.objects.select_for_update(skip_locked=True).filter(free, state__in=OPEN)
    return waiting.order_by(F("stepped_at").asc(nulls_first=True), "id").first()


def _begin(job: Job, *, now: datetime) -> Callable[..., Any] | None:
    """Take its step; or, if its kind prepares, put it under a lease and return what is to be done outside."""
    dotted = "" if job.cancel else settings.JOBS[job.kind].prepare
    if not dotted:
        _advance(job, now=now)
        return None
    prepare: Callable[..., Any] = import_string(dotted)
    job.state, job.stepped_at = Job.State.RUNNING, real_now()
    job.lease_until = job.stepped_at + LEASE
    job.save(update_fields=["state", "stepped_at", "lease_until"])
    return prepare


def _land(job: Job, prepared: Any, *, now: datetime) -> None:
    """The step of what was prepared, if the job is still ours."""
    with transaction.atomic():
        mine = Job.objects.select_for_update().filter(pk=job.pk, state__in=OPEN, lease_until=job.lease_until).first()
        if mine is None:
            logger.warning("job_lease_lost", job=job.pk, kind=job.kind)
            return
        _advance(mine, prepared, now=now)


def _advance(job: Job, *prepared: Any, now: datetime) -> None:
    job.stepped_at = real_now()
    if job.cancel:
        job.state, job.finished_at = Job.State.CANCELLED, now
    else:
        verb: StepVerb = import_string(settings.JOBS[job.kind].step)
        step = verb(job, *prepared, now=now)
        job.cursor, job.done, job.report = dict(step.cursor), step.done, dict(step.report)
        job.state = Job.State.DONE if step.finished else Job.State.RUNNING
        job.finished_at = now if step.finished else None
    job.lease_until = None
    job.save()


def _fail(job: Job, error: Exception, *, now: datetime) -> None:
    """Only what an error says is kept: the step was undone, the cursor stands where it was."""
    if not isinstance(error, JobError):
        logger.error("job_failed", job=job.pk, kind=job.kind, exc_info=error)
    told = str(error) if isinstance(error, JobError) else f"{type(error).__name__}: {error}"
    Job.objects.filter(pk=job.pk, state__in=OPEN, lease_until=job.lease_until).update(
        state=Job.State.FAILED, error=told[:MAX_ERROR], finished_at=now, stepped_at=real_now(), lease_until=None
    )
