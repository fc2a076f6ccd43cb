"""Which metrics a model has, with what attributes, and where their streams stand."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Max, Q

from models_registry.models import Model
from monitoring.models import Metric, MetricStream
from monitoring.stats.metrics import OVERFLOW, key_of, measures_of

_REST = key_of(OVERFLOW)


@dataclass(frozen=True, slots=True)
class NamesOf:
    """The metrics of an application that are known; of `full` ones further sets of attributes are counted together."""

    known: frozenset[str]
    full: frozenset[str]


def names_of(project_id: int, slugs: Collection[str]) -> dict[str, NamesOf]:
    """By application, in one query."""
    rows = (
        Metric.objects.filter(model__project_id=project_id, model__slug__in=slugs)
        .order_by()
        .values_list("model__slug", "name", "key")
    )
    known: dict[str, set[str]] = {slug: set() for slug in slugs}
    full: dict[str, set[str]] = {slug: set() for slug in slugs}
    for slug, name, _key in rows.filter(key=_REST):
        full[slug].add(name)
    for slug, name in rows.values_list("model__slug", "name").distinct():
        known[slug].add(name)
    return {slug: NamesOf(frozenset(known[slug]), frozenset(full[slug])) for slug in slugs}


@dataclass(frozen=True, slots=True)
class MetricFound:
    """A metric of a model: `sets` are its sets of attributes by key, `last` the newest value (gauges and counters)."""

    name: str
    kind: str
    unit: str
    description: str
    sets: Mapping[str, Mapping[str, str]]
    last: float | None
    at: datetime | None

    @property
    def measures(self) -> list[str]:
        """What is read of it, by the names of measures; the first is what one looks at first."""
        return measures_of(self.name, self.kind)

    @property
    def attribute_names(self) -> list[str]:
        """By which it can be taken apart."""
        return sorted({name for one in self.sets.values() for name in one if one != OVERFLOW})

    def by(self, attribute: str) -> dict[str, frozenset[str]]:
        """Value of an attribute → the keys of the sets that have it; those without it are under the empty text."""
        found: dict[str, set[str]] = {}
        for key, attributes in self.sets.items():
            value = "(other)" if attributes == OVERFLOW else attributes.get(attribute, "")
            found.setdefault(value, set()).add(key)
        return {value: frozenset(keys) for value, keys in sorted(found.items())}


def measures_told(most: int = 200) -> list[str]:
    """Measures of so many metrics, in the order of their names, of whatever model."""
    rows = Metric.objects.order_by("name").values_list("name", "kind").distinct()[:most]
    return [measure for name, kind in rows for measure in measures_of(name, kind)]


def metrics_of(model: Model, *, names: Iterable[str] | None = None) -> list[MetricFound]:
    """The metrics of a model by name; two queries however many there are."""
    which = Q(model=model) if names is None else Q(model=model, name__in=list(names))
    rows = list(Metric.objects.filter(which).order_by("name", "id"))
    last = _last(rows)
    by_name: dict[str, list[Metric]] = {}
    for row in rows:
        by_name.setdefault(row.name, []).append(row)
    return [_found(mine, last) for mine in by_name.values()]


def _found(mine: list[Metric], last: Mapping[int, tuple[int, float | None]]) -> MetricFound:
    newest = max((last[row.pk] for row in mine if row.pk in last), key=lambda one: one[0], default=None)
    told = mine[-1]
    at = None if newest is None else datetime.fromtimestamp(newest[0] / 1_000_000, tz=UTC)
    sets = {row.key: row.attributes for row in mine}
    alone = newest[1] if newest is not None and len(mine) == 1 else None
    return MetricFound(told.name, told.kind, told.unit, told.description, sets, alone, at)


def _last(rows: Iterable[Metric]) -> dict[int, tuple[int, float | None]]:
    """Metric → (time, value) of its newest point."""
    streams = MetricStream.objects.filter(metric__in=[row.pk for row in rows])
    newest = dict(streams.values_list("metric_id").annotate(at=Max("time_us")).order_by())
    values = streams.filter(time_us__in=set(newest.values())).values_list("metric_id", "time_us", "last")
    return {metric: (at, value) for metric, at, value in values if newest.get(metric) == at}
