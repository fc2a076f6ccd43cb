"""Sessions and people: lists by newest event, and one of each. All by cursor, without totals."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lib import clock
from lib.pages import MAX_LIMIT, CursorError
from models_registry.authenticate import project_of
from models_registry.moments import MomentField
from models_registry.paging import asked_limit, asked_of
from monitoring.answers.asked import span_of
from monitoring.selectors.costs import Cost
from monitoring.selectors.sessions import (
    Session,
    read_figures,
    session_events,
    session_page,
    spend_by_day,
    spend_of,
    user_page,
)
from monitoring.selectors.wire import NANO, event_to_wire, moment
from monitoring.stats.sessions import Figures

MOST_DAYS = timedelta(days=92)
PAGE = [
    OpenApiParameter("limit", int, description=f"1 to {MAX_LIMIT}."),
    OpenApiParameter("cursor", str, description="`next` of the page before."),
]
RANGE = [
    OpenApiParameter(
        "from", OpenApiTypes.DATETIME, description="Start, inclusive; 24 hours before the end unless given."
    ),
    OpenApiParameter("to", OpenApiTypes.DATETIME, description="End, exclusive; now unless given."),
]
SESSIONS = [*RANGE, OpenApiParameter("user_id", str, description="Those of one person."), *PAGE]
USERS = [*RANGE, *PAGE]
NOBODY = "No prediction or call names this {}. Ids match exactly; what retention dropped is not found any more."


class NamedEventsSerializer(serializers.Serializer[dict[str, Any]]):
    """How many of the events name it."""

    name = serializers.CharField()
    events = serializers.IntegerField()


class SessionFiguresSerializer(serializers.Serializer[dict[str, Any]]):
    """Events added up; `cut` says that there are older ones which are not in it."""

    events = serializers.IntegerField()
    llm_calls = serializers.IntegerField()
    failed = serializers.IntegerField()
    truncated = serializers.IntegerField()
    feedback_up = serializers.IntegerField()
    feedback_down = serializers.IntegerField()
    cost_usd = serializers.FloatField(allow_null=True)
    calls_costed = serializers.IntegerField()
    tokens_in = serializers.IntegerField(allow_null=True)
    tokens_out = serializers.IntegerField(allow_null=True)
    latency_p50_ms = serializers.FloatField(allow_null=True)
    first_at = MomentField()
    last_at = MomentField()
    user_ids = serializers.ListField(child=serializers.CharField())
    sessions = serializers.IntegerField()
    models = NamedEventsSerializer(many=True)
    language_models = NamedEventsSerializer(many=True)
    cut = serializers.BooleanField()


class ListedSessionSerializer(serializers.Serializer[dict[str, Any]]):
    """`figures` is null where so many events stand on the page that this session was not added up."""

    id = serializers.CharField()
    last_at = MomentField()
    figures = SessionFiguresSerializer(allow_null=True)


class SessionsSerializer(serializers.Serializer[dict[str, Any]]):
    """A page of sessions."""

    items = ListedSessionSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class SessionSerializer(serializers.Serializer[dict[str, Any]]):
    """One session: its newest 1,000 events added up, and a page of them."""

    id = serializers.CharField()
    figures = SessionFiguresSerializer()
    items = serializers.ListField(child=serializers.DictField())
    next = serializers.CharField(allow_null=True)


class ListedUserSerializer(serializers.Serializer[dict[str, Any]]):
    """A person: their newest event, and their LLM calls of the whole days of the range."""

    id = serializers.CharField()
    last_at = MomentField()
    llm_calls = serializers.IntegerField()
    calls_costed = serializers.IntegerField()
    cost_usd = serializers.FloatField(allow_null=True)


class UsersSerializer(serializers.Serializer[dict[str, Any]]):
    """A page of people."""

    items = ListedUserSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class DaySerializer(serializers.Serializer[dict[str, Any]]):
    """What a person's calls of a day (UTC) cost; exact."""

    day = serializers.DateField()
    llm_calls = serializers.IntegerField()
    calls_costed = serializers.IntegerField()
    cost_usd = serializers.FloatField(allow_null=True)


class UserSerializer(serializers.Serializer[dict[str, Any]]):
    """One person over a range: the newest 1,000 events added up (null where there is none), and money by day."""

    id = serializers.CharField()
    figures = SessionFiguresSerializer(allow_null=True)
    days = DaySerializer(many=True)


class SessionsView(APIView):
    """Sessions, the latest first."""

    @extend_schema(
        operation_id="sessions",
        parameters=SESSIONS,
        responses=SessionsSerializer,
    )
    def get(self, request: Request) -> Response:
        """Each stands where its newest event within the range stands; the figures are of all its events."""
        params = asked_of(request, SESSIONS)
        start, end = span_of(params, clock.now())
        who = params.get("user_id", "")
        try:
            page = session_page(
                project_of(request),
                start=start,
                end=end,
                user_id=who,
                limit=asked_limit(params),
                cursor=params.get("cursor"),
            )
        except CursorError as error:
            raise ValidationError({"cursor": str(error)}) from error
        return Response({"items": [_listed(one) for one in page.items], "next": page.next})


class SessionView(APIView):
    """One session."""

    @extend_schema(operation_id="session", parameters=PAGE, responses=SessionSerializer)
    def get(self, request: Request, session_id: str) -> Response:
        """Newest event first; 404 where nothing has this session."""
        params, project = asked_of(request, PAGE), project_of(request)
        figures = read_figures(project, "session_id", session_id)
        if figures is None:
            raise NotFound(NOBODY.format("session"))
        try:
            page = session_events(project, session_id, limit=asked_limit(params), cursor=params.get("cursor"))
        except CursorError as error:
            raise ValidationError({"cursor": str(error)}) from error
        items = [event_to_wire(event) for event in page.items]
        return Response({"id": session_id, "figures": _figures(figures), "items": items, "next": page.next})


class UsersView(APIView):
    """People, who did something last first."""

    @extend_schema(operation_id="users", parameters=USERS, responses=UsersSerializer)
    def get(self, request: Request) -> Response:
        """Money is that of the whole days (UTC) which the range touches."""
        params, project = asked_of(request, USERS), project_of(request)
        start, end = _span(params)
        try:
            page = user_page(project, start=start, end=end, limit=asked_limit(params), cursor=params.get("cursor"))
        except CursorError as error:
            raise ValidationError({"cursor": str(error)}) from error
        spend = spend_of(project, [row.user_id for row in page.items], start=start, end=end)
        items = [
            {"id": row.user_id, "last_at": moment(row.ts_us), **_money(spend.get(row.user_id, Cost()))}
            for row in page.items
        ]
        return Response({"items": items, "next": page.next})


class UserView(APIView):
    """One person."""

    @extend_schema(operation_id="user", parameters=RANGE, responses=UserSerializer)
    def get(self, request: Request, user_id: str) -> Response:
        """404 where nothing stored has this id, whenever."""
        params, project = asked_of(request, RANGE), project_of(request)
        start, end = _span(params)
        figures = read_figures(project, "user_id", user_id, start=start, end=end)
        days = spend_by_day(project, user_id, start=start, end=end)
        if figures is None and not days and read_figures(project, "user_id", user_id) is None:
            raise NotFound(NOBODY.format("user"))
        told = [{"day": day.date(), **_money(cost)} for day, cost in days]
        return Response({"id": user_id, "figures": figures and _figures(figures), "days": told})


def _span(params: Mapping[str, str]) -> tuple[datetime, datetime]:
    start, end = span_of(params, clock.now())
    if end - start > MOST_DAYS:
        raise ValidationError({"from": f"At most {MOST_DAYS.days} days; ask for a shorter range."})
    return start, end


def _listed(one: Session) -> dict[str, Any]:
    return {"id": one.id, "last_at": moment(one.last_us), "figures": one.figures and _figures(one.figures)}


def _money(cost: Cost) -> dict[str, Any]:
    usd = cost.nano / NANO if cost.costed else None
    return {"llm_calls": cost.calls, "calls_costed": cost.costed, "cost_usd": usd}


def _figures(found: Figures) -> dict[str, Any]:
    same = ("events", "truncated", "cost_usd", "tokens_in", "tokens_out", "sessions", "cut")
    named = {"models": found.models, "language_models": found.language_models}
    return {
        **{name: getattr(found, name) for name in same},
        **{key: [{"name": name, "events": count} for name, count in pairs] for key, pairs in named.items()},
        "failed": found.errors,
        "llm_calls": found.calls,
        "calls_costed": found.costed,
        "feedback_up": found.up,
        "feedback_down": found.down,
        "latency_p50_ms": found.latency_ms,
        "first_at": moment(found.first_us),
        "last_at": moment(found.last_us),
        "user_ids": found.users,
    }
