"""Runbooks to read: are they known, bound, used, and still true?"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Max
from django.utils import timezone
from django.utils.safestring import SafeString

from alerting.models import AlertRule
from lib.markdown import render
from models_registry.models import Project
from models_registry.shipped import shipped
from runbooks.models import Run, Runbook, Step

STALE_AFTER = timedelta(days=90)
RUNS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Freshness:
    """When somebody last checked that it still holds."""

    at: date | None
    days: int

    @property
    def stale(self) -> bool:
        """Longer ago than three months."""
        return self.days > STALE_AFTER.days


@dataclass(frozen=True, slots=True)
class RunbookRow:
    """One line of the list."""

    runbook: Runbook
    steps: int
    rules: int
    last_used: datetime | None
    freshness: Freshness


@dataclass(frozen=True, slots=True)
class Runbooks:
    """The list."""

    rows: list[RunbookRow]


@dataclass(frozen=True, slots=True)
class RunbookPage:
    """One runbook."""

    runbook: Runbook
    freshness: Freshness
    summary: SafeString
    steps: list[tuple[Step, SafeString]]
    rules: list[AlertRule]
    runs: list[Run]


def freshness_of(runbook: Runbook, *, now: datetime) -> Freshness:
    """Days since it was verified, on the local calendar."""
    today = timezone.localtime(now).date()
    return Freshness(runbook.verified_at, (today - runbook.verified_at).days if runbook.verified_at else 0)


def runbooks_page(project: Project, *, now: datetime) -> Runbooks:
    """Every runbook of the project, in one query."""
    rows = Runbook.objects.filter(project=project).annotate(
        step_count=Count("steps", distinct=True),
        rule_count=Count("rules", distinct=True),
        last_used=Max("runs__started_at"),
    )
    return Runbooks(
        [RunbookRow(row, row.step_count, row.rule_count, row.last_used, freshness_of(row, now=now)) for row in rows]
    )


def runbook_page(runbook: Runbook, *, now: datetime) -> RunbookPage:
    """One runbook with what it is bound to and where it was followed last."""
    runs = Run.objects.filter(runbook=runbook).select_related("incident", "started_by").order_by("-started_at")
    return RunbookPage(
        runbook=runbook,
        freshness=freshness_of(runbook, now=now),
        summary=render(shipped(runbook.summary)),
        steps=[(step, render(shipped(step.body))) for step in runbook.steps.all()],
        rules=list(runbook.rules.all()),
        runs=list(runs[:RUNS_SHOWN]),
    )
