"""Celery hooks: a task belongs to the request that sent it, and what it records is sent before its process ends.

atalaia.celery.install()
"""

from __future__ import annotations

from typing import Any

from celery import signals

from atalaia.client import client
from atalaia.context import NOBODY, Context, current, ids_now, parse_traceparent, traceparent
from atalaia.ids import new_span_id, new_trace_id

HEADER = "atalaia"
TRACEPARENT = "traceparent"
CARRIED = ("request_id", "user_id", "session_id")


def install() -> None:
    """Connect; once is enough, more does no harm. Call it where the Celery application is made."""
    for signal, receiver in RECEIVERS:
        signal.connect(receiver, dispatch_uid=f"atalaia.{receiver.__name__}", weak=False)


def _published(headers: dict[str, Any] | None = None, **_: Any) -> None:
    """In whoever sends a task: the ids of now travel with it, and the W3C header of the trace."""
    if headers is None:
        return
    known = ids_now()
    carried = {name: known[name] for name in CARRIED if name in known}
    if carried:
        headers.setdefault(HEADER, carried)
    header = traceparent()
    if header:
        headers.setdefault(TRACEPARENT, header)


def _begins(task_id: str = "", task: Any = None, **_: Any) -> None:
    """In the worker: the ids of the sender, in a span of the task's own; the task's id where there was no request."""
    request = getattr(task, "request", None)
    sent = _header(request, HEADER)
    carried = {name: str(sent[name]) for name in CARRIED if name in sent} if isinstance(sent, dict) else {}
    header = _header(request, TRACEPARENT)
    trace_id, _parent = parse_traceparent(header if isinstance(header, str) else "")
    before = current.get()  # of the caller, where the task runs in its process
    if request is not None:
        request.atalaia_before = before
    found = Context(request_id=before.request_id or task_id, user_id=before.user_id, session_id=before.session_id)
    current.set(
        found._replace(**carried)._replace(
            trace_id=trace_id or before.trace_id or new_trace_id(), span_id=new_span_id()
        )
    )


def _header(request: Any, name: str) -> Any:
    """Headers of a message are attributes of the task's request (protocol 2), or stand in its `headers`."""
    found = getattr(request, name, None)
    return found if found is not None else (getattr(request, "headers", None) or {}).get(name)


def _ended(task: Any = None, **_: Any) -> None:
    current.set(getattr(getattr(task, "request", None), "atalaia_before", NOBODY))


def _process_ends(**_: Any) -> None:
    client().close()


RECEIVERS = (
    (signals.before_task_publish, _published),
    (signals.task_prerun, _begins),
    (signals.task_postrun, _ended),
    (signals.worker_process_shutdown, _process_ends),
)
