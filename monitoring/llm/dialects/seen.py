"""What was received, and what was read from it: plain data between the transport and the readers.

Times are epoch microseconds, ids lower-case hexadecimal, empty where absent.
"""

from typing import Any

from msgspec import Struct, field


class Happening(Struct):
    """A span event."""

    name: str
    ts_us: int = 0
    attributes: dict[str, Any] = field(default_factory=dict)


class Seen(Struct):
    """One span as it was received, or one log record that may speak of a call (then it starts where it ends)."""

    trace_id: str = ""
    span_id: str = ""
    parent_span_id: str = ""
    name: str = ""
    kind: str = "internal"
    scope: str = ""
    start_us: int = 0
    end_us: int = 0
    status: str = "unset"
    status_message: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)
    events: list[Happening] = field(default_factory=list)
    resource: dict[str, Any] = field(default_factory=dict)
    body: Any = None
    event_name: str = ""


class Sighting(Struct, frozen=True, order=True):
    """Who saw a call, and where: an instrumentation sees a call once, so two of its spans are two calls.

    `part` is "" for a whole span, "log" for a record, "head" and "tail" for a streamed call that was told in two spans.
    """

    witness: str
    dialect: str
    trace_id: str
    span_id: str
    parent_span_id: str
    start_us: int
    end_us: int
    part: str = ""


class Utterance(Struct, frozen=True, order=True):
    """One message that came alone, in a record of its own; `message` is JSON, `place` its field in the call."""

    ts_us: int
    place: str
    message: str


class Reading(Struct):
    """One or more sightings of one call in our own terms.

    `call` holds fields of the wire contract's LLM call; what is absent was not said. `leftover` are attributes without a
    place there, and `usage` under its provider's own words where its counts contradict each other. `whole` is False for a
    record that only completes a call. `origin` names the dialect of every field where several were merged.
    """

    call: dict[str, Any]
    dialect: str
    start_us: int
    end_us: int
    leftover: dict[str, Any]
    flags: list[str]
    sightings: list[Sighting]
    whole: bool = True
    said: list[Utterance] = field(default_factory=list)
    origin: dict[str, str] = field(default_factory=dict)
