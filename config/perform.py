"""Perform a stage of the list: find its verb, run it recorded, repeat a greedy one while there is work."""

import time
from collections.abc import Callable
from datetime import datetime

from django.utils.module_loading import import_string

from config.stages import Stage
from lib.clock import real_now
from lib.stage import Summary
from monitoring.stage_runs import StageVerb, run_stage

# Short enough that in a pool of one no other stage's message expires behind a long drain.
GREEDY_SECONDS = 3.0


def run_once(stage: Stage, *, now: datetime) -> Summary | None:
    """One recorded pass. None: it failed, even if only because its verb could not be imported."""

    def verb(*, now: datetime) -> Summary:
        found: StageVerb = import_string(stage.verb)
        return found(now=now)

    return run_stage(stage.name, verb, now=now, real_now=real_now(), every=stage.every)


def run_while_busy(stage: Stage, *, now: Callable[[], datetime]) -> Summary | None:
    """One pass, and for a greedy stage more of them, each at its own time, while it sees work."""
    until = time.monotonic() + GREEDY_SECONDS
    summary = run_once(stage, now=now())
    while stage.greedy and summary and summary.seen and time.monotonic() < until:
        summary = run_once(stage, now=now())
    return summary
