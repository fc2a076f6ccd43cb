"""Data points of metrics into the summaries: in the transaction of the batch, for what is cumulative needs the point before.

A point is told from one that is sent again by the state of its stream, which holds the newest times; there is no key for it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec
import numpy as np
from django.db.models import Count

from models_registry.models import Model
from models_registry.register import KnownVersion
from monitoring.drain.counts import Counts
from monitoring.drain.fold.sums import Cell, Group, Slot
from monitoring.drain.sql import is_postgres
from monitoring.items import MetricItem
from monitoring.models import Metric, MetricStream
from monitoring.models.inbox import EventKind
from monitoring.stats.exact import limbs
from monitoring.stats.metrics import COUNTED, LAYOUTS, OVERFLOW, RANGE_METRICS, SUMMED, key_of, series_metric
from monitoring.stats.points import Change, State, advance
from monitoring.stats.ranges import pack_ranges

MOST_ATTRIBUTES = 200  # sets of a name; what is beyond is counted together
MINUTE_US = 60_000_000
ROWS = 200
Name = tuple[int, str]  # model, metric
Folded = tuple[Group, Slot, Cell]
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(State).decode
_time = attrgetter("time")


class Told(NamedTuple):
    """A data point, whose it is, and when (epoch µs)."""

    project_id: int
    version: KnownVersion
    time: int
    item: MetricItem
    key: str


class Row(NamedTuple):
    """A stored metric, and the key of its series."""

    id: int
    key: str


Place = tuple[int, bytes]  # metric, writer
Wanted = tuple[int, str, str]  # model, name, key of the attributes


def told_of(project_id: int, version: KnownVersion, item: MetricItem) -> Told:
    """An item of the inbox."""
    time: Any = item.ts
    return Told(project_id, version, time, item, key_of(item.attributes or {}))


def store_points(points: Sequence[Told], counts: Counts) -> list[Folded]:
    """What the points add, each once, in the order of their times; streams are left where they lead."""
    if not points:
        return []
    metrics = _metrics(points)
    states = _hold({_place(point, metrics) for point in points}, min(point.time for point in points))
    cells: list[Folded] = []
    for point in sorted(points, key=_time):
        place = _place(point, metrics)
        states[place], change = advance(states[place], point.item.point, point.time)
        counts.item((point.project_id, EventKind.METRIC.value), "duplicate" if change is None else "stored")
        if change is not None:
            cells += _cells(point, metrics[_wanted(point)].key, change)
    _write(states)
    return cells


def _wanted(point: Told) -> Wanted:
    return point.version.model_id, point.item.name, point.key


def _place(point: Told, metrics: Mapping[Wanted, Row]) -> Place:
    """Of what is counted together each set of attributes is still a stream of its own."""
    row, writer = metrics[_wanted(point)], bytes.fromhex(point.item.writer)
    return row.id, writer if row.key == point.key else blake2b(writer + point.key.encode(), digest_size=16).digest()


def _metrics(points: Iterable[Told]) -> dict[Wanted, Row]:
    """The row of each name and set of attributes, made where it is new; of those beyond the limit the row of the rest."""
    wanted = {_wanted(point): point for point in points}
    found = _known(wanted)
    missing = sorted(wanted.keys() - found.keys())
    if not missing:
        return found
    if is_postgres():  # the models' rows are the lock on how many sets there are
        list(Model.objects.select_for_update(no_key=True).filter(id__in={one[0] for one in missing}).order_by("id"))
    room = _room({one[:2] for one in missing})
    new: dict[Wanted, Metric] = {}
    beyond: dict[Wanted, Wanted] = {}
    for place in missing:
        name = place[:2]
        if room[name] > 0:
            room[name] -= 1
            new[place] = _metric(wanted[place], wanted[place].item.attributes or {})
        else:
            beyond[place] = (*name, key_of(OVERFLOW))
            new[beyond[place]] = _metric(wanted[place], OVERFLOW)
    Metric.objects.bulk_create(new.values(), ignore_conflicts=True)
    found |= _known([*wanted, *new])
    return found | {place: found[other] for place, other in beyond.items()}


def _known(wanted: Collection[Wanted]) -> dict[Wanted, Row]:
    rows = Metric.objects.filter(
        model_id__in={model for model, _, _ in wanted}, name__in={name for _, name, _ in wanted}
    ).values_list("model_id", "name", "key", "id")
    return {(model, name, key): Row(pk, key) for model, name, key, pk in rows}


def _room(names: Collection[Name]) -> defaultdict[Name, int]:
    """How many more sets of attributes each name may have."""
    room: defaultdict[Name, int] = defaultdict(lambda: MOST_ATTRIBUTES)
    rows = Metric.objects.filter(model_id__in={model for model, _ in names}, name__in={name for _, name in names})
    for model, name, count in rows.values_list("model_id", "name").annotate(sets=Count("id")).order_by():
        room[model, name] -= count
    return room


def _metric(point: Told, attributes: Mapping[str, str]) -> Metric:
    item = point.item
    return Metric(
        model_id=point.version.model_id,
        name=item.name,
        key=key_of(attributes),
        kind=item.point.kind,
        unit=item.unit,
        description=item.description,
        attributes=dict(attributes),
    )


def _hold(places: Collection[Place], time: int) -> dict[Place, State]:
    """The state of each stream, locked in the order of its key until the transaction ends."""
    states = _read(places)
    if len(states) < len(places):
        new = [
            MetricStream(metric_id=metric, writer=writer, time_us=time, state=_encode(State()))
            for metric, writer in sorted(set(places) - states.keys())
        ]
        MetricStream.objects.bulk_create(new, ROWS, ignore_conflicts=True)
        states |= _read(set(places) - states.keys())
    return states


def _read(places: Collection[Place]) -> dict[Place, State]:
    rows = (
        MetricStream.objects.filter(
            metric__in={metric for metric, _ in places}, writer__in={writer for _, writer in places}
        )
        .order_by("metric_id", "writer")
        .select_for_update()
        .values_list("metric_id", "writer", "state")
    )
    found = {(metric, bytes(writer)): bytes(state) for metric, writer, state in rows}
    return {place: _decode(found[place]) for place in places if place in found}


def _write(states: Mapping[Place, State]) -> None:
    rows = [
        MetricStream(
            metric_id=metric,
            writer=writer,
            time_us=state.recent[-1],
            last=state.last.value if state.last and state.last.kind != "histogram" else None,
            state=_encode(state),
        )
        for (metric, writer), state in sorted(states.items())
    ]
    MetricStream.objects.bulk_create(
        rows,
        ROWS,
        update_conflicts=True,
        unique_fields=["metric", "writer"],
        update_fields=["time_us", "last", "state"],
    )


def _cells(point: Told, key: str, change: Change) -> Iterator[Folded]:
    """What a point adds to the series of its metric."""
    name, kind = point.item.name, point.item.point.kind
    group = Group(point.version.id, point.item.environment, point.time // MINUTE_US)
    if kind == "counter":
        yield from _sum(group, _slot(COUNTED, name, key), change)
        return
    yield from _sum(group, _slot(SUMMED, name, key), change)
    bins, times = pack_ranges(change.ranges)
    if change.n:
        yield group, _slot(RANGE_METRICS[kind], name, key), Cell(change.n, 0, bins, times)


def _sum(group: Group, slot: Slot, change: Change) -> Iterator[Folded]:
    """The exact sum, of those of which one is known."""
    if change.amount is None or not change.n:
        return
    bins, amounts = limbs(0, np.array([change.amount]))
    some = amounts[:, 0] != 0
    yield group, slot, Cell(change.n, 0, bins[some, 0], amounts[some, 0])


def _slot(part: str, name: str, key: str) -> Slot:
    return Slot(series_metric(part, name), key, LAYOUTS[part])
