"""The corrections that objectives are counted with."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from django.db.models import Q, QuerySet

from monitoring.models import COMPOSITE, SLO, Correction
from monitoring.selectors.components import load_components
from monitoring.stats.corrected import Stretch

DAY = timedelta(days=1)


def corrections_of(slo: SLO) -> QuerySet[Correction]:
    """All that were ever written for it, withdrawn ones too, the newest stretch first; of a composite those of its
    components too.
    """
    load_components([slo])
    parts = [one.slo for one in slo.parts or ()]
    models = {one.model_id for one in parts} if slo.sli == COMPOSITE else {slo.model_id}
    named = {slo.pk, *(one.pk for one in parts)}
    mine = Q(slo__in=named) | Q(slo=None, model__in=models) | Q(slo=None, model=None)
    return Correction.objects.filter(mine, project=slo.project_id).select_related("slo", "model")


def read_stretches(slos: Sequence[SLO], *, start: int, end: int) -> list[list[Stretch]]:
    """What corrects each of these anywhere in [start, end), epoch seconds, in their order: one statement for all of them. What
    is corrected of a model, or of all, comes to a composite by its components.
    """
    rows = list(
        Correction.objects.filter(
            project__in={slo.project_id for slo in slos},
            withdrawn_at=None,
            starts_at__lt=datetime.fromtimestamp(end, tz=UTC) + DAY,
            ends_at__gt=datetime.fromtimestamp(start, tz=UTC) - DAY,
        ).order_by()
    )
    return [[stretch_of(row) for row in rows if _is_of(row, slo)] for slo in slos]


def _is_of(row: Correction, slo: SLO) -> bool:
    if row.project_id != slo.project_id:
        return False
    if slo.sli == COMPOSITE:
        return row.slo_id == slo.pk
    return row.slo_id == slo.pk if row.slo_id else row.model_id in (None, slo.model_id)


def stretch_of(row: Correction) -> Stretch:
    """Whole minutes around it."""
    start, end = int(row.starts_at.timestamp()), row.ends_at.timestamp()
    return Stretch(start - start % 60, int(-(-end // 60) * 60), row.effect == Correction.Effect.GOOD)
