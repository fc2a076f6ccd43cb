"""What jobs that score in batches say of their runs: kept run by run, and told to the summaries once a run is over.

A report may be sent again, come late or be lost: the first start and the first end stay, and what comes of a run that nobody
has heard of begins it. The end becomes data points of the model, which know a repeated end by its time.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from django.conf import settings
from django.db import transaction

from models_registry.models import Model, ModelVersion, Project
from models_registry.register import ensure_version, newest_version
from monitoring.ingest.moments import epoch_us
from monitoring.ingest.otlp.accept import Outcome, store_outcome
from monitoring.ingest.otlp.clean import Cleaner
from monitoring.ingest.otlp.points import writer_of
from monitoring.ingest.redact import redactor_for
from monitoring.items import MetricItem
from monitoring.models import BatchRun
from monitoring.models.batch_runs import MAX_ERROR
from monitoring.stats import batches

KIND = "metric"
ENDS = {"ok": BatchRun.State.FINISHED, "error": BatchRun.State.FAILED}
Event = Literal["start", "heartbeat", "finish"]


@dataclass(frozen=True, slots=True)
class Report:
    """What a job says; `said` are columns of the run, only those that it told. `model` is empty of a run that is known."""

    run: str
    event: Event
    at: datetime
    model: str = ""
    version: str = ""
    environment: str = ""
    status: str = "ok"
    said: dict[str, Any] = field(default_factory=dict)


class ReportError(ValueError):
    """A report that cannot be; `field` is what to mend."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class OverError(ValueError):
    """The run is over, and this would have it otherwise."""


def report_run(project: Project, report: Report, *, now: datetime) -> tuple[BatchRun, bool]:
    """The run as it stands then, and whether it is new. `ReportError`, or `OverError` for a run that has ended otherwise."""
    with transaction.atomic():
        run, new = _run(project, report)
        was_running = run.state == BatchRun.State.RUNNING
        if was_running:
            _note(run, report)
        elif _contradicts(run, report):
            message = f"The run {run.run} is over ({run.state}); another attempt has an id of its own."
            raise OverError(message)
    if run.finished_at is not None and (was_running or _may_be_lost(run, report, now)):
        _tell(run, now)
    return run, new


def _run(project: Project, report: Report) -> tuple[BatchRun, bool]:
    rows = BatchRun.objects.select_for_update(of=("self",)).select_related("version__model")
    known = rows.filter(project=project, run=report.run).first()
    if known is not None:
        if report.model not in ("", known.version.model.slug):
            told = f"The run {known.run} is one of the model {known.version.model.slug}; give this one another id."
            raise ReportError("model", told)
        return known, False
    if not report.model:
        raise ReportError("model", "Name the model: nothing was heard of this run before.")
    more: dict[str, Any] = {"environment": report.environment} if report.environment else {}
    first = {"version": _version(project, report), "heard_at": report.at, **more}
    made, new = BatchRun.objects.get_or_create(project=project, run=report.run, defaults=first)
    return rows.get(pk=made.pk), new


def _version(project: Project, report: Report) -> ModelVersion:
    """Registered on first sight, as with events; a run without a version is one of the newest."""
    found = None if report.version else newest_version(project_id=project.pk, slug=report.model)
    if found is None:
        found = ensure_version(
            project_id=project.pk,
            slug=report.model,
            version=report.version,
            kind=Model.Kind.SERVICE,  # until it predicts
            positive_label="1",
            cap=int(str(settings.INGEST["unreviewed_cap"])),
        )
    return ModelVersion.objects.select_related("model").get(pk=found)


def _note(run: BatchRun, report: Report) -> None:
    run.heard_at = max(run.heard_at, report.at)
    for name, value in report.said.items():
        setattr(run, name, value)
    if "error" in report.said:
        run.error = _redacted(run.project, run.error)
    if report.event == "start" and run.started_at is None:
        run.started_at = report.at
    if report.event == "finish":
        if run.started_at is not None and report.at < run.started_at:
            raise ReportError("ts", "The run cannot be over before it starts.")
        run.state, run.finished_at = ENDS[report.status], report.at
    run.save()


def _contradicts(run: BatchRun, report: Report) -> bool:
    """A late heartbeat, and a start or an end that is sent again, change nothing."""
    if report.event != "finish":
        return report.event == "start" and report.at > run.heard_at
    counts = {name: value for name, value in report.said.items() if name.startswith("rows")}
    return ENDS[report.status] != run.state or any(getattr(run, name) != value for name, value in counts.items())


def _may_be_lost(run: BatchRun, report: Report, now: datetime) -> bool:
    """An end that is sent again may not have been told the first time; it is known to have been only as long as its stream is."""
    streams: timedelta = settings.RETENTION["streams"]
    return report.event == "finish" and run.finished_at is not None and run.finished_at > now - streams / 2


def _redacted(project: Project, text: str) -> str:
    limit = int(str(settings.INGEST["max_text"]))
    cleaner = Cleaner(redact=redactor_for(project), joinable=not project.redact_extra, max_text=limit)
    cleaner.look([text])
    return str(cleaner.value(text, "/error"))[:MAX_ERROR]


def _tell(run: BatchRun, now: datetime) -> None:
    """As exporters tell theirs."""
    ended = batches.Ended(run.rows, run.rows_failed, run.completeness, _seconds(run))
    told = f"batch run {run.pk} ".encode()
    items = [
        MetricItem(
            ts=epoch_us(run.finished_at or run.heard_at),
            model=run.version.model.slug,
            version=run.version.version,
            environment=run.environment,
            name=name,
            unit=batches.UNITS[name],
            attributes=batches.ERROR if run.state == BatchRun.State.FAILED else batches.OK,
            writer=writer_of(told, point),
            point=point,
        )
        for name, point in batches.points_of(ended)
    ]
    most = int(str(settings.INGEST["max_items"]))
    store_outcome(KIND, Outcome(accepted=[*items]), run.project_id, epoch_us(now), most)


def _seconds(run: BatchRun) -> float | None:
    return None if run.duration is None else run.duration.total_seconds()
