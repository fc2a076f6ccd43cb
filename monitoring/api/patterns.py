"""`GET /api/v1/log-patterns`: what log lines have in common, how often they were written and since when."""

from datetime import UTC, datetime, timedelta
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lib import clock
from lib.pages import MAX_LIMIT
from models_registry.authenticate import project_of
from models_registry.moments import MomentField
from models_registry.paging import asked_limit, asked_of
from monitoring.answers.asked import model_of
from monitoring.measures.series import edges_between
from monitoring.models import LogRecord
from monitoring.selectors.event_filters import FilterError, read_span
from monitoring.selectors.patterns import Pattern, read_patterns, samples_of
from monitoring.stats.log_levels import canon

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MAX_SPAN = timedelta(days=92)
MAX_WINDOWS = 100


PARAMETERS = [
    OpenApiParameter("model", str, description="Slug of one model or service; all of the project unless given."),
    OpenApiParameter("environment", str),
    OpenApiParameter("level", str),
    OpenApiParameter("new", str, enum=["true"], description="Only what was first seen in the span."),
    OpenApiParameter("from", OpenApiTypes.DATETIME, description="The hour it is in; a day before `to` unless given."),
    OpenApiParameter("to", OpenApiTypes.DATETIME, description="Now unless given."),
    OpenApiParameter("limit", int, description=f"1 to {MAX_LIMIT}."),
]


class LogPatternSerializer(serializers.Serializer[dict[str, Any]]):
    """One pattern; `id` finds its lines (`GET /api/v1/logs?pattern=…`), and is null for all patterns past the cap."""

    id = serializers.CharField(allow_null=True)
    model = serializers.CharField()
    level = serializers.CharField()
    template = serializers.CharField()
    count = serializers.IntegerField()
    first_seen = MomentField()
    last_seen = MomentField()
    new = serializers.BooleanField()
    trend = serializers.ListField(child=serializers.IntegerField())
    sample = serializers.CharField(allow_null=True)
    sample_id = serializers.CharField(allow_null=True)


class LogPatternsSerializer(serializers.Serializer[dict[str, Any]]):
    """The most frequent first; `edges` bound the windows of each `trend`; `total` counts all lines of the span."""

    edges = serializers.ListField(child=MomentField())
    total = serializers.IntegerField()
    items = LogPatternSerializer(many=True)
    left_out = serializers.IntegerField()


class LogPatternsView(APIView):
    """Log lines by pattern."""

    @extend_schema(
        operation_id="log_patterns",
        parameters=PARAMETERS,
        responses=LogPatternsSerializer,
    )
    def get(self, request: Request) -> Response:
        """Patterns of the span with count, first and last sight, trend and the newest line that is kept."""
        params = asked_of(request, PARAMETERS)
        limit = asked_limit(params)
        edges = _edges(params)
        if params.get("new", "") not in ("", "true"):
            raise ValidationError({"new": "`new` is `true`, or left out."})
        found = read_patterns(
            project_of(request),
            edges,
            model=model_of(request, params["model"]) if params.get("model") else None,
            environment=params.get("environment", ""),
            level=canon(params.get("level", "")),
            only_new=params.get("new") == "true",
        )
        shown = found.items[:limit]
        samples = samples_of(shown)
        return Response(
            {
                "edges": [edge.astimezone(UTC).isoformat() for edge in edges],
                "total": found.total,
                "items": [_to_wire(one, samples.get(one.sample_ref)) for one in shown],
                "left_out": len(found.items) - len(shown),
            }
        )


def _to_wire(one: Pattern, sample: LogRecord | None) -> dict[str, Any]:
    return {
        "id": one.id or None,
        "model": one.model.slug,
        "level": one.level,
        "template": one.template,
        "count": one.count,
        "first_seen": one.first.isoformat(),
        "last_seen": one.last.isoformat(),
        "new": one.is_new,
        "trend": list(one.trend),
        "sample": sample.message if sample else None,
        "sample_id": sample.event_id if sample else None,
    }


def _edges(params: dict[str, str]) -> list[datetime]:
    """Whole hours from the one that `from` is in, as many together as give at most MAX_WINDOWS windows."""
    try:
        start, end = read_span(params, now=clock.now(), length=DAY)
    except FilterError as error:
        raise ValidationError({error.field: str(error)}) from error
    if end - start > MAX_SPAN:
        raise ValidationError({"from": f"At most {MAX_SPAN.days} days; ask for a shorter range."})
    start = start.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    hours = -((start - end) // HOUR)
    return edges_between(start, end, HOUR * max(1, -(-hours // MAX_WINDOWS)))
