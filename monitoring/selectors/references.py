"""References as they are needed: by version for whoever folds, by layout for whoever reads."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal, NamedTuple

from models_registry.models import Job
from monitoring.models import Reference, ReferenceSample
from monitoring.stats.drift import FLOOR
from monitoring.stats.inputs import Report, report_of
from monitoring.stats.integrity import MINIMUM as FEWEST
from monitoring.stats.intervals import Reading
from monitoring.stats.layouts import FEATURES, owner_of_features
from monitoring.stats.profile import Profile
from monitoring.stats.profile_data import from_json
from monitoring.stats.sample import Sample, unpack
from monitoring.stats.tally import Subject, Tally


class Plan(NamedTuple):
    """Predictions with a primary key in [since, until) are folded by this profile; until None is for ever."""

    since: int
    until: int | None
    profile: Profile
    reference_id: int = 0


Plans = Mapping[int, Sequence[Plan]]


def read_plans(version_ids: Collection[int]) -> Plans:
    """The references of these versions, oldest first; versions without one are left out. One query.

    A reference ends where the next one has its place; how far back it reaches is its own affair, so two may overlap.
    """
    rows = Reference.objects.filter(version_id__in=version_ids).order_by("since", "id")
    found: defaultdict[int, list[tuple[int, int, int, str]]] = defaultdict(list)
    for version_id, id_, since, reach, layout in rows.values_list("version_id", "id", "since", "reach", "layout"):
        found[version_id].append((id_, since, reach, layout))
    return {version_id: list(_plans(given)) for version_id, given in found.items()}


def _plans(given: Sequence[tuple[int, int, int, str]]) -> Iterator[Plan]:
    ends = [*(since for _, since, _, _ in given[1:]), None]
    for (reference_id, _, reach, layout), until in zip(given, ends, strict=True):
        yield Plan(reach, until, profile_by(layout), reference_id)


@lru_cache(maxsize=256)
def profile_by(layout: str) -> Profile:
    """The profile that a layout names. A layout is made of the content, so what is remembered is never wrong."""
    found = Reference.objects.filter(layout=layout).values_list("profile", flat=True).first()
    if found is None:
        raise LookupError(layout)
    return from_json(bytes(found))


def current_reference(version_id: int) -> Reference | None:
    """The reference in force."""
    return Reference.objects.filter(version_id=version_id).first()


def read_sample(reference: Reference) -> Sample | None:
    """The rows behind a reference, or a part of them; None where only histograms were given."""
    found = ReferenceSample.objects.filter(reference=reference).values_list("data", flat=True).first()
    return None if found is None else unpack(bytes(found))


@dataclass(frozen=True, slots=True)
class History:
    """How far back a reference reaches.

    complete: every prediction is folded by it. partial: those from `since` on, the raw events of older ones being gone.
    folding: a job is at it, and has done this `share`. stopped: the job was cancelled or failed, with what it had done.
    """

    state: Literal["complete", "partial", "folding", "stopped"]
    since: datetime | None = None
    share: float | None = None


def history_of(reference: Reference) -> History:
    """By its reach and its job."""
    if reference.reach == 0:
        since = reference.partial_before
        return History("complete") if since is None else History("partial", datetime.fromtimestamp(since, tz=UTC))
    job = Job.objects.filter(pk=reference.job_id).first() if reference.job_id else None
    if job is None or not job.is_open:
        return History("stopped", share=job.share if job else None)
    return History("folding", share=job.share)


def reports_of(tally: Tally, *, floor: float = FLOOR, minimum: int = 0) -> list[Report]:
    """One report per version whose predictions of this window a reference has folded.

    Where several references of a version have, it is by the one that folded most of them, of equals the newest: a new
    reference takes over once it reaches back as far as the window.
    """
    found: dict[int, Report] = {}
    for one in all_reports_of(tally, floor=floor, minimum=minimum):
        best = found.setdefault(one.version_id, one)
        if (one.rows, one.reference_id) > (best.rows, best.reference_id):
            found[one.version_id] = one
    return list(found.values())


def all_reports_of(tally: Tally, *, floor: float = FLOOR, minimum: int = 0) -> list[Report]:
    """One report per version and reference."""
    reports = []
    for key in tally.keys(FEATURES):
        cell = tally.cell(FEATURES, key)
        if cell.n > 0:
            version_id, reference_id = owner_of_features(key)
            found = report_of(profile_by(cell.layout), cell.n, cell.bins, cell.counts, floor=floor, minimum=minimum)
            reports.append(replace(found, version_id=version_id, reference_id=reference_id))
    return reports


def drift_psi(tally: Tally, subject: Subject) -> Reading:
    """The greatest PSI of a feature of any version, n its version's predictions. No data where no feature can be judged."""
    report = max(reports_of(tally), key=lambda one: (-1.0 if one.psi is None else one.psi, one.rows), default=None)
    return Reading(None, 0) if report is None else Reading(report.psi, report.rows)


def broken_features(tally: Tally, subject: Subject) -> Reading:
    """Columns with a fault of data quality in the version that has most of them, n its predictions.

    No data below the rows that it takes to tell.
    """
    report = max(reports_of(tally), key=lambda one: (len(one.broken), one.rows), default=None)
    if report is None or report.rows < FEWEST:
        return Reading(None, report.rows if report else 0)
    return Reading(float(len(report.broken)), report.rows)
