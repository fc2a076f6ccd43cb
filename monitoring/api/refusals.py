"""`/api/v1/refusals`: why something that was sent did not arrive, as collection health and *First event* tell it."""

from typing import Any

from django.db.models import Q
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from models_registry.authenticate import project_of
from models_registry.moments import RowSerializer
from monitoring.models import RejectionCount, RequestRefusal
from monitoring.selectors.wire import moment


class RefusedRequestSerializer(RowSerializer[RequestRefusal]):
    """The last request that was refused for this reason; `unknown_key`: nobody knows whose it was."""

    unknown_key = serializers.SerializerMethodField()

    class Meta:
        """What its sender was told, and who that was."""

        model = RequestRefusal
        fields = ["code", "detail", "path", "key_prefix", "agent", "at", "unknown_key"]

    def get_unknown_key(self, refusal: RequestRefusal) -> bool:
        """Such refusals are told to every project."""
        return refusal.project_id is None


class RefusedItemsSerializer(RowSerializer[RejectionCount]):
    """Items of one kind that were refused for one reason."""

    last_at = serializers.SerializerMethodField()

    class Meta:
        """How many, and what the last sender was told."""

        model = RejectionCount
        fields = ["kind", "code", "count", "last_detail", "last_at"]

    def get_last_at(self, row: RejectionCount) -> str:
        """In the time of the events."""
        return moment(row.last_us).isoformat()


class RefusalsSerializer(serializers.Serializer[dict[str, Any]]):
    """One entry for each reason, the newest first."""

    requests = RefusedRequestSerializer(many=True)
    items = RefusedItemsSerializer(many=True)


class RefusalsView(APIView):
    """Reasons are few, so there are no pages."""

    read_permission = "monitoring.view_ledgercount"

    @extend_schema(responses=RefusalsSerializer, operation_id="refusals")
    def get(self, request: Request) -> Response:
        """Requests that were refused whole, and items of bodies that were taken."""
        project = project_of(request)
        requests = RequestRefusal.objects.filter(Q(project=project) | Q(project__isnull=True)).order_by("-at")
        items = RejectionCount.objects.filter(project=project).order_by("-last_us")
        return Response(
            {
                "requests": RefusedRequestSerializer(requests, many=True).data,
                "items": RefusedItemsSerializer(items, many=True).data,
            }
        )
