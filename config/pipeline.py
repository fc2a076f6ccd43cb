"""Is the pipeline moving? One selector for `/health/pipeline`, the stage `watch` and the gauges, in real time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError
from django.db.models import Case, F, Min, Q, When

from alerting.evaluate.evaluation_lag import evaluation_lag
from alerting.models import Notification
from alerting.notify.deliver import due
from config import broker
from config.stages import STAGES
from lib import clock
from monitoring.models import StageRun
from monitoring.selectors.clock_skew import clock_skew
from monitoring.selectors.ledger import inbox_backlog
from monitoring.selectors.processes import read_machinery

TICKER_SILENCE = timedelta(seconds=30)
DRAIN_LAG = timedelta(seconds=60)
OUTBOX_AGE = timedelta(minutes=5)
EVALUATION_LAG = timedelta(seconds=90)
CLOCK_SKEW = timedelta(seconds=10)


def overdue_since(*, now: datetime, real_now: datetime) -> datetime | None:
    """Since when a message that could go out has been waiting; not one under way, not due yet, or of a channel that is being probed.

    What waited on purpose is due by the story's clock, everything else by the real one.
    """
    free = Q(channel__paused_until=None) | Q(channel__paused_until__lte=real_now)
    planned = Q(attempts=0, due_at__gt=F("created_at"))
    abandoned = When(state=Notification.State.SENDING, then="lease_until")
    since = (
        due(now=now, real=real_now)
        .filter(free)
        .aggregate(
            written=Min(Case(abandoned, default="not_before"), filter=~planned), planned=Min("due_at", filter=planned)
        )
    )
    moments = [since["written"], since["planned"] and since["planned"] + (real_now - now)]
    return min((moment for moment in moments if moment), default=None)


@dataclass(frozen=True, slots=True)
class Reason:
    """What does not move: a code, the sentence for machines, for how long, and what of it."""

    code: str
    text: str
    seconds: float = 0.0
    name: str = ""


def pipeline_reasons(*, now: datetime, real_now: datetime) -> list[Reason]:
    """What does not move; empty when everything does. `now` is story time."""
    reasons: list[Reason] = []
    for ask in (_broker, _ticker, _drain, _evaluation, _outbox, _processes, _clock):
        try:
            reasons += ask(now, real_now)
        except DatabaseError as error:
            return [*reasons, no_database(error)]
    return reasons


def no_database(error: DatabaseError) -> Reason:
    """Its text may name hosts and users."""
    return Reason("database", f"database: {type(error).__name__}")


def _broker(_now: datetime, _real_now: datetime) -> list[Reason]:
    if broker.client_url() is None or broker.answers():
        return []
    return [Reason("broker", "broker: does not answer a PING")]


def _ticker(_now: datetime, real_now: datetime) -> list[Reason]:
    latest = StageRun.objects.order_by("-started_at").first()
    if latest is None:
        return [Reason("ticker", "ticker: no stage has run yet")]
    silence = real_now - latest.started_at
    if silence > TICKER_SILENCE:
        return [_lasting("ticker", "ticker: no stage has run for {}", silence)]
    ours = {stage.name for stage in STAGES}
    late = [run for run in read_machinery(real_now=real_now).late if run.stage in ours]
    failing = StageRun.objects.filter(stage__in=ours).exclude(last_error="")
    return [
        _lasting("late", f"stage {run.stage}: last began {{}} ago", real_now - run.started_at, run.stage)
        for run in late
    ] + [_failing(run, real_now) for run in failing]


def _failing(run: StageRun, real_now: datetime) -> Reason:
    if run.succeeded_at is None:
        return Reason("never", f"stage {run.stage}: has never succeeded; the collection page says why", name=run.stage)
    text = f"stage {run.stage}: failing; the collection page says why"
    return Reason("failing", text, (real_now - run.succeeded_at).total_seconds(), run.stage)


def _drain(_now: datetime, real_now: datetime) -> list[Reason]:
    backlog = inbox_backlog()
    if backlog.oldest_at is None or real_now - backlog.oldest_at <= DRAIN_LAG:
        return []
    return [_lasting("drain", f"drain: {backlog.items} items wait, the oldest for {{}}", real_now - backlog.oldest_at)]


def _evaluation(now: datetime, _real_now: datetime) -> list[Reason]:
    lag = evaluation_lag(now=now)
    if lag is None or lag.behind <= EVALUATION_LAG * max(1.0, _rate()):
        return []
    return [_lasting("evaluation", f"rule {lag.rule}: due for {{}} and not evaluated", lag.behind, lag.rule)]


def _rate() -> float:
    """A story that catches up is due more often than it is ticked."""
    face = clock.face()
    return 1.0 if face is None else face.rate


def _outbox(now: datetime, real_now: datetime) -> list[Reason]:
    since = overdue_since(now=now, real_now=real_now)
    if since is None or real_now - since <= OUTBOX_AGE:
        return []
    return [_lasting("outbox", "outbox: a message has been due for {}", real_now - since)]


def _processes(_now: datetime, real_now: datetime) -> list[Reason]:
    return [
        Reason("process", f"process {view.row.name}: {view.row.get_state_display()} ({view.row.last_exit})")
        for view in read_machinery(real_now=real_now).processes
        if view.heard and view.row.state == view.row.State.RESTARTING
    ]


def _clock(_now: datetime, _real_now: datetime) -> list[Reason]:
    skew = clock_skew()
    if abs(skew) <= CLOCK_SKEW:
        return []
    text = "clock: this machine and the database differ by {}"
    return [_lasting("clock", text, abs(skew))]


def _lasting(code: str, text: str, span: timedelta, name: str = "") -> Reason:
    return Reason(code, text.format(f"{span.total_seconds():.0f} s"), span.total_seconds(), name)
