"""References as they are needed: by version for whoever folds, by layout for whoever reads."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from monitoring.models import Reference, ReferenceSample
from monitoring.stats.drift import FLOOR
from monitoring.stats.inputs import Report, report_of
from monitoring.stats.integrity import MINIMUM as FEWEST
from monitoring.stats.intervals import Reading
from monitoring.stats.layouts import FEATURES
from monitoring.stats.profile import Profile
from monitoring.stats.profile_data import from_json
from monitoring.stats.sample import Sample, unpack
from monitoring.stats.tally import Subject, Tally


class Plan(NamedTuple):
    """Predictions with a primary key in [since, until) are folded by this profile; until None is for ever."""

    since: int
    until: int | None
    profile: Profile


Plans = Mapping[int, Sequence[Plan]]


def read_plans(version_ids: Collection[int]) -> Plans:
    """The references of these versions, oldest first; versions without one are left out. One query."""
    rows = Reference.objects.filter(version_id__in=version_ids).order_by("since", "id")
    found: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
    for version_id, since, layout in rows.values_list("version_id", "since", "layout"):
        found[version_id].append((since, layout))
    return {
        version_id: [
            Plan(since, until, profile_by(layout))
            for (since, layout), until in zip(given, [*(since for since, _ in given[1:]), None], strict=True)
        ]
        for version_id, given in found.items()
    }


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


def reports_of(tally: Tally, *, floor: float = FLOOR, minimum: int = 0) -> list[Report]:
    """One report per reference that folded predictions of this window."""
    reports = []
    for layout in tally.keys(FEATURES):
        cell = tally.cell(FEATURES, layout)
        if cell.n > 0:
            reports.append(report_of(profile_by(layout), cell.n, cell.bins, cell.counts, floor=floor, minimum=minimum))
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
