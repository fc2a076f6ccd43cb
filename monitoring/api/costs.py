"""`GET /api/v1/costs`: what LLM applications cost, by user, prompt version, language model or day, and the month to come."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lib import clock
from lib.pages import MAX_LIMIT
from models_registry.authenticate import project_of
from models_registry.models import Model
from models_registry.moments import MomentField
from models_registry.paging import asked_limit, asked_of
from monitoring.answers.asked import moment_of
from monitoring.selectors.costs import (
    CostLine,
    Span,
    cost_by_day,
    cost_by_language_model,
    cost_by_prompt,
    cost_by_user,
    month_of,
)
from monitoring.selectors.wire import moment
from monitoring.stats.layouts import language_model_of
from monitoring.stats.projection import Projection, month_start
from monitoring.stats.usage import NANO

BY = ("day", "model", "prompt", "user")
MAX_DAYS = {"day": 400, "model": 400, "prompt": 400, "user": 92}
CURSOR = "This cursor is not one that a page returned; leave it out."
MAX_NANO = 2**63 - 1  # beyond, a database cannot compare
Place = tuple[int, str]


PARAMETERS = [
    OpenApiParameter("by", str, required=True, enum=BY),
    OpenApiParameter("model", str, description="Slug of one application; all of the project unless given."),
    OpenApiParameter("from", OpenApiTypes.DATETIME, description="The day it is in; this month unless given."),
    OpenApiParameter("to", OpenApiTypes.DATETIME, description="Up to the day it is in; now unless given."),
    OpenApiParameter("limit", int, description=f"1 to {MAX_LIMIT}."),
    OpenApiParameter("cursor", str, description="`next` of the page before."),
]


class CostItemSerializer(serializers.Serializer[dict[str, Any]]):
    """One line; which of `day`, `prompt`, `language_model` and `provider`, or `user_id` and `last_seen` there is follows `by`."""

    day = serializers.DateField(required=False)
    prompt = serializers.CharField(required=False)
    provider = serializers.CharField(required=False)
    language_model = serializers.CharField(required=False)
    user_id = serializers.CharField(required=False)
    last_seen = MomentField(required=False)
    cost_usd = serializers.FloatField(allow_null=True)
    calls = serializers.IntegerField()
    calls_costed = serializers.IntegerField()


class ProjectionSerializer(serializers.Serializer[dict[str, Any]]):
    """The current month when it is over, by its days so far."""

    value = serializers.FloatField()
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    spent = serializers.FloatField()
    days = serializers.IntegerField()


class CostsSerializer(serializers.Serializer[dict[str, Any]]):
    """A page of costs, the days it is about, and the month."""

    first_day = serializers.DateField()
    last_day = serializers.DateField()
    items = CostItemSerializer(many=True)
    next = serializers.CharField(allow_null=True)
    projected_month_usd = ProjectionSerializer(allow_null=True)


class CostsView(APIView):
    """Money in whole days (UTC). Calls whose cost nobody knows are in `calls` and not in `calls_costed`."""

    @extend_schema(
        operation_id="costs",
        parameters=PARAMETERS,
        responses=CostsSerializer,
    )
    def get(self, request: Request) -> Response:
        """Dearest first; days oldest first."""
        params = asked_of(request, PARAMETERS)
        by = params.get("by", "")
        if by not in BY:
            raise ValidationError({"by": f"Name what costs are told by: {', '.join(BY)}."})
        now = clock.now()
        models = _applications(request, params)
        span = _span(params, by, now)
        limit, after = asked_limit(params), _place(params.get("cursor", ""))
        lines = _lines(by, models, span, limit=limit + 1, after=after)
        shown = lines[:limit]
        return Response(
            {
                "first_day": span.first.isoformat(),
                "last_day": (span.last - timedelta(days=1)).isoformat(),
                "items": [_item(by, line) for line in shown],
                "next": _cursor(shown[-1]) if len(lines) > limit else None,
                "projected_month_usd": projection_to_wire(month_of(models, now)),
            }
        )


def projection_to_wire(found: Projection | None) -> dict[str, Any] | None:
    """A projection in the words of the API."""
    if found is None:
        return None
    return {name: getattr(found, name) for name in ("value", "low", "high", "spent", "days")}


def _lines(by: str, models: Sequence[Model], span: Span, *, limit: int, after: Place | None) -> list[CostLine]:
    """The lines after a place: users by the database, of the others there are few."""
    if by == "user":
        return cost_by_user(models, span, limit=limit, after=after)
    if by == "day":
        return [line for line in cost_by_day(models, span) if after is None or line.key > after[1]][:limit]
    found = (cost_by_prompt if by == "prompt" else cost_by_language_model)(models, span)
    return [line for line in found if after is None or (-line.cost.nano, line.key) > (-after[0], after[1])][:limit]


def _item(by: str, line: CostLine) -> dict[str, Any]:
    names = {"day": "day", "prompt": "prompt", "user": "user_id"}
    told: dict[str, Any] = {names[by]: line.key} if by in names else {}
    if by == "model":
        told = dict(zip(("provider", "language_model"), language_model_of(line.key), strict=True))
    if line.last_us is not None:
        told["last_seen"] = moment(line.last_us).isoformat()
    cost = line.cost
    usd = cost.nano / NANO if cost.costed or not cost.calls else None
    return {**told, "cost_usd": usd, "calls": cost.calls, "calls_costed": cost.costed}


def _applications(request: Request, params: dict[str, str]) -> list[Model]:
    project = project_of(request)
    found = Model.objects.filter(project=project, kind=Model.Kind.LLM)
    if slug := params.get("model", ""):
        found = found.filter(slug=slug)
        if not found:
            raise NotFound("There is no LLM application with this slug in the project.")
    return list(found)


def _span(params: dict[str, str], by: str, now: datetime) -> Span:
    end = (moment_of(params, "to") or now).astimezone(UTC)
    start = (moment_of(params, "from") or month_start(end)).astimezone(UTC)
    if start > end:
        raise ValidationError({"to": "`to` must not be before `from`."})
    span = Span(start.date(), end.date() + timedelta(days=1))
    if (span.last - span.first).days > MAX_DAYS[by]:
        raise ValidationError({"from": f"At most {MAX_DAYS[by]} days by {by}; ask for a shorter range."})
    return span


def _cursor(line: CostLine) -> str:
    return urlsafe_b64encode(msgspec.json.encode((line.cost.nano, line.key))).decode()


def _place(text: str) -> Place | None:
    if not text:
        return None
    try:
        place: Place = msgspec.json.decode(urlsafe_b64decode(text.encode()), type=Place)
    except (ValueError, binascii.Error, msgspec.MsgspecError) as error:
        raise ValidationError({"cursor": CURSOR}) from error
    if not -MAX_NANO <= place[0] <= MAX_NANO or "\x00" in place[1]:
        raise ValidationError({"cursor": CURSOR})
    return place
