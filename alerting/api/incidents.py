"""Incidents for programs: the list, and one with its timeline."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alerting.answers.incidents import RELATED, IncidentDetailSerializer, IncidentSerializer, detail, incident_of
from alerting.answers.pages import PAGE_PARAMETERS, Listed, page_of
from alerting.models import Incident
from models_registry.authenticate import project_of

FILTERS = [
    OpenApiParameter("assignee", str, description="Only those of this person, by their user name."),
    OpenApiParameter("model", str, description="Only those of this model, by its slug."),
]
LISTED = Listed("number", "opened_at", {"assignee": ("assignee__username",), "model": ("model__slug",)})


class IncidentPageSerializer(serializers.Serializer[dict[str, Any]]):
    """A page of incidents."""

    items = IncidentSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class IncidentsView(APIView):
    """Incidents of the project."""

    read_permission = "alerting.view_incident"

    @extend_schema(responses=IncidentPageSerializer, operation_id="incidents", parameters=[*PAGE_PARAMETERS, *FILTERS])
    def get(self, request: Request) -> Response:
        """One page, newest first."""
        rows = Incident.objects.filter(project=project_of(request)).select_related(*RELATED)
        return page_of(request, rows, IncidentSerializer, states=Incident.State.values, listed=LISTED)


class IncidentView(APIView):
    """One incident."""

    read_permission = "alerting.view_incident"

    @extend_schema(responses=IncidentDetailSerializer, operation_id="incident")
    def get(self, request: Request, number: int) -> Response:
        """The incident and its timeline."""
        return detail(incident_of(request, number))
