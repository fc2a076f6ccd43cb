"""Collection health: does everything that was sent arrive, and if not, why not?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import QuerySet
from django.utils.functional import Promise

from models_registry.models import ApiKey, Job, Project
from monitoring.models import DeadLetter, RejectionCount, StageRun
from monitoring.models.inbox import EventKind
from monitoring.prices.reprice import KIND
from monitoring.selectors.ledger import Backlog, inbox_backlog, read_ledger
from monitoring.selectors.processes import ProcessView, read_machinery
from monitoring.selectors.wire import moment
from panel.pages.price_change import PriceChange, changes_of, told_of
from panel.pages.stages import DOES

LETTERS_SHOWN = 50
JOBS_SHOWN = 10
ITEM_SHOWN = 4_000
# Paths of the wire contract, by kind.
PATHS = {
    EventKind.PREDICTION: "predictions",
    EventKind.LLM_CALL: "llm-calls",
    EventKind.OUTCOME: "outcomes",
    EventKind.FEEDBACK: "feedback",
    EventKind.EVENT: "events",
    EventKind.LOG: "logs",
    EventKind.SPAN: "spans",
    EventKind.METRIC: "metrics",
}
SNIPPET = """curl -X POST {url}/api/v1/predictions \\
  -H "Authorization: Bearer $ATALAIA_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{{"id": "first-1", "model": "my-model", "version": "1", "prediction": "yes", "score": 0.83, "latency_ms": 12}}'
"""


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One kind, or the total: every count, and whether both equations hold."""

    label: str
    counts: dict[str, int]

    @property
    def balances(self) -> bool:
        """received = accepted + rejected, accepted = stored + duplicate + dead-lettered + pending."""
        count = self.counts
        settled = count["stored"] + count["duplicate"] + count["dead_lettered"] + count["pending"]
        return count["received"] == count["accepted"] + count["rejected"] and count["accepted"] == settled


@dataclass(frozen=True, slots=True)
class Rejection:
    """One reason for refusing items, with what the last sender was told."""

    row: RejectionCount
    path: str
    last_at: datetime


@dataclass(frozen=True, slots=True)
class StageRow:
    """A stage, what it does, how long ago it began (real time), and whether that is too long."""

    run: StageRun
    does: Promise | str
    age_s: float
    late: bool


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter with its item as text."""

    row: DeadLetter
    item: str


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job with the title of its kind and how much is done in percent, where that is known."""

    job: Job
    title: str
    percent: int | None
    told: str = ""
    changes: Sequence[PriceChange] = ()


@dataclass(frozen=True, slots=True)
class Collection:
    """The whole page."""

    total: LedgerRow
    orphans: int
    kinds: list[LedgerRow]
    backlog: Backlog
    lag_s: float
    rejections: list[Rejection]
    letters: list[Letter]
    more_letters: bool
    stages: list[StageRow]
    processes: list[ProcessView]
    jobs: list[JobRow]
    snippet: str
    keys: list[ApiKey]

    @property
    def waiting(self) -> bool:
        """Nothing was ever accepted."""
        return self.total.counts["accepted"] == 0

    @property
    def coming(self) -> bool:
        """A supervisor is at work: stages that have not run yet wait, such as for the history of a demonstration."""
        return any(process.heard for process in self.processes)

    @property
    def balances(self) -> bool:
        """Every row of the ledger does."""
        return self.total.balances and all(row.balances for row in self.kinds)


def collection_page(project: Project, *, real_now: datetime) -> Collection:
    """Everything that the page shows; ages are in real time, so that a stopped story is not a stopped stage."""
    ledger = read_ledger(project_id=project.pk)
    backlog = inbox_backlog()
    letters = list(DeadLetter.objects.filter(project=project)[: LETTERS_SHOWN + 1])
    machinery = read_machinery(real_now=real_now)
    late = {run.pk for run in machinery.late}
    return Collection(
        total=LedgerRow("", ledger["total"]),
        orphans=sum(ledger["orphans"].values()),
        kinds=[LedgerRow(str(EventKind(kind).label), counts) for kind, counts in ledger["kinds"].items()],
        backlog=backlog,
        lag_s=(real_now - backlog.oldest_at).total_seconds() if backlog.oldest_at else 0.0,
        rejections=_rejections(project),
        letters=[
            Letter(row, bytes(row.item[:ITEM_SHOWN]).decode("utf-8", "replace")) for row in letters[:LETTERS_SHOWN]
        ],
        more_letters=len(letters) > LETTERS_SHOWN,
        stages=[
            StageRow(run, DOES.get(run.stage, ""), (real_now - run.started_at).total_seconds(), run.pk in late)
            for run in machinery.stages
        ],
        processes=machinery.processes,
        jobs=[_job(job) for job in Job.objects.filter(project=project).select_related("created_by")[:JOBS_SHOWN]],
        snippet=SNIPPET.format(url=settings.PUBLIC_URL),
        keys=list(ApiKey.objects.filter(project=project, revoked_at__isnull=True)[:5]),
    )


def _job(job: Job) -> JobRow:
    kind = settings.JOBS.get(job.kind)
    percent = None if job.share is None else int(100 * job.share)
    told, changes = (told_of(job), changes_of(job)) if job.kind == KIND and job.report else ("", ())
    return JobRow(job, str(kind.title) if kind else job.kind, percent, told, changes)


def _rejections(project: Project) -> list[Rejection]:
    rows: QuerySet[RejectionCount] = RejectionCount.objects.filter(project=project).order_by("-last_us")[:50]
    return [Rejection(row, PATHS[EventKind(row.kind)], moment(row.last_us)) for row in rows]
