"""What a body of OTLP holds, whatever its encoding: spans, log records and data points as plain Python values.

Ids are lower-case hexadecimal, empty where absent; times are epoch nanoseconds, 0 where absent.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from monitoring.stats.points import Explicit, Exponential

Attributes = dict[str, Any]
SPAN_KINDS = ("internal", "internal", "server", "client", "producer", "consumer")


class Happening(NamedTuple):
    """An event of a span."""

    name: str
    time_ns: int
    attributes: Attributes


class Link(NamedTuple):
    """A link to another span."""

    trace_id: str
    span_id: str
    attributes: Attributes


class SpanRecord(NamedTuple):
    """One span; `kind` and `status` are numbers of the enumerations of OTLP."""

    trace_id: str
    span_id: str
    parent_span_id: str
    name: str
    kind: int
    start_ns: int
    end_ns: int
    status: int
    status_message: str
    attributes: Attributes
    events: Sequence[Happening]
    links: Sequence[Link]
    trace_state: str
    dropped: int


class LogRecord(NamedTuple):
    """One log record; `body` is whatever value it was given."""

    trace_id: str
    span_id: str
    time_ns: int
    observed_ns: int
    severity: int
    severity_text: str
    body: Any
    attributes: Attributes
    event_name: str


class PointRecord(NamedTuple):
    """One data point of a metric; `kind` is a name of the protocol, `temporality` a number of its enumeration."""

    name: str
    unit: str
    description: str
    kind: str
    monotonic: bool
    temporality: int
    attributes: Attributes
    start_ns: int
    time_ns: int
    value: float | None = None
    n: int = 0
    sum: float | None = None
    explicit: Explicit | None = None
    exponential: Exponential | None = None


class Group(NamedTuple):
    """The records of one instrumentation of one resource; `broken` are records that nothing can be read of."""

    resource: Attributes
    scope: str
    scope_version: str
    records: Sequence[Any]
    broken: Sequence[str] = ()


class Decoded(NamedTuple):
    """A body; `mended` says what had to be repaired before it could be read, empty where nothing had."""

    groups: Sequence[Group]
    mended: str = ""


class UndecodableError(ValueError):
    """Nothing of the body can be read; the message names the mend."""
