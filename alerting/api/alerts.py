"""Alerts and rules for programs."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alerting.answers.alerts import AlertSerializer
from alerting.answers.pages import PAGE_PARAMETERS, Listed, page_of
from alerting.models import Alert, AlertRule, AlertTransition
from models_registry.authenticate import project_of
from models_registry.moments import RowSerializer

FILTERS = [
    OpenApiParameter("rule", str, description="Only those of this rule, by its slug."),
    OpenApiParameter("model", str, description="Only those of rules on this model or on an SLO of it, by its slug."),
]
TRANSITIONS = 200
MODEL = ("rule__model__slug", "rule__slo__model__slug")  # a rule on an SLO has no model of its own
LISTED = Listed("id", "fired_at", {"rule": ("rule__slug",), "model": MODEL})


class RuleSerializer(RowSerializer[AlertRule]):
    """A rule and its health."""

    model = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True, allow_null=True)
    slo = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True, allow_null=True)
    policy = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True, allow_null=True)

    class Meta:
        """Definition, then health."""

        model = AlertRule
        fields = [
            *["slug", "name", "kind", "slo", "model", "environment", "measure", "comparison", "threshold", "against"],
            *["window", "interval", "for_duration", "keep_firing_for", "recovery", "group_by", "labels"],
            *["pairs", "points", "points_bad", "policy", "expression", "settle", "summary", "incident_labels"],
            *[
                "severity",
                "minimum",
                "minimum_short",
                "no_data",
                "no_data_for",
                "on_error",
                "error_for",
                "enabled",
                "health",
                "last_error",
                "last_slot",
            ],
        ]


class RuleListSerializer(serializers.Serializer[dict[str, Any]]):
    """All rules of the project."""

    items = RuleSerializer(many=True)


class AlertPageSerializer(serializers.Serializer[dict[str, Any]]):
    """A page of alerts."""

    items = AlertSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class TransitionSerializer(RowSerializer[AlertTransition]):
    """One change of state."""

    incident = serializers.SlugRelatedField[Any](slug_field="number", read_only=True, allow_null=True)

    class Meta:
        """What changed, when and why."""

        model = AlertTransition
        fields = ["at", "from_state", "to_state", "reason", "value", "incident"]


class AlertDetailSerializer(AlertSerializer):
    """An alert with its changes of state, the newest 200, newest first."""

    transitions = serializers.SerializerMethodField()

    class Meta(AlertSerializer.Meta):
        """Transitions last."""

        fields = [*AlertSerializer.Meta.fields, "transitions"]

    @extend_schema_field(TransitionSerializer(many=True))
    def get_transitions(self, alert: Alert) -> Any:
        """Never changed, only added to."""
        rows = alert.transitions.select_related("incident").order_by("-at", "-id")[:TRANSITIONS]
        return TransitionSerializer(rows, many=True).data


class RulesView(APIView):
    """Rules of the project."""

    read_permission = "alerting.view_alertrule"

    @extend_schema(responses=RuleListSerializer, operation_id="rules")
    def get(self, request: Request) -> Response:
        """Every rule, by name, with its health."""
        rules = AlertRule.objects.filter(project=project_of(request)).select_related("model", "slo", "policy")
        return Response({"items": RuleSerializer(rules, many=True).data})


class RuleView(APIView):
    """One rule."""

    read_permission = "alerting.view_alertrule"

    @extend_schema(responses=RuleSerializer, operation_id="rule")
    def get(self, request: Request, slug: str) -> Response:
        """The rule and its health; as it is defined: `/api/v1/definitions/rules/{slug}`."""
        rules = AlertRule.objects.filter(project=project_of(request), slug=slug).select_related("model", "slo")
        if (rule := rules.first()) is None:
            raise NotFound("There is no rule with this slug in the project.")
        return Response(RuleSerializer(rule).data)


class AlertsView(APIView):
    """Alerts of the project."""

    read_permission = "alerting.view_alert"

    @extend_schema(responses=AlertPageSerializer, operation_id="alerts", parameters=[*PAGE_PARAMETERS, *FILTERS])
    def get(self, request: Request) -> Response:
        """One page, newest first."""
        rows = Alert.objects.filter(rule__project=project_of(request)).select_related("rule", "incident")
        return page_of(request, rows, AlertSerializer, states=Alert.State.values, listed=LISTED)


class AlertView(APIView):
    """One alert."""

    read_permission = "alerting.view_alert"

    @extend_schema(responses=AlertDetailSerializer, operation_id="alert")
    def get(self, request: Request, number: int) -> Response:
        """The alert and how it came to be what it is."""
        alerts = Alert.objects.filter(rule__project=project_of(request), pk=number)
        if (alert := alerts.select_related("rule", "incident").first()) is None:
            raise NotFound("There is no alert with this id in the project.")
        return Response(AlertDetailSerializer(alert).data)
