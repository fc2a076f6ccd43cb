"""`GET /api/v1/measures` and `/api/v1/series`: every number, with its sample and its uncertainty."""

from datetime import UTC
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lib import clock
from models_registry.models import Model
from models_registry.moments import MomentField
from models_registry.paging import refuse_unknown
from monitoring.answers.asked import model_of, range_of, segment_of, version_id_of
from monitoring.catalogue import MEASURES
from monitoring.measures.breakdown import MAX_PARTS, ByError, series_by
from monitoring.measures.series import Point, edges_between, measure_series
from monitoring.selectors.summaries import Scope

MAX_POINTS_BY = 60_000  # of all parts together


# Not a class: `label` is an attribute of every serializer.
MeasureSerializer = inline_serializer(
    "Measure",
    {
        "name": serializers.CharField(),
        "label": serializers.CharField(),
        "unit": serializers.CharField(),
        "definition": serializers.CharField(),
        "source": serializers.CharField(),
        "settle": serializers.CharField(),
        "needs": serializers.ListField(child=serializers.CharField()),
        "better": serializers.CharField(),
        "kinds": serializers.ListField(child=serializers.CharField()),
        "settles_with": serializers.CharField(),
        "is_ratio": serializers.BooleanField(),
    },
    many=True,
)

PARAMETERS = [
    OpenApiParameter("measure", str, required=True),
    OpenApiParameter("model", str, required=True),
    OpenApiParameter("version", str),
    OpenApiParameter("environment", str),
    OpenApiParameter("segment", str, description="One segment, such as region=south."),
    OpenApiParameter(
        "by",
        str,
        description="version, environment, error_type, level, prompt, a segment key, or an attribute of a metric: points of each.",
    ),
    OpenApiParameter("from", OpenApiTypes.DATETIME, description="24 hours before `to` unless given."),
    OpenApiParameter("to", OpenApiTypes.DATETIME, description="Now unless given."),
    OpenApiParameter("step", str, description="Width of a point, such as 300, 5m, 1h or 1d."),
]


class PointSerializer(serializers.Serializer[dict[str, Any]]):
    """One step of a series; `value` is null where there is no data."""

    start = MomentField()
    value = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField()
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    state = serializers.ChoiceField(["ok", "no_data", "provisional"])
    by = serializers.CharField(required=False)


class SeriesSerializer(serializers.Serializer[dict[str, Any]]):
    """A measure over time."""

    points = PointSerializer(many=True)
    left_out = serializers.IntegerField(required=False)


class MeasuresView(APIView):
    """The catalogue."""

    @extend_schema(responses=MeasureSerializer, operation_id="measures")
    def get(self, request: Request) -> Response:
        """Every measure by name: its unit, definition, source, what it waits for and what it needs."""
        return Response(
            [
                {
                    "name": measure.name,
                    "label": str(measure.label),
                    "unit": measure.unit,
                    "definition": str(measure.definition),
                    "source": measure.source,
                    "settle": measure.settle,
                    "needs": list(measure.needs),
                    "better": measure.better,
                    "kinds": sorted(measure.kinds),
                    "settles_with": measure.settle,
                    "is_ratio": measure.unit == "ratio",
                }
                for measure in MEASURES.values()
            ]
        )


class SeriesView(APIView):
    """One measure of one model over time."""

    @extend_schema(
        operation_id="series",
        parameters=PARAMETERS,
        responses=SeriesSerializer,
    )
    def get(self, request: Request) -> Response:
        """Points with value, sample size, 95 % interval and state."""
        params = request.query_params.dict()
        refuse_unknown(params, [one.name for one in PARAMETERS])
        name = params.get("measure", "")
        if name not in MEASURES:
            told = (
                f"Unknown measure; one of {', '.join(sorted(MEASURES))}, or metric:NAME:STATISTIC of "
                "/api/v1/metrics, or evaluation:SLUG:pass_rate and evaluation:SLUG:mean_score of /api/v1/evaluators."
            )
            raise ValidationError({"measure": told})
        now = clock.now()
        start, end, step = range_of(params, now)
        model = model_of(request, params.get("model", ""))
        scope = _scope(model, params)
        if "by" not in params:
            points = measure_series(name, scope, start=start, end=end, step=step, now=now)
            return Response({"points": [_to_wire(point) for point in points]})
        edges = edges_between(start, end, step)
        try:
            found = series_by(params["by"], name, scope, model, edges=edges, now=now, most=_most(len(edges) - 1))
        except ByError as error:
            raise ValidationError({"by": str(error)}) from error
        parts = [{**_to_wire(point), "by": part.value} for part in found.parts for point in part.points]
        return Response({"points": parts, "left_out": found.left_out})


def _to_wire(point: Point) -> dict[str, Any]:
    return {
        "start": point.start.astimezone(UTC).isoformat(),
        "value": point.value,
        "n": point.n,
        "low": point.low,
        "high": point.high,
        "state": point.state,
    }


def _most(steps: int) -> int:
    """How many parts may be read: all points together are bounded."""
    most = MAX_POINTS_BY // steps
    if most < MAX_PARTS:
        told = f"More than {MAX_POINTS_BY // MAX_PARTS} points of each part; ask for a larger step or a shorter range."
        raise ValidationError({"step": told})
    return MAX_PARTS


def _scope(model: Model, params: dict[str, str]) -> Scope:
    environment = params.get("environment") or None
    return Scope(model.project_id, model.pk, version_id_of(model, params), environment, segment_of(params))
