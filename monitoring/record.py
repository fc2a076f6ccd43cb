"""Run a stage and keep its record: one row per stage, an error noted and logged, never raised."""

import time
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from django.db.models import F

from lib.stage import Summary
from monitoring.models import StageRun

logger = structlog.get_logger(__name__)
MAX_ERROR = 2_000


class StageVerb(Protocol):
    """What every stage looks like from outside."""

    def __call__(self, *, now: datetime) -> Summary: ...


def run_stage(name: str, stage: StageVerb, *, now: datetime, real_now: datetime) -> Summary | None:
    """The stage's summary, or None when it failed; `now` is story time, `real_now` the wall clock at the start."""
    began = time.monotonic()
    summary, error = None, ""
    try:
        summary = stage(now=now)
    except Exception as caught:  # a broken stage must not stop the others
        logger.exception("stage_failed", stage=name)
        error = f"{type(caught).__name__}: {caught}"[:MAX_ERROR]
    _keep(name, summary, error, started_at=real_now, story_at=now, seconds=time.monotonic() - began)
    return summary


def _keep(
    name: str, summary: Summary | None, error: str, *, started_at: datetime, story_at: datetime, seconds: float
) -> None:
    done = summary or Summary()
    last = {
        "started_at": started_at,
        "finished_at": started_at + timedelta(seconds=seconds),
        "story_at": story_at,
        "seconds": seconds,
        "seen": done.seen,
        "written": done.written,
        "skipped": done.skipped,
        "last_error": error,
    }
    failures = 0 if summary else 1
    counted = {"runs": F("runs") + 1, "failures": F("failures") + failures}
    if not StageRun.objects.filter(stage=name).update(**last, **counted):
        first = StageRun(stage=name, **last, runs=1, failures=failures)
        StageRun.objects.bulk_create([first], ignore_conflicts=True)
