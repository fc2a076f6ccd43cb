"""How many metrics an application may have, and what its exporter hears of those beyond."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from monitoring.ingest.codes import Rejection
from monitoring.items import MetricItem
from monitoring.selectors.metrics import NamesOf, names_of

REFUSED = Rejection(
    "too_many_metrics",
    "/name",
    "The application has as many metrics as it may have (ATALAIA_MAX_METRICS); drop some by a view of the SDK.",
)
TOGETHER = "Of {names} further sets of attributes are counted together, as otel.metric.overflow; drop an attribute by a view of the SDK."
FEW = 3


class Limits(NamedTuple):
    """By application the names that are refused, and a sentence on sets of attributes; empty where nothing is to be told."""

    beyond: Mapping[str, frozenset[str]]
    told: str


def limit(items: Iterable[MetricItem], project_id: int, *, most: int) -> Limits:
    """Of names that are not known only as many are taken as there is room for, in the order of the alphabet."""
    wanted: dict[str, set[str]] = {}
    for item in items:
        wanted.setdefault(item.model, set()).add(item.name)
    known = names_of(project_id, wanted) if wanted else {}
    beyond = {slug: _beyond(names, known[slug], most) for slug, names in wanted.items()}
    full = sorted({name for slug, names in wanted.items() for name in names & known[slug].full})
    return Limits(beyond, TOGETHER.format(names=", ".join(full[:FEW])) if full else "")


def _beyond(names: set[str], known: NamesOf, most: int) -> frozenset[str]:
    new = sorted(names - known.known)
    return frozenset(new[max(0, most - len(known.known)) :])
