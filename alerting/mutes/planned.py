"""Planned work is told twice: a maintenance window keeps its alerts quiet, a correction its budgets whole. Which belong together."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from alerting.models import Maintenance
from monitoring.models import Correction

Pairs = list[tuple[Maintenance, Correction]]


def corrections_beside(windows: Iterable[Maintenance], *, now: datetime) -> dict[int, list[Correction]]:
    """By window, the corrections that go on at the same times of the week; one statement."""
    windows, found = list(windows), defaultdict(list)
    rows = Correction.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=now),
        project__in={one.project_id for one in windows},
        start__isnull=False,
        withdrawn_at=None,
    ).select_related("slo__model", "model", "project")
    for window, correction in _pairs(windows, list(rows) if windows else []):
        found[window.pk].append(correction)
    return dict(found)


def windows_beside(corrections: Iterable[Correction]) -> dict[int, list[Maintenance]]:
    """By correction, the windows that are switched on at the same times of the week; one statement."""
    again = [one for one in corrections if one.weekly is not None]
    found = defaultdict(list)
    rows = Maintenance.objects.filter(project__in={one.project_id for one in again}, enabled=True)
    for window, correction in _pairs(list(rows) if again else [], again):
        found[correction.pk].append(window)
    return dict(found)


def _pairs(windows: list[Maintenance], corrections: list[Correction]) -> Pairs:
    return [(window, row) for window in windows for row in corrections if _belong(window, row)]


def _belong(window: Maintenance, row: Correction) -> bool:
    """At the same times, and no matcher speaks of something else; what a correction does not name may be anything."""
    if window.project_id != row.project_id or window.weekly != row.weekly:
        return False
    known = labels_of(row)
    return all(one.matches(known) for one in window.asked if one.name in known)


def labels_of(row: Correction) -> dict[str, str]:
    """What it names, in the labels of alerts."""
    named = {"project": row.project.slug}
    if row.slo is not None:
        return {**named, "model": row.slo.model.slug, "environment": row.slo.environment, "slo": row.slo.slug}
    return {**named, "model": row.model.slug} if row.model is not None else named
