"""Alerts and rules for programs."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alerting.answers.alerts import AlertSerializer
from alerting.answers.pages import PAGE_PARAMETERS, page_of
from alerting.models import Alert, AlertRule
from models_registry.authenticate import project_of


class RuleSerializer(serializers.ModelSerializer[AlertRule]):
    """A rule and its health."""

    model = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True, allow_null=True)
    slo = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True, allow_null=True)

    class Meta:
        """Definition, then health."""

        model = AlertRule
        fields = [
            *["slug", "name", "kind", "slo", "model", "environment", "measure", "comparison", "threshold", "against"],
            *["window", "interval", "for_duration", "keep_firing_for", "recovery", "group_by", "labels"],
            *[
                "severity",
                "minimum",
                "minimum_short",
                "no_data",
                "on_error",
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
        return page_of(request, rows, AlertSerializer, states=Alert.State.values, time="id")
