"""Sessions and people: what belongs to one in order of time, and lists of them by their newest event.

Neither has a row of its own. In a list each stands where its newest event stands: an event is shown if nothing later has the
same session, which costs one look along that session's index. So pages follow a cursor, and no session is shown twice.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import RawSQL

from lib.ids import identities
from lib.pages import Cursor, Page, keyset_page
from models_registry.models import Model, Project
from monitoring.items import namespace
from monitoring.llm.call_names import names_of
from monitoring.models import Feedback, UserDay
from monitoring.models.events import Second, Served
from monitoring.models.inbox import EventKind
from monitoring.selectors.costs import EPOCH, Cost
from monitoring.selectors.events import MODELS, along, micros, of_id, of_ids, with_names
from monitoring.selectors.spans import SECOND, newest_first, within
from monitoring.stats.sessions import Facts, Figures, add_up

KINDS: Final = (EventKind.LLM_CALL, EventKind.PREDICTION)
SUMMED: Final = 1_000  # events of one session or person, the newest
SUMMED_OF_MANY: Final = 5_000  # events of all sessions of a page
FEEDBACK_READ: Final = 500
_SERVED: Final = (
    *("session_id", "user_id", "ts_us", "pk", "version__model__slug", "status", "latency_us"),
    *("feedback_up", "feedback_down"),
)
_CALL: Final = (
    *("finish_reason", "cost_nano", "reported_nano", "input_tokens", "cached_input_tokens", "cache_write_tokens"),
    *("audio_input_tokens", "output_tokens", "reasoning_tokens", "audio_output_tokens"),
    *("response_model", "request_model"),
)
_NO_CALL: Final = ("", *(None,) * 9, "", "")


@dataclass(frozen=True, slots=True)
class Session:
    """A session in a list; `figures` is None where the page had no room to add it up."""

    id: str
    last_us: int
    figures: Figures | None


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of sessions, and the cursor of the next where there is one."""

    items: list[Session]
    next: str | None


def session_events(project: Project, session_id: str, *, limit: int, cursor: str | None = None) -> Page[Any]:
    """Predictions and calls of a session, newest first; `lib.pages.CursorError` if the cursor is not ours."""
    rows = [with_names(within(of_id(kind, project, "session_id", session_id))) for kind in KINDS]
    return _merged(rows, limit=limit, cursor=cursor)


def session_page(
    project: Project,
    *,
    start: datetime | None,
    end: datetime | None,
    user_id: str = "",
    limit: int,
    cursor: str | None = None,
) -> Listed:
    """Sessions with something in [start, end), the latest such first; of one person if named. `CursorError` as above."""
    bounds = _bounds(start, end)
    page = _merged([_heads(kind, project, "session_id", user_id, bounds) for kind in KINDS], limit=limit, cursor=cursor)
    figures = _figures_of_many(project, [row.session_id for row in page.items])
    return Listed(
        [Session(row.session_id, row.ts_us, figures.get(row.session_id)) for row in page.items],
        page.next,
    )


def user_page(
    project: Project, *, start: datetime | None, end: datetime | None, limit: int, cursor: str | None = None
) -> Page[Any]:
    """Of each person with something in [start, end) the newest event, newest first; `CursorError` as above."""
    bounds = _bounds(start, end)
    return _merged([_heads(kind, project, "user_id", "", bounds) for kind in KINDS], limit=limit, cursor=cursor)


def read_figures(
    project: Project, name: str, value: str, *, start: datetime | None = None, end: datetime | None = None
) -> Figures | None:
    """The newest 1,000 events of a session or person (`name`: `session_id` or `user_id`) added up; None where none is."""
    facts: list[Facts] = []
    for kind in KINDS:
        rows = newest_first(within(of_id(kind, project, name, value), **_bounds(start, end)))
        facts += _facts(kind, rows, SUMMED + 1)
    facts.sort(key=lambda one: (one.ts_us, one.pk), reverse=True)
    return add_up(facts[:SUMMED], cut=len(facts) > SUMMED) if facts else None


def read_feedback(events: Iterable[Served]) -> dict[int, list[Feedback]]:
    """What was said of each of these events of one project, by primary key, oldest first; at most 500 in all."""
    targets: dict[bytes, int] = {}
    project_id = 0
    for event in events:
        project_id = event.project_id
        mine = identities(project_id, namespace(EventKind.PREDICTION), names_of(event))
        targets |= dict.fromkeys(mine, event.pk)
    rows = Feedback.objects.filter(target__in=targets, project_id=project_id).order_by("ts_us", "event_id")
    found: defaultdict[int, list[Feedback]] = defaultdict(list)
    for row in rows[:FEEDBACK_READ] if targets else ():
        found[targets[bytes(row.target)]].append(row)
    return dict(found)


def spend_by_day(project: Project, user_id: str, *, start: datetime, end: datetime) -> list[tuple[datetime, Cost]]:
    """What a person's calls cost on each whole day (UTC) that [start, end) touches and that has any, oldest first: exact."""
    first, last = ((moment.astimezone(UTC).date() - EPOCH).days for moment in (start, end))
    days = UserDay.objects.filter(_days(project, first, last), user_id=user_id).values_list(
        "day", "cost_nano", "calls", "costed"
    )
    found: defaultdict[int, Cost] = defaultdict(Cost)
    for day, nano, calls, costed in days:
        found[day] += Cost(nano, calls, costed)
    begin = datetime.combine(EPOCH, datetime.min.time(), UTC)
    return [(begin + timedelta(days=day), found[day]) for day in sorted(found)]


def spend_of(project: Project, users: Sequence[str], *, start: datetime, end: datetime) -> dict[str, Cost]:
    """The same of several people, in sum."""
    first, last = ((moment.astimezone(UTC).date() - EPOCH).days for moment in (start, end))
    rows = UserDay.objects.filter(_days(project, first, last), user_id__in=users)
    found: defaultdict[str, Cost] = defaultdict(Cost)
    for user, nano, calls, costed in rows.values_list("user_id", "cost_nano", "calls", "costed"):
        found[user] += Cost(nano, calls, costed)
    return dict(found)


def _days(project: Project, first: int, last: int) -> Q:
    """Day by day, so that the key, which begins with application, day and user, is walked for these alone."""
    models = list(Model.objects.filter(project=project, kind=Model.Kind.LLM).values_list("pk", flat=True))
    return Q(model_id__in=models, day__in=range(first, last + 1))


def _bounds(start: datetime | None, end: datetime | None) -> dict[str, int | None]:
    return {"start": None if start is None else micros(start), "end": None if end is None else micros(end)}


def _heads(
    kind: str, project: Project, name: str, user_id: str, bounds: Mapping[str, int | None]
) -> QuerySet[Any, Any]:
    """The events of a kind after which nothing, of any kind, has the same `name` before the end.

    A subquery with a limit rather than NOT EXISTS, which PostgreSQL may turn into a join with the whole table.
    """
    pointed = {"user_id": user_id} if user_id else {}
    rows = within(of_id(kind, project, "user_id" if user_id else "", user_id), **bounds)
    rows = rows.filter(~Q(**{name: RawSQL("''", ())}))
    for other in KINDS:
        same: QuerySet[Any, Any] = MODELS[other]._default_manager.filter(
            Q(**{name: OuterRef(name)}), ~Q(**{name: RawSQL("''", ())}), along(project.pk), **pointed
        )
        after = Q(ts_us__gt=OuterRef("ts_us")) | Q(ts_us=OuterRef("ts_us"), pk__gt=OuterRef("pk"))
        later = within(same, end=bounds["end"]).filter(after, second__gte=Second(OuterRef("ts_us")))
        rows = rows.alias(**{f"later_{other}": Subquery(later.values("pk")[:1])}).filter(
            **{f"later_{other}__isnull": True}
        )
    return rows


def _merged(kinds: Sequence[QuerySet[Any, Any]], *, limit: int, cursor: str | None) -> Page[Any]:
    """One keyset page over both kinds: their primary keys come from one sequence, so that one position fits both."""
    pages = [keyset_page(rows, time="ts_us", limit=limit, cursor=cursor, coarse=SECOND) for rows in kinds]
    found = sorted((row for page in pages for row in page.items), key=lambda row: (row.ts_us, row.pk), reverse=True)
    shown = found[:limit]
    if len(found) == len(shown) and all(page.next is None for page in pages):
        return Page(shown, None)
    return Page(shown, Cursor(shown[-1].ts_us, shown[-1].pk).encode())


def _figures_of_many(project: Project, sessions: Sequence[str]) -> dict[str, Figures]:
    """Of as many of these sessions as 5,000 events of each kind hold whole."""
    found: defaultdict[str, list[Facts]] = defaultdict(list)
    whole = set(sessions)
    for kind in KINDS if sessions else ():
        facts = list(_facts(kind, of_ids(kind, project, "session_id", sessions).order_by("session_id"), SUMMED_OF_MANY))
        for one in facts:
            found[one.session_id].append(one)
        if len(facts) == SUMMED_OF_MANY:
            whole &= {one.session_id for one in facts} - {facts[-1].session_id}
    return {name: add_up(facts) for name, facts in found.items() if name in whole}


def _facts(kind: str, rows: QuerySet[Any, Any], limit: int) -> Iterator[Facts]:
    is_call = kind == EventKind.LLM_CALL
    for values in rows.values_list(*_SERVED, *(_CALL if is_call else ()))[:limit]:
        yield Facts._make((*values[: len(_SERVED)], is_call, *(values[len(_SERVED) :] or _NO_CALL)))
