"""`GET /api/v1/metrics`: what applications and targets tell of themselves, and by which measures it is read."""

from datetime import UTC
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from models_registry.moments import MomentField
from models_registry.paging import asked_of
from monitoring.answers.asked import model_of
from monitoring.selectors.metrics import MetricFound, metrics_of

MetricSerializer = inline_serializer(
    "Metric",
    {
        "name": serializers.CharField(),
        "kind": serializers.ChoiceField(["gauge", "counter", "histogram"]),
        "unit": serializers.CharField(),
        "description": serializers.CharField(),
        "attributes": serializers.DictField(child=serializers.ListField(child=serializers.CharField())),
        "measures": serializers.ListField(child=serializers.CharField()),
        "last": serializers.FloatField(allow_null=True),
        "last_at": MomentField(allow_null=True),
    },
    many=True,
)


PARAMETERS = [OpenApiParameter("model", str, required=True)]


class MetricsView(APIView):
    """The metrics of one application."""

    @extend_schema(
        operation_id="metrics",
        parameters=PARAMETERS,
        responses=MetricSerializer,
    )
    def get(self, request: Request) -> Response:
        """By name: kind, unit, the values of each attribute, the measures of `/api/v1/series`, and the newest value if it is one."""
        model = model_of(request, asked_of(request, PARAMETERS).get("model", ""))
        return Response([_to_wire(metric) for metric in metrics_of(model)])


def _to_wire(metric: MetricFound) -> dict[str, Any]:
    return {
        "name": metric.name,
        "kind": metric.kind,
        "unit": metric.unit,
        "description": metric.description,
        "attributes": {name: [value for value in metric.by(name) if value] for name in metric.attribute_names},
        "measures": metric.measures,
        "last": metric.last,
        "last_at": metric.at.astimezone(UTC).isoformat() if metric.at else None,
    }
