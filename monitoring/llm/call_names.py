"""Under which ids a call is known: its own, and where spans told it those of its spans and of its provider's answer; and what it is called as a step."""

from typing import Any, Protocol

import msgspec

TOLD = '"otel":'  # in the payload of a call that spans or log records told


class Named(Protocol):
    """A stored prediction or call."""

    @property
    def event_id(self) -> Any:
        """The id that its client gave it, or that its spans did."""

    @property
    def payload(self) -> Any:
        """JSON."""


class _Otel(msgspec.Struct):
    names: list[str] = []


class _Extra(msgspec.Struct):
    otel: _Otel | None = None


class _Payload(msgspec.Struct):
    response_id: str = ""
    extra: _Extra | None = None


_read = msgspec.json.Decoder(_Payload).decode


def step_name(prompt: str, model: str) -> str:
    """What a call that no span tells is called among the steps of its trace: its prompt and its language model."""
    return " · ".join(filter(None, (prompt, model))) or "llm"


def names_of(event: Named) -> list[str]:
    """Every id that leads to it."""
    if TOLD not in event.payload:
        return [event.event_id]
    try:
        told = _read(event.payload)
    except msgspec.ValidationError:
        return [event.event_id]
    otel = told.extra.otel if told.extra else None
    if otel is None:
        return [event.event_id]
    names = {event.event_id, told.response_id, *otel.names} - {""}
    trace, _, span = event.event_id.partition(":")
    return sorted(names | ({span} if trace and span else set()))
