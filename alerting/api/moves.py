"""What people do to incidents, for programs: the same verbs that people reach through pages."""

from datetime import timedelta
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from alerting.answers.incidents import IncidentActionView, IncidentDetailSerializer
from alerting.incidents.course import acknowledge_incident, comment_incident, resolve_incident, silence_incident
from alerting.incidents.moves.assign import assign_incident
from alerting.incidents.moves.merge import merge_incident
from alerting.incidents.moves.mitigate import mitigate_incident
from alerting.incidents.moves.reopen import reopen_incident
from alerting.incidents.moves.severity import change_severity
from alerting.incidents.moves.snooze import snooze_incident, wake_incident
from alerting.models import Incident, Severity
from lib import clock
from models_registry.authenticate import actor_of
from models_registry.models import User
from models_registry.moments import MomentField

MAX_NOTE = 10_000


class CommentSerializer(serializers.Serializer[dict[str, Any]]):
    """What to say."""

    text = serializers.CharField(max_length=MAX_NOTE)


class NoteSerializer(serializers.Serializer[dict[str, Any]]):
    """Something for the timeline, if there is something to say."""

    text = serializers.CharField(max_length=MAX_NOTE, required=False, default="", allow_blank=True)


class DecidedSerializer(NoteSerializer):
    """`revision`: that of the incident on which the decision was made; 409 if it has moved on."""

    revision = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=0)


class AssignSerializer(DecidedSerializer):
    """Whose it is from now on; null is nobody."""

    assignee = serializers.CharField(max_length=150, allow_null=True)


class SnoozeSerializer(DecidedSerializer):
    """Until when: a moment, or so many hours from now."""

    until = MomentField(required=False, allow_null=True, default=None)
    hours = serializers.FloatField(required=False, allow_null=True, default=None, min_value=0.01, max_value=720)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Exactly one of them."""
        if (attrs["until"] is None) == (attrs["hours"] is None):
            raise ValidationError({"until": "Give either `until` or `hours`."})
        return attrs


class MergeSerializer(DecidedSerializer):
    """Which incident takes the alerts, by its number."""

    into = serializers.IntegerField(min_value=1)


class HowBadSerializer(DecidedSerializer):
    """How bad it is."""

    severity = serializers.ChoiceField(choices=Severity.choices)


class SilenceSerializer(serializers.Serializer[dict[str, Any]]):
    """For how long, and why."""

    hours = serializers.IntegerField(min_value=1, max_value=720)
    comment = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class AcknowledgeView(IncidentActionView):
    """Somebody is on it."""

    @extend_schema(request=None, responses=IncidentDetailSerializer, operation_id="incident_acknowledge")
    def post(self, request: Request, number: int) -> Response:
        """Acknowledge; repeating it changes nothing."""
        return super().post(request, number)

    def act(self, incident: Incident, request: Request, data: dict[str, Any]) -> None:
        """Call the verb."""
        acknowledge_incident(incident, by=actor_of(request), now=clock.now())


class ResolveView(IncidentActionView):
    """It is over."""

    @extend_schema(request=None, responses=IncidentDetailSerializer, operation_id="incident_resolve")
    def post(self, request: Request, number: int) -> Response:
        """Resolve; repeating it changes nothing."""
        return super().post(request, number)

    def act(self, incident: Incident, request: Request, data: dict[str, Any]) -> None:
        """Call the verb."""
        resolve_incident(incident, by=actor_of(request), now=clock.now())


class CommentView(IncidentActionView):
    """A note for the timeline."""

    body = CommentSerializer

    @extend_schema(request=CommentSerializer, responses=IncidentDetailSerializer, operation_id="incident_comment")
    def post(self, request: Request, number: int) -> Response:
        """Add a comment."""
        return super().post(request, number)

    def act(self, incident: Incident, request: Request, data: dict[str, Any]) -> None:
        """Call the verb."""
        comment_incident(incident, by=actor_of(request), text=data["text"], now=clock.now())


class SilenceView(IncidentActionView):
    """No messages for a while."""

    permission = "alerting.add_silence"
    body = SilenceSerializer

    @extend_schema(request=SilenceSerializer, responses=IncidentDetailSerializer, operation_id="incident_silence")
    def post(self, request: Request, number: int) -> Response:
        """Silence the incident's model for some hours."""
        return super().post(request, number)

    def act(self, incident: Incident, request: Request, data: dict[str, Any]) -> None:
        """Call the verb."""
        silence_incident(incident, by=actor_of(request), hours=data["hours"], comment=data["comment"], now=clock.now())


class MitigateView(IncidentActionView):
    """The damage has stopped."""

    body = NoteSerializer

    @extend_schema(request=NoteSerializer, responses=IncidentDetailSerializer, operation_id="incident_mitigate")
    def post(self, request: Request, number: int) -> Response:
        """Mark it mitigated; repeating it changes nothing."""
        return super().post(request, number)

    def act(self, incident: Incident, request: Request, data: dict[str, Any]) -> None:
        """Call the verb."""
        mitigate_incident(incident, by=actor_of(request), note=data["text"], now=clock.now())


class ReopenView(IncidentActionView):
    """It was not over after all."""

    body = DecidedSerializer

    @extend_schema(request=DecidedSerializer, responses=IncidentDetailSerializer, operation_id="incident_reopen")
    def post(self, request: Request, number: int) -> Response:
        """Open it again and tell people."""
        return super().post(request, number)

    def act(self, incident: Incident, request: Request, data: dict[str, Any]) -> None:
        """Call the verb."""
        who, seen = actor_of(request), data["revision"]
        reopen_incident(incident, by=who, why=data["text"], seen=seen, now=clock.now())


class AssignView(IncidentActionView):
    """Whose it is."""

    body = AssignSerializer

    @extend_schema(request=AssignSerializer, responses=IncidentDetailSerializer, operation_id="incident_assign")
    def post(self, request: Request, number: int) -> Response:
        """Give it to a person or to nobody."""
        return super().post(request, number)

    def act(self, incident: Incident, request: Request, data: dict[str, Any]) -> None:
        """Call the verb."""
        to = None
        if data["assignee"] is not None:
            to = User.objects.filter(username=data["assignee"]).first()
            if to is None:
                raise ValidationError({"assignee": "There is nobody of this user name."})
        assign_incident(incident, to=to, by=actor_of(request), seen=data["revision"], now=clock.now())


class SnoozeView(IncidentActionView):
    """Nobody is reminded for a while."""

    body = SnoozeSerializer

    @extend_schema(request=SnoozeSerializer, responses=IncidentDetailSerializer, operation_id="incident_snooze")
    def post(self, request: Request, number: int) -> Response:
        """Snooze it; it comes back by itself."""
        return super().post(request, number)

    def act(self, incident: Incident, request: Request, data: dict[str, Any]) -> None:
        """Call the verb."""
        now = clock.now()
        until = data["until"] or now + timedelta(hours=data["hours"])
        who, seen = actor_of(request), data["revision"]
        snooze_incident(incident, until=until, by=who, why=data["text"], seen=seen, now=now)


class WakeView(IncidentActionView):
    """The snooze ends now."""

    @extend_schema(request=None, responses=IncidentDetailSerializer, operation_id="incident_wake")
    def post(self, request: Request, number: int) -> Response:
        """End the snooze; what it put off is told now."""
        return super().post(request, number)

    def act(self, incident: Incident, request: Request, data: dict[str, Any]) -> None:
        """Call the verb."""
        wake_incident(incident, by=actor_of(request), now=clock.now())


class MergeView(IncidentActionView):
    """Two incidents that are one."""

    body = MergeSerializer

    @extend_schema(request=MergeSerializer, responses=IncidentDetailSerializer, operation_id="incident_merge")
    def post(self, request: Request, number: int) -> Response:
        """Move its alerts into another; later ones follow."""
        return super().post(request, number)

    def act(self, incident: Incident, request: Request, data: dict[str, Any]) -> None:
        """Call the verb."""
        into = Incident.objects.filter(project=incident.project_id, number=data["into"]).first()
        if into is None:
            raise ValidationError({"into": "There is no incident with this number in the project."})
        merge_incident(incident, into=into, by=actor_of(request), seen=data["revision"], now=clock.now())


class SeverityView(IncidentActionView):
    """How bad it is."""

    body = HowBadSerializer

    @extend_schema(request=HowBadSerializer, responses=IncidentDetailSerializer, operation_id="incident_severity")
    def post(self, request: Request, number: int) -> Response:
        """Raise or lower its severity."""
        return super().post(request, number)

    def act(self, incident: Incident, request: Request, data: dict[str, Any]) -> None:
        """Call the verb."""
        change_severity(
            incident,
            severity=data["severity"],
            by=actor_of(request),
            why=data["text"],
            seen=data["revision"],
            now=clock.now(),
        )
