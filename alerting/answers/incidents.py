"""An incident as the API tells it, and the frame of every move that a person or a program makes."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alerting.answers.conflict import Conflict
from alerting.errors import Refused
from alerting.models import Incident
from alerting.selectors.incidents import incident_timeline
from models_registry.authenticate import project_of
from models_registry.bodies import refuse_any, refuse_unless_valid
from models_registry.moments import MomentField, RowSerializer

RELATED = ("model", "acknowledged_by", "mitigated_by", "resolved_by", "closed_by", "assignee", "merged_into")


class IncidentSerializer(RowSerializer[Incident]):
    """One incident."""

    model = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True, allow_null=True)
    acknowledged_by = serializers.SlugRelatedField[Any](slug_field="username", read_only=True, allow_null=True)
    mitigated_by = serializers.SlugRelatedField[Any](slug_field="username", read_only=True, allow_null=True)
    resolved_by = serializers.SlugRelatedField[Any](slug_field="username", read_only=True, allow_null=True)
    closed_by = serializers.SlugRelatedField[Any](slug_field="username", read_only=True, allow_null=True)
    assignee = serializers.SlugRelatedField[Any](slug_field="username", read_only=True, allow_null=True)
    merged_into = serializers.SlugRelatedField[Any](slug_field="number", read_only=True, allow_null=True)

    class Meta:
        """What people ask first."""

        model = Incident
        fields = [
            *["number", "title", "model", "severity", "state", "group_labels", "impact_started_at", "opened_at"],
            *["acknowledged_at", "acknowledged_by", "mitigated_at", "mitigated_by", "resolved_at", "resolved_by"],
            *["closed_at", "closed_by", "reopened_at", "assignee", "snoozed_until", "merged_into", "revision"],
        ]


class TimelineEntrySerializer(serializers.Serializer[dict[str, Any]]):
    """One line of an incident's timeline."""

    at = MomentField()
    kind = serializers.CharField()
    title = serializers.CharField()
    text = serializers.CharField()
    actor = serializers.CharField(allow_null=True)
    incident = serializers.CharField(help_text="Where it happened: another one if that was merged into this.")


class IncidentDetailSerializer(IncidentSerializer):
    """An incident with what happened in it."""

    timeline = TimelineEntrySerializer(many=True)

    class Meta(IncidentSerializer.Meta):
        """The timeline last."""

        fields = [*IncidentSerializer.Meta.fields, "timeline"]


class IncidentActionView(APIView, ABC):
    """A move of a person or of a program on their behalf; answers with the incident as it stands then."""

    permission = "alerting.change_incident"
    write_scope = "respond"
    body: ClassVar[type[serializers.Serializer[Any]] | None] = None

    @abstractmethod
    def act(self, incident: Incident, request: Request, data: dict[str, Any]) -> None:
        """Call the verb."""

    def post(self, request: Request, number: int) -> Response:
        """Do it; 409 with the mend when the incident's state does not allow it."""
        incident = incident_of(request, number)
        data: dict[str, Any] = {}
        if self.body is None:
            refuse_any(request)
        else:
            given = self.body(data=request.data)
            refuse_unless_valid(given)
            data = dict(given.validated_data)
        try:
            self.act(incident, request, data)
        except Refused as error:
            raise Conflict(str(error)) from error
        incident.refresh_from_db()
        return detail(incident)


def incident_of(request: Request, number: int) -> Incident:
    """The project's incident of this number, or 404."""
    rows = Incident.objects.filter(project=project_of(request), number=number)
    found = rows.select_related(*RELATED).first()
    if found is None:
        raise NotFound("There is no incident with this number in the project.")
    return found


def detail(incident: Incident) -> Response:
    """The incident as it stands, with its timeline."""
    timeline: Any = [
        {
            "at": entry.at,
            "kind": entry.kind,
            "title": str(entry.title),
            "text": str(entry.text),
            "actor": None if entry.actor is None else str(entry.actor),
            "incident": entry.of or str(incident),
        }
        for entry in incident_timeline(incident)
    ]
    return Response(
        {**IncidentSerializer(incident).data, "timeline": TimelineEntrySerializer(timeline, many=True).data}
    )


def numbers_of(incidents: Iterable[Incident]) -> list[int]:
    """By what people call them."""
    return [one.number for one in incidents]
