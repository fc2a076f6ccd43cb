"""One request by any id of it: what it asked, what served it, what that said, and what was said of it since.

An id is looked up along indexes alone: the key directory holds the ids of clients, partial indexes those of requests, traces,
spans, sessions and users, an index over the payload those of providers. What is found leads to a request id or a trace id,
and these to everything else.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeVar

from django.db import connection
from django.db.models import Q

from lib.ids import identities, identity
from models_registry.models import Project
from monitoring.items import namespace
from monitoring.llm.call_names import names_of
from monitoring.models import BusinessEvent, EventKey, Feedback, LLMCall, LogRecord, Outcome, Prediction, Span
from monitoring.models.events import RESPONSE_HEAD, RESPONSE_ID, Event
from monitoring.models.inbox import EventKind
from monitoring.selectors.event_filters import INDEXED
from monitoring.selectors.events import MODELS, of_ids, with_names

SERVED_LIMIT: Final = 50
LOG_LIMIT: Final = 500
SPAN_LIMIT: Final = 50_000
WHOLE_SPANS: Final = 2_000
TRACES_LIMIT: Final = 10
SEEDS: Final = 200  # spans of one session or person, the newest, whose traces are looked at
MAX_ID: Final = 200
# People and sessions lead to lists, everything else to one request.
MANY: Final = ("session_id", "user_id")
PLACES: Final = (
    *((kind, name) for kind, names in INDEXED.items() for name in names),
    (EventKind.LLM_CALL.value, "response_id"),
)
HEXADECIMAL: Final = ((EventKind.SPAN, "span_id"), (EventKind.SPAN, "trace_id"))
Said = TypeVar("Said", Outcome, Feedback)
KEYED: Final = (
    *(EventKind.PREDICTION, EventKind.LLM_CALL, EventKind.OUTCOME, EventKind.FEEDBACK, EventKind.EVENT, EventKind.LOG),
)


@dataclass(frozen=True, slots=True)
class Found:
    """What an id is: names such as `request_id` or `llm_call`, and the events it leads to, some of them."""

    names: list[str]
    events: list[Event]


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that is known of one request; lists are in order of time."""

    names: list[str]
    request_ids: list[str]
    trace_ids: list[str]
    served: list[Prediction | LLMCall]
    logs: list[LogRecord]
    outcomes: list[Outcome]
    feedback: list[Feedback]
    cut: list[str] = field(default_factory=list)


def look_up(project: Project, text: str) -> Found:
    """What this id is in a project. Nothing where it is none."""
    found = Found([], [])
    if not 0 < len(text) <= MAX_ID or "\x00" in text:
        return found
    for name, events in (*_keyed(project, text), *_pointed(project, text)):
        if name not in found.names:
            found.names.append(name)
        found.events.extend(events)
    return found


def _pointed(project: Project, text: str) -> Iterator[tuple[str, Sequence[Event]]]:
    """Ids that have an index of their own: one statement asks all of them, written once, for that takes longer than to ask."""
    sql = " UNION ALL ".join(f"SELECT * FROM ({_probe(place)} LIMIT 1) AS p{place}" for place in range(len(PLACES)))
    params = [value for place in PLACES for value in (text.lower() if place in HEXADECIMAL else text, project.pk)]
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        there = cursor.fetchall()
    for place, pk in there:
        kind, name = PLACES[place]
        rows = MODELS[kind]._default_manager.filter(pk=pk)
        if kind == EventKind.SPAN and name in MANY:
            rows = of_ids(kind, project, name, [text]).order_by("-ts_us", "-pk")[:SEEDS]
        yield name, list(rows.defer("payload") if kind == EventKind.SPAN else rows)


def _probe(place: int) -> str:
    """Conditions of partial indexes are literals, and the project an expression: see `monitoring.selectors.events`."""
    kind, name = PLACES[place]
    column = "event_id" if (kind, name) == (EventKind.SPAN, "span_id") else name
    table = MODELS[kind]._meta.db_table
    among = f"{column} = %s AND NOT ({column} = '')"
    if name == "response_id":
        column = RESPONSE_ID[connection.vendor]
        among = f"{column} = %s AND substr(payload, 1, {len(RESPONSE_HEAD)}) = '{RESPONSE_HEAD}'"
    return f"SELECT {place} AS place, id FROM {table} WHERE {among} AND project_id + 0 = %s"


def _keyed(project: Project, text: str) -> Iterator[tuple[str, Sequence[Event]]]:
    """Ids that clients gave their events, each through the key directory; what is said of an event leads to it."""
    keys = {identity(project.pk, namespace(kind), text) for kind in KEYED}
    for kind, ref in EventKey.objects.filter(key__in=keys, ref__isnull=False).values_list("kind", "ref"):
        if kind not in KEYED:
            continue
        events = list(MODELS[kind]._default_manager.filter(pk__in=[ref], project=project))
        targets = _targets(project, events)
        for model in (Prediction, LLMCall) if targets else ():
            events += model._default_manager.filter(pk__in=targets)
        if any(not isinstance(event, BusinessEvent) for event in events):  # of one alone there is no request to tell
            yield str(kind), events


def _targets(project: Project, events: Sequence[Event]) -> list[int]:
    """What these are about: outcomes and feedback hold its key, business events its id."""
    found = [event.target_ref for event in events if isinstance(event, Outcome | Feedback) and event.target_ref]
    names = [event.target_id for event in events if isinstance(event, BusinessEvent) and event.target_id]
    keys = EventKey.objects.filter(key__in=identities(project.pk, namespace(EventKind.PREDICTION), names))
    return [*found, *(ref for ref in keys.values_list("ref", flat=True) if ref is not None)] if names else found


def read_story(project: Project, text: str) -> Story | None:
    """One request by any id of it; None where there is none."""
    found = look_up(project, text)
    if not found.events:
        return None
    seeds = [event for event in found.events if not isinstance(event, Outcome | Feedback | BusinessEvent)]
    request_ids, trace_ids = _ids(seeds, "request_id"), _ids(seeds, "trace_id")
    served: list[Prediction | LLMCall] = []
    for _round in range(2):  # a line names a request, that its trace, and that its other calls
        served = _served(project, request_ids, trace_ids, seeds)
        request_ids, trace_ids = _ids([*seeds, *served], "request_id"), _ids([*seeds, *served], "trace_id")
    logs = _of_ids(EventKind.LOG, project, request_ids, trace_ids, LOG_LIMIT)
    named = {*trace_ids, *(name for event in served for name in names_of(event))}
    targets = identities(project.pk, namespace(EventKind.PREDICTION), named)
    about = Q(target__in=targets, project_id=project.pk)
    bounds: list[tuple[str, Sequence[Event], int]] = [("served", served, SERVED_LIMIT), ("logs", logs, LOG_LIMIT)]
    return Story(
        names=found.names,
        request_ids=request_ids,
        trace_ids=trace_ids,
        served=served,
        logs=logs or [event for event in seeds if isinstance(event, LogRecord)],
        outcomes=_said(Outcome, about, found),
        feedback=_said(Feedback, about, found),
        cut=[name for name, rows, limit in bounds if len(rows) >= limit],
    )


def _said(kind: type[Said], about: Q, found: Found) -> list[Said]:
    """What is said of the request, and what was asked for itself: its prediction or call may not have arrived."""
    told: list[Said] = list(kind._default_manager.filter(about).order_by("ts_us", "event_id")[:SERVED_LIMIT])
    known = {row.pk for row in told}
    told += [event for event in found.events if isinstance(event, kind) and event.pk not in known]
    return sorted(told, key=lambda row: (row.ts_us, row.event_id))


class SpanFacts(NamedTuple):
    """Of a span what its place in a trace takes; times in microseconds."""

    event_id: str
    parent_span_id: str
    name: str
    role: str
    status: int
    ts_us: int
    duration_us: int
    pk: int
    call_ref: int | None


def read_spans(project: Project, story: Story) -> list[Span]:
    """The spans of a request, oldest first, at most 2,000."""
    return _of_ids(EventKind.SPAN, project, story.request_ids, story.trace_ids, WHOLE_SPANS)


def read_span_facts(project: Project, story: Story) -> list[SpanFacts]:
    """Of all its spans (50,000) as little as it takes: a model instance would cost ten times as much."""
    found: dict[int, SpanFacts] = {}
    for name, ids in (("request_id", story.request_ids), ("trace_id", story.trace_ids)):
        if ids:
            rows = of_ids(EventKind.SPAN, project, name, ids).values_list(*SpanFacts._fields)[:SPAN_LIMIT]
            found |= {facts.pk: facts for facts in map(SpanFacts._make, rows)}
    return list(found.values())


def spans_by_key(keys: Iterable[int]) -> dict[int, Span]:
    """Whole, by primary key."""
    return {span.pk: span for span in Span.objects.filter(pk__in=list(keys))}


def _ids(events: Iterable[Event], name: str) -> list[str]:
    """The ids of this name that events have, each once."""
    found = dict.fromkeys(str(getattr(event, name, "")) for event in events)
    return [one for one in found if one][:TRACES_LIMIT]


def _served(
    project: Project, request_ids: Sequence[str], trace_ids: Sequence[str], seeds: Sequence[Event]
) -> list[Prediction | LLMCall]:
    rows: list[Any] = []
    for kind in (EventKind.PREDICTION, EventKind.LLM_CALL):
        mine = [event.pk for event in seeds if isinstance(event, MODELS[kind])]
        rows += with_names(MODELS[kind]._default_manager.filter(pk__in=mine)) if mine else []
        rows += _of_ids(kind, project, request_ids, trace_ids, SERVED_LIMIT)
    unique = {(type(row), row.pk): row for row in rows}
    return sorted(unique.values(), key=_order)[:SERVED_LIMIT]


def _of_ids(kind: str, project: Project, request_ids: Sequence[str], trace_ids: Sequence[str], limit: int) -> list[Any]:
    """Events of these requests and traces, oldest first, each once."""
    found: dict[int, Any] = {}
    for name, ids in (("request_id", request_ids), ("trace_id", trace_ids)):
        if ids and len(found) < limit:
            rows = with_names(of_ids(kind, project, name, ids))
            found |= {row.pk: row for row in rows[:limit]}
    return sorted(found.values(), key=_order)[:limit]


def _order(event: Event) -> tuple[int, int]:
    return event.ts_us, event.pk
