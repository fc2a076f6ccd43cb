"""Alerts, rules and incidents for programs; the same verbs that people reach through pages."""

from collections.abc import Callable
from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alerting.api_errors import Conflict
from alerting.errors import Refused
from alerting.incidents import acknowledge_incident, comment_incident, resolve_incident, silence_incident
from alerting.models import Alert, AlertRule, Incident
from alerting.selectors import incident_timeline
from lib import clock
from lib.pages import MAX_LIMIT, CursorError, LimitError, keyset_page, read_limit
from models_registry.authenticate import actor_of, project_of

PAGE_PARAMETERS = [
    OpenApiParameter("state", str, description="Only this state."),
    OpenApiParameter("limit", int, description=f"1 to {MAX_LIMIT}."),
    OpenApiParameter("cursor", str, description="`next` of the page before."),
]


class RuleSerializer(serializers.ModelSerializer[AlertRule]):
    """A rule and its health."""

    model = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True)
    slo = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True)

    class Meta:
        """Definition, then health."""

        model = AlertRule
        fields = [
            *["slug", "name", "kind", "slo", "model", "environment", "measure", "comparison", "threshold", "against"],
            *["window", "interval", "for_duration", "keep_firing_for", "recovery", "group_by", "labels"],
            *["severity", "minimum", "no_data", "on_error", "enabled", "health", "last_error", "last_slot"],
        ]


class AlertSerializer(serializers.ModelSerializer[Alert]):
    """The state of one rule for one set of labels."""

    recovering = serializers.BooleanField(source="is_recovering", read_only=True)
    rule = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True)
    incident = serializers.SlugRelatedField[Any](slug_field="number", read_only=True)

    class Meta:
        """Identity, state, times."""

        model = Alert
        fields = [
            *["id", "rule", "labels", "signal", "state", "recovering", "severity", "value", "reason", "incident"],
            *["active_since", "keep_since", "fired_at", "resolved_at", "changed_at"],
        ]


class IncidentSerializer(serializers.ModelSerializer[Incident]):
    """One incident."""

    model = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True)
    acknowledged_by = serializers.SlugRelatedField[Any](slug_field="username", read_only=True)
    resolved_by = serializers.SlugRelatedField[Any](slug_field="username", read_only=True)

    class Meta:
        """What people ask first."""

        model = Incident
        fields = [
            *["number", "title", "model", "severity", "state", "group_labels", "impact_started_at", "opened_at"],
            *["acknowledged_at", "acknowledged_by", "resolved_at", "resolved_by"],
        ]


class TimelineEntrySerializer(serializers.Serializer[dict[str, Any]]):
    """One line of an incident's timeline."""

    at = serializers.DateTimeField()
    kind = serializers.CharField()
    title = serializers.CharField()
    text = serializers.CharField()
    actor = serializers.CharField(allow_null=True)


class IncidentDetailSerializer(IncidentSerializer):
    """An incident with what happened in it."""

    timeline = TimelineEntrySerializer(many=True)

    class Meta(IncidentSerializer.Meta):
        """The timeline last."""

        fields = [*IncidentSerializer.Meta.fields, "timeline"]


class RuleListSerializer(serializers.Serializer[dict[str, Any]]):
    """All rules of the project."""

    items = RuleSerializer(many=True)


class AlertPageSerializer(serializers.Serializer[dict[str, Any]]):
    """A page of alerts."""

    items = AlertSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class IncidentPageSerializer(serializers.Serializer[dict[str, Any]]):
    """A page of incidents."""

    items = IncidentSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class CommentSerializer(serializers.Serializer[dict[str, Any]]):
    """What to say."""

    text = serializers.CharField(max_length=10_000)


class SilenceSerializer(serializers.Serializer[dict[str, Any]]):
    """For how long, and why."""

    hours = serializers.IntegerField(min_value=1, max_value=720)
    comment = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class RulesView(APIView):
    """Rules of the project."""

    read_permission = "alerting.view_alertrule"

    @extend_schema(responses=RuleListSerializer, operation_id="rules")
    def get(self, request: Request) -> Response:
        """Every rule, by name, with its health."""
        rules = AlertRule.objects.filter(project=project_of(request)).select_related("model", "slo")
        return Response({"items": RuleSerializer(rules, many=True).data})


class AlertsView(APIView):
    """Alerts of the project."""

    read_permission = "alerting.view_alert"

    @extend_schema(responses=AlertPageSerializer, operation_id="alerts", parameters=PAGE_PARAMETERS)
    def get(self, request: Request) -> Response:
        """One page, newest first."""
        rows = Alert.objects.filter(rule__project=project_of(request)).select_related("rule", "incident")
        return _page(request, rows, AlertSerializer, states=Alert.State.values, time="id")


class IncidentsView(APIView):
    """Incidents of the project."""

    read_permission = "alerting.view_incident"

    @extend_schema(responses=IncidentPageSerializer, operation_id="incidents", parameters=PAGE_PARAMETERS)
    def get(self, request: Request) -> Response:
        """One page, newest first."""
        rows = Incident.objects.filter(project=project_of(request))
        rows = rows.select_related("model", "acknowledged_by", "resolved_by")
        return _page(request, rows, IncidentSerializer, states=Incident.State.values, time="number")


class IncidentView(APIView):
    """One incident."""

    read_permission = "alerting.view_incident"

    @extend_schema(responses=IncidentDetailSerializer, operation_id="incident")
    def get(self, request: Request, number: int) -> Response:
        """The incident and its timeline."""
        return _detail(_incident(request, number))


class IncidentActionView(APIView):
    """A move of a person or of a program on their behalf; answers with the incident as it stands then."""

    permission = "alerting.change_incident"
    write_scope = "respond"
    body: ClassVar[type[serializers.Serializer[Any]] | None] = None

    def act(self, incident: Incident, request: Request, data: dict[str, Any]) -> None:
        """Call the verb."""
        raise NotImplementedError

    def post(self, request: Request, number: int) -> Response:
        """Do it; 409 with the mend when the incident's state does not allow it."""
        incident = _incident(request, number)
        data: dict[str, Any] = {}
        if self.body is not None:
            given = self.body(data=request.data)
            given.is_valid(raise_exception=True)
            data = dict(given.validated_data)
        try:
            self.act(incident, request, data)
        except Refused as error:
            raise Conflict(str(error)) from error
        incident.refresh_from_db()
        return _detail(incident)


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


def _incident(request: Request, number: int) -> Incident:
    rows = Incident.objects.filter(project=project_of(request), number=number)
    found = rows.select_related("model", "acknowledged_by", "resolved_by").first()
    if found is None:
        raise NotFound("There is no incident with this number in the project.")
    return found


def _detail(incident: Incident) -> Response:
    timeline: Any = [
        {
            "at": entry.at,
            "kind": entry.kind,
            "title": str(entry.title),
            "text": str(entry.text),
            "actor": None if entry.actor is None else str(entry.actor),
        }
        for entry in incident_timeline(incident)
    ]
    return Response(
        {**IncidentSerializer(incident).data, "timeline": TimelineEntrySerializer(timeline, many=True).data}
    )


def _page(request: Request, rows: Any, serializer: Callable[..., Any], *, states: list[str], time: str) -> Response:
    params = request.query_params.dict()
    state = params.get("state")
    if state:
        if state not in states:
            raise ValidationError({"state": f"One of {', '.join(states)}."})
        rows = rows.filter(state=state)
    try:
        page = keyset_page(rows, time=time, limit=read_limit(params.get("limit", "")), cursor=params.get("cursor"))
    except CursorError as error:
        raise ValidationError({"cursor": str(error)}) from error
    except LimitError as error:
        raise ValidationError({"limit": str(error)}) from error
    return Response({"items": serializer(page.items, many=True).data, "next": page.next})
