"""Exports of a project: what is being written, what can be fetched and until when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl

from django.conf import settings
from django.db.models import Q

from models_registry.exports import expires_at, exports_of, is_there
from models_registry.jobs import OPEN
from models_registry.models import Job, Project, User

SHOWN = 30
# Where the button was, by dataset: there a refusal is told, with what was asked for still in the address.
PLACES: Mapping[str, str] = {
    "predictions": "panel:predictions",
    "llm-calls": "panel:llm_calls",
    "logs": "panel:logs",
    "series": "panel:measures",
    "incidents": "panel:incidents",
    "fatigue": "panel:fatigue",
}


@dataclass(frozen=True, slots=True)
class ExportRow:
    """One export; `file` is the address of its file, empty while there is none; `may_end`: whether this reader can end it."""

    job: Job
    title: str
    asked: str
    percent: int
    file: str
    expires_at: datetime | None
    may_end: bool


@dataclass(frozen=True, slots=True)
class ExportsPage:
    """The newest first."""

    rows: list[ExportRow]
    hours: int


def exports_page(project: Project, *, user: User, real: datetime) -> ExportsPage:
    """Those whose dataset this person may read."""
    known = [name for name, dataset in settings.EXPORTS.items() if user.has_perm(dataset.permission)]
    jobs = exports_of(project).filter(Q(arguments__dataset__in=known)).select_related("created_by")[:SHOWN]
    hours = settings.RETENTION["exports"].total_seconds() / 3_600
    return ExportsPage([_row(job, project, user, real) for job in jobs], int(hours))


def filters_of(query: str) -> dict[str, str]:
    """The filters of an address, without its place in the list."""
    return {name: value for name, value in parse_qsl(query, max_num_fields=100) if name != "cursor"}


def may_end(job: Job, user: User) -> bool:
    """Whoever started it, and whoever may end any job."""
    return job.created_by_id == user.pk or user.has_perm("models_registry.change_job")


def pulse_of_exports(project: Project) -> list[tuple[int, str, int]]:
    """What moves the page."""
    return list(exports_of(project).values_list("pk", "state", "done")[:SHOWN])


def _row(job: Job, project: Project, user: User, real: datetime) -> ExportRow:
    asked = " · ".join(f"{name}={value}" for name, value in job.arguments["filters"].items())
    file = f"/api/v1/exports/{job.pk}/file?project={project.slug}" if is_there(job, real=real) else ""
    return ExportRow(
        job=job,
        title=str(settings.EXPORTS[job.arguments["dataset"]].title),
        asked=asked,
        percent=int(100 * job.report.get("share", 0)),
        file=file,
        expires_at=expires_at(job),
        may_end=job.state in OPEN and may_end(job, user),
    )
