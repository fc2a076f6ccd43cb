"""`GET /api/v1/models/{slug}/compare`: two versions side by side, with a plain verdict."""

from datetime import UTC, datetime, timedelta
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lib import clock
from models_registry.models import Model
from models_registry.moments import MomentField
from models_registry.paging import asked_of
from monitoring.answers.asked import model_of, span_of
from monitoring.measures.comparison import Comparison, Row, Side, compare
from monitoring.selectors.summaries import Scope
from monitoring.selectors.wire import reading_to_wire

DEFAULT_RANGE = timedelta(days=7)
SIDES = ("champion", "challenger")
ComparisonSerializer = inline_serializer(
    "Comparison",
    {
        "model": serializers.CharField(),
        "champion": serializers.CharField(),
        "challenger": serializers.CharField(),
        "from": MomentField(),
        "to": MomentField(),
        "verdict": serializers.ChoiceField(["better", "worse", "different", "same", "no_data"]),
        "sentence": serializers.CharField(),
        "measures": serializers.ListField(child=serializers.DictField()),
    },
)


PARAMETERS = [
    OpenApiParameter("champion", str, required=True, description="A version."),
    OpenApiParameter("challenger", str, required=True, description="Another version."),
    OpenApiParameter("environment", str),
    OpenApiParameter("from", OpenApiTypes.DATETIME, description="7 days before `to` unless given."),
    OpenApiParameter("to", OpenApiTypes.DATETIME, description="Now unless given."),
]


class CompareView(APIView):
    """A challenger against a champion."""

    @extend_schema(
        operation_id="compare",
        parameters=PARAMETERS,
        responses=ComparisonSerializer,
    )
    def get(self, request: Request, slug: str) -> Response:
        """Every measure of both versions with n and interval, the difference with its interval, and a verdict."""
        params = asked_of(request, PARAMETERS)
        model = model_of(request, slug)
        now = clock.now()
        start, end = span_of(params, now, length=DEFAULT_RANGE)
        champion, challenger = _sides(model, params)
        found = compare(model, champion, challenger, start=start, end=end, now=now)
        return Response(_to_wire(model, found, start, end))


def _sides(model: Model, params: dict[str, str]) -> list[Side]:
    missing = [name for name in SIDES if name not in params]
    if missing:
        raise ValidationError({missing[0]: "Name two versions: `champion` and `challenger`."})
    if params["champion"] == params["challenger"]:
        raise ValidationError({"challenger": "A version is not compared with itself; name another one."})
    known = dict(model.versions.filter(version__in=[params[name] for name in SIDES]).values_list("version", "id"))
    environment = params.get("environment") or None
    sides = []
    for name in SIDES:
        if params[name] not in known:
            raise NotFound(f"This model has no version {params[name]!r} (`{name}`).")
        scope = Scope(model.project_id, model.pk, known[params[name]], environment)
        sides.append(Side(params[name], scope))
    return sides


def _to_wire(model: Model, found: Comparison, start: datetime, end: datetime) -> dict[str, Any]:
    return {
        "model": model.slug,
        "champion": found.champion.name,
        "challenger": found.challenger.name,
        "from": start.astimezone(UTC).isoformat(),
        "to": end.astimezone(UTC).isoformat(),
        "verdict": found.verdict,
        "sentence": found.sentence,
        "measures": [_measure(row) for row in found.rows],
    }


def _measure(row: Row) -> dict[str, Any]:
    gap = row.difference
    return {
        "measure": row.measure.name,
        "label": str(row.measure.label),
        "unit": row.measure.unit,
        "better": row.measure.better,
        "champion": reading_to_wire(row.champion),
        "challenger": reading_to_wire(row.challenger),
        "difference": None if gap is None else {"value": gap.value, "low": gap.low, "high": gap.high},
        "verdict": row.verdict,
        "sentence": row.sentence,
        "provisional": row.provisional,
    }
