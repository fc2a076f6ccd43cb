"""The corrections that objectives are counted with."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from django.db.models import Q, QuerySet

from monitoring.models import COMPOSITE, SLO, Correction
from monitoring.selectors.components import load_components
from monitoring.stats.corrected import Stretch

DAY = timedelta(days=1)


def corrections_of(slo: SLO) -> QuerySet[Correction]:
    """All that were ever written for it, withdrawn ones too, those that go on first and then the newest; of a composite
    those of its components too.
    """
    load_components([slo])
    parts = [one.slo for one in slo.parts or ()]
    models = {one.model_id for one in parts} if slo.sli == COMPOSITE else {slo.model_id}
    named = {slo.pk, *(one.pk for one in parts)}
    mine = Q(slo__in=named) | Q(slo=None, model__in=models) | Q(slo=None, model=None)
    return Correction.objects.filter(mine, project=slo.project_id).select_related("project", "slo__model", "model")


def read_stretches(slos: Sequence[SLO], *, start: int, end: int) -> list[list[Stretch]]:
    """What corrects each of these anywhere in [start, end), epoch seconds, in their order: one statement for all of them. What
    is corrected of a model, or of all, comes to a composite by its components.
    """
    low, high = moment(start) - DAY, moment(end) + DAY
    rows = Correction.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=low),
        project__in={slo.project_id for slo in slos},
        withdrawn_at=None,
        starts_at__lt=high,
    ).order_by()
    found = [(row, stretches_of(row, start=low, end=high)) for row in rows]
    return [[one for row, stretches in found if _is_of(row, slo) for one in stretches] for slo in slos]


def _is_of(row: Correction, slo: SLO) -> bool:
    if row.project_id != slo.project_id:
        return False
    if slo.sli == COMPOSITE:
        return row.slo_id == slo.pk
    return row.slo_id == slo.pk if row.slo_id else row.model_id in (None, slo.model_id)


def stretches_of(row: Correction, *, start: datetime, end: datetime) -> list[Stretch]:
    """Whole minutes around what it covers; of one that comes again what touches [start, end)."""
    good = row.effect == Correction.Effect.GOOD
    return [_minutes(*span, good=good) for span in row.spans(start=start, end=end)]


def _minutes(opens: datetime, closes: datetime, *, good: bool) -> Stretch:
    start, end = int(opens.timestamp()), closes.timestamp()
    return Stretch(start - start % 60, int(-(-end // 60) * 60), good)


def moment(at: float) -> datetime:
    """Of epoch seconds, in UTC."""
    return datetime.fromtimestamp(at, tz=UTC)
