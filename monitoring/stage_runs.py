"""Run a stage and keep its record: one row per stage, an error noted and logged, never raised."""

import time
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog
from django.db.models import F

from lib.stage import Summary
from monitoring.models import StageRun

logger = structlog.get_logger(__name__)
MAX_ERROR = 2_000


class StageVerb(Protocol):
    """What every stage looks like from outside."""

    def __call__(self, *, now: datetime) -> Summary: ...


def run_stage(name: str, stage: StageVerb, *, now: datetime, real_now: datetime, every: int = 0) -> Summary | None:
    """The stage's summary, or None when it failed.

    `now` is story time, `real_now` the wall clock at the start, `every` the promised seconds between runs.
    """
    began = time.monotonic()
    summary, error = None, ""
    try:
        summary = stage(now=now)
    except Exception as caught:  # a broken stage must not stop the others
        logger.exception("stage_failed", stage=name)
        error = f"{type(caught).__name__}: {caught}"[:MAX_ERROR]
    seconds = time.monotonic() - began
    times = {"started_at": real_now, "finished_at": real_now + timedelta(seconds=seconds), "story_at": now}
    _keep(name, summary, error, {**times, "seconds": seconds, "every": every})
    return summary


def _keep(name: str, summary: Summary | None, error: str, timing: dict[str, Any]) -> None:
    done = summary or Summary()
    last = {
        **timing,
        "seen": done.seen,
        "written": done.written,
        "skipped": done.skipped,
        "last_error": error,
        "facts": [dict(fact) for fact in done.facts],
    }
    if summary is not None:
        last["succeeded_at"] = timing["finished_at"]
    failures = 0 if summary else 1
    before = StageRun.objects.filter(stage=name).values_list("started_at", flat=True).first()
    if before is None:
        first = StageRun(stage=name, **last, runs=1, failures=failures)
        StageRun.objects.bulk_create([first], ignore_conflicts=True)
        return
    counted = {"runs": F("runs") + 1, "failures": F("failures") + failures}
    counted["missed"] = F("missed") + missed_rounds(before, timing["started_at"], every=timing["every"])
    StageRun.objects.filter(stage=name).update(**last, **counted)


def missed_rounds(before: datetime, now: datetime, *, every: int) -> int:
    """Rounds that should have begun between two that did; a clock that was put back has missed none."""
    return max(0, int((now - before).total_seconds() // every) - 1) if every else 0
