"""What came of the inputs of versions over a window, held against a reference or against matching windows of the past."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from models_registry.models import ModelVersion
from monitoring.models import Reference
from monitoring.selectors.references import current_reference, profile_by
from monitoring.selectors.summaries import Ask, Scope, read_tallies_of
from monitoring.stats.drift import FLOOR, Shift
from monitoring.stats.inputs import Report, report_of
from monitoring.stats.integrity import MINIMUM as FEWEST
from monitoring.stats.intervals import Reading
from monitoring.stats.layouts import FEATURES, owner_of_features
from monitoring.stats.matched import Against, Window, matched
from monitoring.stats.profile import STRIDE
from monitoring.stats.readers import Reader
from monitoring.stats.tally import Subject, Tally

Verdict = Literal[
    "no_reference",
    "no_period",
    "no_data",
    "few_rows",
    "few_past",
    "other_features",
    "not_judged",
    "broken",
    "drifted",
    "ok",
]


@dataclass(frozen=True, slots=True)
class Drift:
    """What was found: a state that is always named, and the report where there is something to report."""

    state: Verdict
    reference: Reference | None = None
    tally: Tally | None = None
    report: Report | None = None
    past: tuple[timedelta, ...] = ()
    past_rows: int = 0


def drift_of(
    version: ModelVersion,
    *,
    start: datetime,
    end: datetime,
    environment: str | None = None,
    segment: str = "",
    against: Against = "reference",
    floor: float = FLOOR,
) -> Drift:
    """The inputs of [start, end) by the version's reference in force."""
    reference = current_reference(version.pk)
    if reference is None:
        return Drift("no_reference")
    past = matched(against, start, end, period_of(reference))
    if against != "reference" and not past:
        return Drift("no_period", reference)
    scope = Scope(version.model.project_id, version.model_id, version.pk, environment, segment)
    [[tally]] = read_tallies_of([Ask(scope, frozenset({FEATURES}), (start, end), past)])
    reports = all_reports_of(tally, floor=floor, by_past=bool(past))
    report = next((one for one in reports if one.reference_id == reference.pk), None)
    if report is None:
        return Drift("no_data", reference, tally, past=past)
    return Drift(verdict_of(report), reference, tally, report, past, _rows_of(tally.past, report))


def period_of(reference: Reference) -> Window | None:
    """The time that it was taken from, where it was taken from one."""
    if reference.period_start is None or reference.period_end is None:
        return None
    return reference.period_start, reference.period_end


def newest_period(model_id: int) -> Window | None:
    """The time that the newest reference of a model's versions was taken from, where it was taken from one."""
    found = Reference.objects.filter(version__model=model_id).order_by("-id").first()
    return None if found is None else period_of(found)


def verdict_of(report: Report) -> Verdict:
    """One word for all features; fewer rows tell of a fault than of drift."""
    if report.state == "other_features":
        return "other_features"
    if report.broken:
        return "broken"
    if report.state != "judged":
        return report.state
    if not report.judged:
        return "not_judged"
    return "drifted" if report.drifted else "ok"


def reports_of(tally: Tally, *, floor: float = FLOOR, minimum: int = 0, by_past: bool = False) -> list[Report]:
    """One report per version whose predictions of this window a reference has folded.

    Where several references of a version have, it is by the one that folded most of them, of equals the newest: a new
    reference takes over once it reaches back as far as the window.
    """
    found: dict[int, Report] = {}
    for one in all_reports_of(tally, floor=floor, minimum=minimum, by_past=by_past):
        best = found.setdefault(one.version_id, one)
        if (one.rows, one.reference_id) > (best.rows, best.reference_id):
            found[one.version_id] = one
    return list(found.values())


def all_reports_of(tally: Tally, *, floor: float = FLOOR, minimum: int = 0, by_past: bool = False) -> list[Report]:
    """One report per version and reference. `by_past`: drift is measured from the windows that the tally came with."""
    asked = ("reports", floor, minimum, by_past)
    if asked not in tally.memo:
        tally.memo[asked] = _all_reports_of(tally, floor, minimum, by_past)
    found: list[Report] = tally.memo[asked]
    return found


def _all_reports_of(tally: Tally, floor: float, minimum: int, by_past: bool) -> list[Report]:
    reports = []
    for key in tally.keys(FEATURES):
        cell = tally.cell(FEATURES, key)
        if cell.n > 0:
            profile = profile_by(cell.layout)
            past = _summed(tally.past, key, len(profile.features)) if by_past else None
            found = report_of(profile, cell.n, cell.bins, cell.counts, floor=floor, minimum=minimum, past=past)
            version_id, reference_id = owner_of_features(key)
            reports.append(replace(found, version_id=version_id, reference_id=reference_id))
    return reports


def _summed(tallies: Iterable[Tally], key: str, features: int) -> NDArray[np.int64]:
    """The dense histogram of windows together; shape (features, STRIDE)."""
    total = np.zeros(features * STRIDE, dtype=np.int64)
    for tally in tallies:
        cell = tally.cell(FEATURES, key)
        total[cell.bins] += cell.counts
    return total.reshape(-1, STRIDE)


def _rows_of(tallies: Iterable[Tally], report: Report) -> int:
    key = f"{report.version_id}:{report.reference_id}"
    return sum(tally.cell(FEATURES, key).n for tally in tallies)


def greatest(value: Callable[[Shift], float | None], source: str = "") -> Reader:
    """The greatest value of a judged feature (of this source) of any version, n its version's predictions."""

    def read(tally: Tally, _subject: Subject) -> Reading:
        found = [
            (known, report.rows)
            for report in reports_of(tally)
            for one in report.judged
            if source in ("", one.feature.source) and one.shift and (known := value(one.shift)) is not None
        ]
        return Reading(*max(found)) if found else Reading(None, _most(tally))

    return read


def counted(count: Callable[[Report], float | None]) -> Reader:
    """The greatest count of any version, n its predictions. No data below the rows that it takes to tell."""

    def read(tally: Tally, _subject: Subject) -> Reading:
        found = [
            (known, report.rows)
            for report in reports_of(tally)
            if report.rows >= FEWEST and (known := count(report)) is not None
        ]
        return Reading(*max(found)) if found else Reading(None, _most(tally))

    return read


def p_value(tally: Tally, _subject: Subject) -> Reading:
    """The least corrected p of any version."""
    found = [(one.p, report.rows) for report in reports_of(tally) for one in report.judged if one.p is not None]
    return Reading(*min(found)) if found else Reading(None, _most(tally))


def share_of(*codes: int) -> Callable[[Report], float | None]:
    """Of any input column, the greatest share of rows with one of these codes."""

    def count(report: Report) -> float | None:
        inputs = [one.current for one in report.features if one.feature.source == "input"]
        shares = [int(counts[list(codes)].sum()) / int(counts.sum()) for counts in inputs if counts.sum()]
        return max(shares, default=None)

    return count


def has_fault(kind: str) -> Callable[[Report], float | None]:
    """Columns with a fault of this kind."""
    return lambda report: float(sum(any(fault.kind == kind for fault in one.faults) for one in report.features))


def _most(tally: Tally) -> int:
    return max((report.rows for report in reports_of(tally)), default=0)
