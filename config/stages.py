"""The stages, in the order of the pipeline. Beat, `manage.py tick`, the demonstration and the tests read this one list."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from django.utils.module_loading import import_string

from lib.clock import real_now
from lib.stage import Summary
from monitoring.record import StageVerb, run_stage


class Stage(NamedTuple):
    """A name for people, the dotted path of the verb, how often it runs (real seconds).

    A greedy stage works in bounded passes and goes on while it still sees work, for `GREEDY_SECONDS` at most.
    """

    name: str
    verb: str
    every: int
    greedy: bool = False


STAGES = [
    Stage("drain", "monitoring.drain.drain", 1, greedy=True),
    Stage("rollup", "monitoring.rollup.rollup", 15),
    Stage("evaluate", "alerting.evaluate.evaluate", 15),
    Stage("notify", "alerting.notify.send.send", 5),
    Stage("review", "runbooks.review.draft_reviews", 60),
    Stage("retain", "monitoring.retention.retain", 600),
]


# Short enough that in a pool of one no other stage's message expires behind a long drain.
GREEDY_SECONDS = 3.0


def run_once(stage: Stage, *, now: datetime) -> Summary | None:
    """One recorded pass; the path is resolved here, so that the list itself imports nothing. None: it failed."""
    verb: StageVerb = import_string(stage.verb)
    return run_stage(stage.name, verb, now=now, real_now=real_now(), every=stage.every)


def run_while_busy(stage: Stage, *, now: Callable[[], datetime]) -> Summary | None:
    """One pass, and for a greedy stage more of them while there is work."""
    until = time.monotonic() + GREEDY_SECONDS
    summary = run_once(stage, now=now())
    while stage.greedy and summary and summary.seen and time.monotonic() < until:
        summary = run_once(stage, now=now())
    return summary
