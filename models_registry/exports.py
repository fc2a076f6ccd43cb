"""Exports: rows of a dataset as a file, written piece by piece by a job, kept for a while, and read back piece by piece.

A dataset is a line in `config/exports.py`; what it does is `Reader`. Each round of the job reads some pages outside any
transaction and keeps them, compressed, in the one that moves its cursor: a kill writes nothing twice and nothing is left out,
and no more than one piece is in memory, neither here nor on the way to whoever downloads it.
"""

import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from django.conf import settings
from django.db.models import Q
from django.utils.module_loading import import_string

from lib.clock import real_now
from lib.stage import Summary
from models_registry.file_formats import CSV, MEDIA_TYPES, Row, written
from models_registry.jobs import OPEN, JobError, Step, start_job
from models_registry.models import ExportPart, Job, Project, User

KIND: Final = "export"
MOST_OPEN: Final = 5
PART_BYTES: Final = 1024 * 1024  # of text, before it is compressed
PART_SECONDS: Final = 2.0
MOST_BYTES: Final = 512 * 1024 * 1024  # compressed
DROPPED_AT_ONCE: Final = 200


class ExportError(ValueError):
    """It cannot be exported; `field` is what to mend: `dataset`, `format`, `fields`, or the name of a filter."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail)
        self.field = field


class TooManyError(Exception):
    """Enough exports of the project are under way; edges answer 409."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows, from where the next are read (None: these are the last), and how much of the way is behind (0 to 1)."""

    items: Sequence[Row]
    next: str | None
    share: float


class Reader(Protocol):
    """What a dataset knows. Filters are texts by name, as in a query string."""

    columns: Sequence[str]

    def check(self, project: Project, filters: Mapping[str, str], *, now: datetime) -> dict[str, str]:
        """The filters with the range of time that they mean at `now`; `ExportError` where they cannot be applied."""

    def read(self, project: Project, filters: Mapping[str, str], place: str | None, *, now: datetime) -> Rows:
        """The rows from `place` on (None: from the first), at the moment at which the export was asked for."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What a round has read: compressed text, so many rows of it, and where the next round begins (None: nowhere)."""

    body: bytes
    rows: int
    place: str | None
    share: float


def start_export(
    project: Project,
    dataset: str,
    *,
    form: str,
    filters: Mapping[str, str],
    fields: Sequence[str] = (),
    now: datetime,
    by: User | None = None,
) -> Job:
    """The job; `fields` are some of the dataset's columns, all where there are none. `ExportError`, `TooManyError`."""
    if dataset not in settings.EXPORTS:
        raise ExportError("dataset", f"One of {', '.join(settings.EXPORTS)}.")
    if form not in MEDIA_TYPES:
        raise ExportError("format", f"One of {', '.join(MEDIA_TYPES)}.")
    reader = reader_of(dataset)
    unknown = [name for name in fields if name not in reader.columns]
    if unknown:
        raise ExportError("fields", f"There is no {', '.join(unknown)} here; there are {', '.join(reader.columns)}.")
    meant = reader.check(project, filters, now=now)
    if Job.objects.filter(project=project, kind=KIND, state__in=OPEN).count() >= MOST_OPEN:
        told = f"{MOST_OPEN} exports of this project are under way; wait until one has ended, or cancel one."
        raise TooManyError(told)
    arguments = {"dataset": dataset, "format": form, "filters": meant, "fields": list(dict.fromkeys(fields))}
    return start_job(KIND, project=project, arguments=arguments, now=now, by=by)


def reader_of(dataset: str) -> Reader:
    """What reads it."""
    found: Reader = import_string(settings.EXPORTS[dataset].reader)
    return found


def write_piece(job: Job, *, now: datetime) -> Piece:
    """Before the step: pages until a piece is full or its time is over."""
    reader, asked = reader_of(job.arguments["dataset"]), job.arguments
    columns = asked["fields"] or (reader.columns if asked["format"] == CSV else ())
    squeezed, place = zlib.compressobj(), job.cursor.get("place")
    body, size, rows, share, is_first = b"", 0, 0, 0.0, not job.cursor
    deadline = time.monotonic() + PART_SECONDS
    while True:
        page = reader.read(job.project, asked["filters"], place, now=job.created_at)
        text = written(page.items, form=asked["format"], columns=columns, head=is_first)
        body, size, is_first = body + squeezed.compress(text), size + len(text), False
        rows, place, share = rows + len(page.items), page.next, page.share
        if place is None or size >= PART_BYTES or time.monotonic() >= deadline:
            return Piece(body + squeezed.flush(), rows, place, share)


def keep_piece(job: Job, piece: Piece, *, now: datetime) -> Step:
    """The step: the piece, and where the next begins."""
    position, report = job.cursor.get("parts", 0), job.report
    size = report.get("bytes", 0) + len(piece.body)
    if size > MOST_BYTES:
        raise JobError(
            f"The file grew past {MOST_BYTES // 1024**2} MB, compressed. Ask for less at a time: fewer fields, a shorter range."
        )
    ExportPart.objects.create(job=job, position=position, body=piece.body)
    finished = piece.place is None
    return Step(
        {"place": piece.place, "parts": position + 1},
        done=job.done + piece.rows,
        finished=finished,
        report={"bytes": size, "share": 1.0 if finished else round(piece.share, 4)},
    )


def exports_of(project: Project) -> Any:
    """The project's, newest first."""
    return Job.objects.filter(project=project, kind=KIND)


def expires_at(job: Job) -> datetime | None:
    """In real time; None while it is not done."""
    if job.state != Job.State.DONE or job.stepped_at is None:
        return None
    kept: timedelta = settings.RETENTION["exports"]
    return job.stepped_at + kept


def is_there(job: Job, *, real: datetime) -> bool:
    """Whether its file can be read at this moment of real time."""
    until = expires_at(job)
    return until is not None and real < until


def file_of(job: Job) -> Iterator[bytes]:
    """The file, a piece at a time."""
    for position in range(job.cursor["parts"]):
        yield zlib.decompress(ExportPart.objects.values_list("body", flat=True).get(job=job, position=position))


def file_name(job: Job) -> str:
    """dataset-number.csv."""
    return f"{job.arguments['dataset']}-{job.pk}.{job.arguments['format']}"


def drop_exports(*, now: datetime) -> Summary:
    """Stage: a chunk of what is past its time, or was never finished; times are real ones, whatever the story's clock says."""
    past = Q(job__stepped_at__lte=real_now() - settings.RETENTION["exports"])
    broken = Q(job__state__in=[Job.State.FAILED, Job.State.CANCELLED])
    over = Q(job__state=Job.State.DONE) & past
    chosen = list(ExportPart.objects.filter(broken | over).values_list("pk", flat=True)[:DROPPED_AT_ONCE])
    dropped, _ = ExportPart.objects.filter(pk__in=chosen).delete() if chosen else (0, {})
    return Summary(seen=len(chosen), written=dropped)
