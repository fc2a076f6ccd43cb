"""The end of an incident's work, once its review is done."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from alerting.answers.incidents import IncidentActionView, IncidentDetailSerializer
from alerting.models import Incident
from lib import clock
from models_registry.authenticate import actor_of
from runbooks.closing import close_reviewed


class CloseSerializer(serializers.Serializer[dict[str, Any]]):
    """Why there will be no review; not needed once there is one."""

    without_review = serializers.CharField(max_length=10_000, required=False, default="", allow_blank=True)


class CloseView(IncidentActionView):
    """Nothing is left to do or to learn."""

    body = CloseSerializer

    @extend_schema(request=CloseSerializer, responses=IncidentDetailSerializer, operation_id="incident_close")
    def post(self, request: Request, number: int) -> Response:
        """Close a resolved incident whose review is published, or say why there will be none."""
        return super().post(request, number)

    def act(self, incident: Incident, request: Request, data: dict[str, Any]) -> None:
        """Call the verb."""
        close_reviewed(incident, by=actor_of(request), why=data["without_review"], now=clock.now())
