"""The corrections that objectives are counted with."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from django.db.models import Q, QuerySet

from monitoring.models import SLO, Correction
from monitoring.stats.corrected import Stretch

DAY = timedelta(days=1)


def corrections_of(slo: SLO) -> QuerySet[Correction]:
    """All that were ever written for it, withdrawn ones too, the newest stretch first."""
    mine = Q(slo=slo) | Q(slo=None, model=slo.model_id) | Q(slo=None, model=None)
    return Correction.objects.filter(mine, project=slo.project_id).select_related("slo", "model")


def read_stretches(slos: Sequence[SLO], *, start: int, end: int) -> list[list[Stretch]]:
    """What corrects each of these anywhere in [start, end), epoch seconds, in their order: one statement for all of them."""
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
    return row.slo_id == slo.pk if row.slo_id else row.model_id in (None, slo.model_id)


def stretch_of(row: Correction) -> Stretch:
    """Whole minutes around it."""
    start, end = int(row.starts_at.timestamp()), row.ends_at.timestamp()
    return Stretch(start - start % 60, int(-(-end // 60) * 60), row.effect == Correction.Effect.GOOD)
