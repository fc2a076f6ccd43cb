"""Is the pipeline moving? One selector for `/health/pipeline` and the gauges, in real time."""

from datetime import datetime, timedelta

from django.db import DatabaseError
from django.db.models import Case, F, Min, Q, When

from alerting.models import Notification
from alerting.notify.deliver import due
from config import broker
from config.stages import STAGES
from lib import clock
from monitoring.models import StageRun
from monitoring.selectors.ledger import inbox_backlog
from monitoring.selectors.processes import read_machinery

TICKER_SILENCE = timedelta(seconds=30)
DRAIN_LAG = timedelta(seconds=60)
OUTBOX_AGE = timedelta(minutes=5)


def overdue_since(*, real_now: datetime) -> datetime | None:
    """Since when a message that could go out has been waiting; not one under way, not due yet, or of a channel that is being probed.

    What waited on purpose is due by the story's clock, everything else by the real one.
    """
    now = clock.now()
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


def pipeline_reasons(*, real_now: datetime) -> list[str]:
    """Sentences that say what does not move; empty when everything does."""
    reasons: list[str] = []
    for ask in (_broker, _ticker, _drain, _outbox, _processes):
        try:
            reasons += ask(real_now)
        except DatabaseError as error:
            return [*reasons, f"database: {type(error).__name__}"]  # its text may name hosts and users
    return reasons


def _broker(_real_now: datetime) -> list[str]:
    if broker.client_url() is None or broker.answers():
        return []
    return ["broker: does not answer a PING"]


def _ticker(real_now: datetime) -> list[str]:
    latest = StageRun.objects.order_by("-started_at").first()
    if latest is None:
        return ["ticker: no stage has run yet"]
    silence = real_now - latest.started_at
    if silence > TICKER_SILENCE:
        return [f"ticker: no stage has run for {_seconds(silence)}"]
    ours = {stage.name for stage in STAGES}
    late = [run for run in read_machinery(real_now=real_now).late if run.stage in ours]
    failing = StageRun.objects.filter(stage__in=ours).exclude(last_error="")
    return [f"stage {run.stage}: last began {_seconds(real_now - run.started_at)} ago" for run in late] + [
        f"stage {run.stage}: failing; the collection page says why" for run in failing
    ]


def _drain(real_now: datetime) -> list[str]:
    backlog = inbox_backlog()
    if backlog.oldest_at is None or real_now - backlog.oldest_at <= DRAIN_LAG:
        return []
    return [f"drain: {backlog.items} items wait, the oldest for {_seconds(real_now - backlog.oldest_at)}"]


def _outbox(real_now: datetime) -> list[str]:
    since = overdue_since(real_now=real_now)
    if since is None or real_now - since <= OUTBOX_AGE:
        return []
    return [f"outbox: a message has been due for {_seconds(real_now - since)}"]


def _processes(real_now: datetime) -> list[str]:
    return [
        f"process {view.row.name}: {view.row.get_state_display()} ({view.row.last_exit})"
        for view in read_machinery(real_now=real_now).processes
        if view.heard and view.row.state == view.row.State.RESTARTING
    ]


def _seconds(span: timedelta) -> str:
    return f"{span.total_seconds():.0f} s"
