"""Who and what is being served: request, user, session and trace, one set of ids per task and thread (contextvars)."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Callable, NamedTuple

from atalaia.ids import new_id, new_span_id, new_trace_id

MAX_ID = 200
HEX = frozenset("0123456789abcdef")


class Context(NamedTuple):
    """The ids that every record takes along; an empty one is left out."""

    request_id: str = ""
    user_id: str = ""
    session_id: str = ""
    trace_id: str = ""
    span_id: str = ""


NOBODY = Context()
current: ContextVar[Context] = ContextVar("atalaia_context", default=NOBODY)
# Whom a request serves may become known in its midst: whoever knows how to ask puts that here.
ask_user: ContextVar[Callable[[], str] | None] = ContextVar("atalaia_ask_user", default=None)
_last: ContextVar[str] = ContextVar("atalaia_last_id", default="")


@contextmanager
def context(
    *,
    request_id: str | None = None,
    user_id: str | None = None,
    session_id: str | None = None,
    trace_id: str | None = None,
    span_id: str | None = None,
) -> Iterator[Context]:
    """Within the block, records carry these ids; those not given stay as they were."""
    given = {"request_id": request_id, "user_id": user_id, "session_id": session_id}
    given.update(trace_id=trace_id, span_id=span_id)
    before = current.get()
    now = before._replace(**{name: str(value)[:MAX_ID] for name, value in given.items() if value is not None})
    current.set(now)
    try:
        yield now
    finally:
        # Not by token: a generator may be closed in another context than it was opened in.
        current.set(before)


def set_user(user_id: object, *, session_id: object = None) -> None:
    """From here to the end of the request: whom it serves."""
    known = current.get()._replace(user_id=str(user_id)[:MAX_ID])
    current.set(known if session_id is None else known._replace(session_id=str(session_id)[:MAX_ID]))


def child(of: Context) -> Context:
    """The same in a new span of its trace, which begins here where there was none."""
    return Context(*of[:3], of.trace_id or new_trace_id(), new_span_id())


def last_id() -> str:
    """The id of the prediction or LLM call that was recorded last in this task or thread; empty before the first."""
    return _last.get()


def remember(record_id: str) -> None:
    """What `last_id` answers."""
    _last.set(record_id)


def ids_now() -> dict[str, str]:
    """The ids of this moment that are known; trace and span are OpenTelemetry's where a span of its is open."""
    known = current.get()
    if known is NOBODY and "opentelemetry.trace" not in sys.modules:
        return {}
    found = {name: value for name, value in zip(Context._fields, known) if value}
    if "user_id" not in found and ask_user.get() is not None:
        found.update(_asked())
    if "trace_id" not in found:
        found.update(_opentelemetry())
    return found


def _asked() -> dict[str, str]:
    ask = ask_user.get()
    try:
        user_id = ask() if ask is not None else ""
    except Exception:  # a request that has no user
        return {}
    return {"user_id": user_id[:MAX_ID]} if user_id else {}


def _opentelemetry() -> dict[str, str]:
    trace: Any = sys.modules.get("opentelemetry.trace")
    try:
        span = trace.get_current_span().get_span_context()
        return {"trace_id": f"{span.trace_id:032x}", "span_id": f"{span.span_id:016x}"} if span.is_valid else {}
    except Exception:  # not there, or half imported
        return {}


def parse_traceparent(text: str) -> tuple[str, str]:
    """Trace and parent span of a W3C `traceparent`; two empty texts where it is not one."""
    parts = text.strip().split("-")
    if len(parts) < 4 or len(parts[0]) != 2 or parts[0] == "ff" or (parts[0] == "00" and len(parts) != 4):
        return "", ""
    trace_id, span_id = parts[1], parts[2]
    sound = len(trace_id) == 32 and len(span_id) == 16 and HEX.issuperset(trace_id + span_id + parts[0])
    return (trace_id, span_id) if sound and int(trace_id, 16) and int(span_id, 16) else ("", "")


def traceparent() -> str:
    """The header for a call that is made now; empty outside a trace."""
    known = ids_now()
    return f"00-{known['trace_id']}-{known['span_id']}-01" if "trace_id" in known and "span_id" in known else ""


def outgoing() -> dict[str, str]:
    """Headers that let the service called now join this request: `traceparent` and `X-Request-ID`, where known."""
    headers = {"traceparent": traceparent(), "X-Request-ID": current.get().request_id}
    return {name: value for name, value in headers.items() if value}


def from_headers(headers: Mapping[str, str]) -> Context:
    """The context of a request from its headers (names in lower case); ids that it lacks are made."""
    given = headers.get("x-request-id", "")
    request_id = given if 0 < len(given) <= MAX_ID and given.isprintable() else new_id()
    trace_id, _parent = parse_traceparent(headers.get("traceparent", ""))
    return Context(request_id=request_id, trace_id=trace_id or new_trace_id(), span_id=new_span_id())
