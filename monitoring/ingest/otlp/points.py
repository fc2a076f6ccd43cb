"""Data points of metrics to the items of the inbox: each taken or refused by itself."""

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from itertools import pairwise
from math import isfinite

import msgspec

from monitoring.ingest.codes import Fault
from monitoring.ingest.moments import Window
from monitoring.ingest.otlp.clean import Cleaner
from monitoring.ingest.otlp.records import Attributes, Group, PointRecord
from monitoring.items import MetricItem
from monitoring.llm.dialects.application import application_of
from monitoring.stats.points import Exponential, Kind, Point

NAME_LENGTH, UNIT_LENGTH, DESCRIPTION_LENGTH, VALUE_LENGTH = 255, 63, 300, 200
MAX_ATTRIBUTES = 32
MAX_BUCKETS = 1_000
MAX_COUNT = 2**62
DELTA, CUMULATIVE = 1, 2
WITH_TEMPORALITY = ("sum", "histogram", "exponential_histogram")
KINDS: dict[str, Kind] = {"gauge": "gauge", "sum": "counter"}
_encode = msgspec.json.Encoder(order="sorted").encode


def items_of(group: Group, cleaner: Cleaner, window: Window) -> list[MetricItem | Fault]:
    """The items of a group's data points, or why one of them is none."""
    points: Sequence[PointRecord] = group.records
    texts = [group.resource, *(part for one in points for part in (one.attributes, one.description, one.unit))]
    clean = cleaner.look(texts)
    resource = group.resource if clean else cleaner.attributes(group.resource, "/resource")
    application = application_of(resource)
    told = _encode((resource, group.scope))
    found: list[MetricItem | Fault] = []
    for point in points:
        try:
            item = _item(point if clean else _cleaned(point, cleaner), window)
        except Fault as fault:
            found.append(fault)
            continue
        item.model, item.version, item.environment = application
        item.writer = writer_of(told, item.point)
        found.append(item)
    return found


def writer_of(told: bytes, point: Point) -> str:
    """Whose stream it is: of a resource and scope, and from when on it counts, which tells two processes apart that share these."""
    start = 0 if point.delta or point.kind == "gauge" else point.start
    return blake2b(told + str(start).encode(), digest_size=16).hexdigest()


def _cleaned(point: PointRecord, cleaner: Cleaner) -> PointRecord:
    return point._replace(
        attributes=cleaner.attributes(point.attributes, "/attributes"),
        description=cleaner.value(point.description, "/description"),
        unit=cleaner.value(point.unit, "/unit"),
    )


def _item(record: PointRecord, window: Window) -> MetricItem:
    if not record.name or len(record.name) > NAME_LENGTH or not record.name.isprintable():
        raise _invalid("/name", f"A metric has a name of 1 to {NAME_LENGTH} printable characters.")
    return MetricItem(
        ts=_time(record, window),
        name=record.name,
        unit=record.unit[:UNIT_LENGTH],
        description=record.description[:DESCRIPTION_LENGTH],
        attributes=_attributes(record.attributes),
        point=_point(record),
    )


def _time(record: PointRecord, window: Window) -> int:
    found = record.time_ns // 1_000 or window.received
    if wrong := window.wrong(found):
        raise Fault("timestamp_out_of_range", "/time_unix_nano", wrong)
    return found


def _attributes(given: Attributes) -> dict[str, str] | None:
    """As texts: they are names of a series."""
    if len(given) > MAX_ATTRIBUTES:
        raise _invalid(
            "/attributes", f"A point has at most {MAX_ATTRIBUTES} attributes; drop some by a view of the SDK."
        )
    return {name[:VALUE_LENGTH]: text_of(value)[:VALUE_LENGTH] for name, value in given.items()} or None


def text_of(value: object) -> str:
    """An attribute's value as text; what is no text as JSON."""
    return value if isinstance(value, str) else _encode(value).decode()


def _point(record: PointRecord) -> Point:
    if record.kind in WITH_TEMPORALITY and record.temporality not in (DELTA, CUMULATIVE):
        raise _invalid("/aggregation_temporality", "Say whether the points are deltas or cumulative.")
    kind = KINDS.get(record.kind, "histogram")
    if kind == "counter" and not record.monotonic:
        kind = "gauge"
    found = Point(
        kind=kind,
        delta=record.kind in WITH_TEMPORALITY and record.temporality == DELTA,
        start=record.start_ns // 1_000,
        value=None if record.value is None else float(record.value),
        count=record.n,
        sum=record.sum,
        explicit=record.explicit,
        exponential=record.exponential,
    )
    _check(found)
    return found


def _check(point: Point) -> None:
    """What no SDK sends, and what would spoil a sum that it came into."""
    if not all(number is None or isfinite(number) for number in (point.value, point.sum)):
        raise Fault("not_a_number", "/value", "NaN and infinite numbers have no place in a sum; send no point instead.")
    if point.kind == "counter" and (point.value or 0) < 0:
        raise _invalid("/value", "A monotonic sum never falls below zero; send an UpDownCounter or a gauge.")
    if not 0 <= point.count < MAX_COUNT:
        raise _invalid("/count", "A count is a whole number from 0 on.")
    if point.explicit:
        bounds, counts = point.explicit.bounds, point.explicit.counts
        _check_counts(point.count, counts)
        if len(counts) != len(bounds) + 1 or not all(low < high for low, high in pairwise(bounds)):
            raise _invalid("/explicit_bounds", "Bounds ascend, and there is one count more than there are bounds.")
        if not all(map(isfinite, bounds)):
            raise _invalid("/explicit_bounds", "Bounds are finite; what is above the last one has a count of its own.")
    if point.exponential:
        _check_exponential(point.count, point.exponential)


def _check_exponential(count: int, given: Exponential) -> None:
    _check_counts(count, [given.zero, *given.counts, *given.negative_counts])
    if not -64 <= given.scale <= 64 or max(abs(given.offset), abs(given.negative_offset)) > MAX_COUNT:
        raise _invalid("/scale", "A scale is between -64 and 64.")


def _check_counts(count: int, counts: Iterable[int]) -> None:
    counts = list(counts)
    if len(counts) > MAX_BUCKETS:
        raise _invalid("/bucket_counts", f"A point has at most {MAX_BUCKETS} buckets; configure fewer.")
    if min(counts, default=0) < 0 or sum(counts) != count:
        raise _invalid(
            "/bucket_counts", "The counts of the buckets are whole numbers from 0 on that add up to the count."
        )


def _invalid(pointer: str, detail: str) -> Fault:
    return Fault("invalid_metric", pointer, detail)
