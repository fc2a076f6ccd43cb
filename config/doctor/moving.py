"""Does what was accepted move on: the same questions as `/health/pipeline`, with the figures where all is well and the mend where not."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.utils.timezone import localtime

from alerting.evaluate.evaluation_lag import evaluation_lag
from alerting.models import Notification
from config import broker
from config.doctor.finding import Finding, fail, ok, warn
from config.pipeline import Reason, pipeline_reasons
from config.stages import STAGES
from config.terminal import ago
from lib import clock
from monitoring.models import DeadLetter, StageRun
from monitoring.selectors.clock_skew import clock_skew
from monitoring.selectors.ledger import inbox_backlog
from monitoring.selectors.processes import read_machinery

STORY_BEHIND: Final = timedelta(minutes=2)
TICK: Final = "Start `manage.py up`, or the worker and one beat; where there is no broker, `manage.py tick --loop`."
MENDS: Final = {
    "broker": "Start `manage.py up`, which brings a broker along; or look whether REDIS_URL leads to a server that answers.",
    "ticker": TICK,
    "late": "Look whether the worker runs and keeps up; ATALAIA_TASK_THREADS gives it more hands on PostgreSQL.",
    "failing": "The collection page and the worker's log have the error; mend that, and the next round succeeds.",
    "drain": "Look whether the worker runs; more of them drain at once on PostgreSQL. `manage.py drain` empties the inbox now.",
    "evaluation": TICK,
    "outbox": "Look whether the worker runs, and at what the channels below say.",
    "process": "Its output says why it dies; `manage.py up` goes on trying.",
    "clock": "Synchronise both clocks (NTP): leases, retries and silences are told by them.",
    "database": "Look whether the server of DATABASE_URL runs, and at its log.",
}
AREAS: Final = {
    "broker": ("broker",),
    "ticker": ("ticker", "late", "failing"),
    "drain": ("drain",),
    "evaluation": ("evaluation",),
    "outbox": ("outbox",),
    "processes": ("process",),
    "clock": ("clock",),
}


def pipeline(real_now: datetime) -> Iterator[Finding]:
    """One line for each thing that stands still, or what was seen of it."""
    story = clock.now()
    if settings.DEMO and real_now - story > STORY_BEHIND:
        yield ok(
            "story",
            f"the demonstration tells of {localtime(story):%Y-%m-%d %H:%M}; what moves is looked at when it has caught up",
        )
        return
    reasons = pipeline_reasons(now=story, real_now=real_now)
    for reason in reasons:
        if reason.code == "database":
            yield _standing("pipeline", reason)
            return
    for area, codes in AREAS.items():
        mine = [reason for reason in reasons if reason.code in codes]
        yield from (_standing(area, reason) for reason in mine)
        if not mine:
            yield ok(area, FIGURES[area](real_now))


def _standing(area: str, reason: Reason) -> Finding:
    says = reason.text.removeprefix(f"{area}: ")
    return fail(area, says, MENDS[reason.code])


def _broker(_real_now: datetime) -> str:
    if broker.client_url() is None:
        return "none, and none is needed by `manage.py tick --loop`"
    return "answers"


def _ticker(real_now: datetime) -> str:
    latest = StageRun.objects.order_by("-started_at").first()
    since = max(0.0, (real_now - latest.started_at).total_seconds()) if latest else 0.0
    return f"{len(STAGES)} stages, the last began {ago(since)} ago"


def _drain(real_now: datetime) -> str:
    backlog = inbox_backlog()
    if backlog.oldest_at is None:
        return "the inbox is empty"
    return f"{backlog.items} items wait, the oldest for {ago((real_now - backlog.oldest_at).total_seconds())}"


def _evaluation(_real_now: datetime) -> str:
    lag = evaluation_lag(now=clock.now())
    return (
        "no rule waits to be asked"
        if lag is None
        else f"the rule that waits longest is due for {ago(lag.behind.total_seconds())}"
    )


def _outbox(_real_now: datetime) -> str:
    states = Notification.State
    return f"{Notification.objects.filter(state__in=[states.QUEUED, states.SENDING]).count()} messages wait or are planned, none is late"


def _processes(real_now: datetime) -> str:
    heard = [view.row for view in read_machinery(real_now=real_now).processes if view.heard]
    restarts = sum(row.restarts for row in heard)
    return f"{len(heard)} run under `manage.py up`, {restarts} restarts" if heard else "not those of `manage.py up`"


def _clock(_real_now: datetime) -> str:
    return f"this machine and the database are {ago(abs(clock_skew().total_seconds()))} apart"


FIGURES: Final[dict[str, Callable[[datetime], str]]] = {
    "broker": _broker,
    "ticker": _ticker,
    "drain": _drain,
    "evaluation": _evaluation,
    "outbox": _outbox,
    "processes": _processes,
    "clock": _clock,
}


def dead_letters(_real_now: datetime) -> Iterator[Finding]:
    """Items that could not be stored wait for somebody to mend their cause."""
    letters = DeadLetter.objects.count()
    if not letters:
        yield ok("dead letters", "none")
        return
    newest = DeadLetter.objects.latest("id")
    says = (
        f"{letters} items could not be stored, the newest: {newest.error.splitlines()[0][:120] if newest.error else ''}"
    )
    yield warn("dead letters", says, "Mend the cause, then `manage.py replay --all`; without --all it lists them.")
