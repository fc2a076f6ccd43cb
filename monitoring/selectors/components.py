"""The components of composites."""

from collections import defaultdict
from collections.abc import Iterable

from monitoring.models import COMPOSITE, SLO, Component


def load_components(slos: Iterable[SLO]) -> None:
    """Give composites their `parts`, with objectives and models, in one statement; none where nothing is missing."""
    wanted = [slo for slo in slos if slo.sli == COMPOSITE and slo.parts is None]
    if not wanted:
        return
    found: defaultdict[int, list[Component]] = defaultdict(list)
    rows = Component.objects.filter(composite__in={slo.pk for slo in wanted})
    for row in rows.select_related("slo__model").order_by("pk"):
        found[row.composite_id].append(row)
    for slo in wanted:
        slo.parts = tuple(found[slo.pk])
