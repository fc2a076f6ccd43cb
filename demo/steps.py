"""The steps around a call of the assistant, as its own tracing tells them: looking up what to answer with, calling, checking.

One request in twenty is traced, and every one that failed, as samplers do. What is told of a request depends on its key alone,
so the rest of the story is the same with and without traces.
"""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from random import Random
from typing import Any

from demo.traffic import Event

SAMPLED = 20  # one of so many
ORDER_TOPICS = {"entrega", "cobranca"}  # answered with what the shop knows of the order
LOOKUP_FAILS = 0.03
LOOKUP_TIMEOUT_MS = 2_000
PASSAGES = 6
Span = dict[str, Any]


def traced(key: str, events: Sequence[Event]) -> list[Event]:
    """The events of a request, its calls named as steps of a trace, and that trace; as they were if nobody traces it."""
    calls = [event.item for event in events if event.kind == "llm_call"]
    failed = calls[0].get("status") == "error"
    trace = blake2b(key.encode(), digest_size=16).hexdigest()
    if not failed and int(trace[:8], 16) % SAMPLED:
        return list(events)
    root = _id(key, "root")
    named = [
        event._replace(
            item=event.item | {"trace_id": trace, "span_id": _id(key, event.item["id"]), "parent_span_id": root}
        )
        if event.kind == "llm_call"
        else event
        for event in events
    ]
    spans = [{"trace_id": trace, "parent_span_id": root} | span for span in _steps(key, calls, failed=failed)]
    whole = _root(root, trace, calls[0], spans, failed=failed)
    told = max(span["end_ts"] for span in (whole, *spans)) / 1_000
    return [*named, *(Event(told, "span", span) for span in (whole, *spans))]


def _steps(key: str, calls: Sequence[Mapping[str, Any]], *, failed: bool) -> Iterator[Span]:
    """What came before the first call, side by side; and a check after every answer."""
    rng = Random(key)  # noqa: S311 - a story, not a secret
    start, topic = calls[0]["ts"], calls[0]["segments"]["topic"]
    version = calls[0]["version"]
    reading = round(rng.lognormvariate(4.4, 0.4))
    looking = round(rng.lognormvariate(4.8, 0.5)) if topic in ORDER_TOPICS else 0
    timeout = bool(looking) and rng.random() < LOOKUP_FAILS
    looking = LOOKUP_TIMEOUT_MS if timeout else looking
    opened = start - max(reading, looking) - 4
    found = {"gen_ai.operation.name": "retrieval", "gen_ai.data_source.id": "knowledge-base", "passages": PASSAGES}
    yield _span(key, "retrieval knowledge-base", opened, reading, version, found | {"topic": topic})
    if looking:
        tool = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "find_order"}
        why = f"the order service did not answer within {LOOKUP_TIMEOUT_MS} ms" if timeout else ""
        yield _span(key, "execute_tool find_order", opened, looking, version, tool, error=why)
    for place, call in enumerate(() if failed else calls):
        kind = {"traceloop.span.kind": "task", "refused": place < len(calls) - 1}
        answered = call["ts"] + round(call["latency_ms"])
        yield _span(f"{key}/{place}", "check answer", answered, rng.randint(12, 60), version, kind)


def _root(root: str, trace: str, call: Mapping[str, Any], steps: Sequence[Span], *, failed: bool) -> Span:
    """The whole: from the first step to the last, or to the failure."""
    told = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": call["model"]}
    told |= {"request.id": call["request_id"], "user.id": call["user_id"], "session.id": call["session_id"]}
    start = min(span["ts"] for span in steps) - 3
    end = max([call["ts"] + round(call["latency_ms"]), *(span["end_ts"] for span in steps)]) + 2
    error = f"{call['error_type']} of the provider" if failed else ""
    whole = _span("", f"invoke_agent {call['model']}", start, end - start, call["version"], told, error=error)
    return whole | {"id": root, "trace_id": trace, "kind": "SERVER"}


def _span(
    key: str, name: str, start: int, took: int, version: str, attributes: Mapping[str, Any], *, error: str = ""
) -> Span:
    told = {"id": _id(key, name), "version": version, "name": name, "kind": "INTERNAL"}
    return told | {"ts": start, "end_ts": start + took, "attributes": dict(attributes), "error": error}


def _id(key: str, name: str) -> str:
    return blake2b(f"{key} {name}".encode(), digest_size=8).hexdigest()
