"""Routes for programs: the tree, and who would be told of an alert."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alerting.models import Channel
from alerting.notify.preview import Preview, Told, preview
from alerting.notify.tree import tree_of
from alerting.routing import Node, Visit, visits
from lib import clock
from models_registry.authenticate import project_of


class EscalationSerializer(serializers.Serializer[dict[str, Any]]):
    """Whom to tell when nobody has acknowledged for so long."""

    after_s = serializers.FloatField()
    channels = serializers.ListField(child=serializers.CharField())


class RouteSerializer(serializers.Serializer[dict[str, Any]]):
    """A route with what it inherits; `depth` 0 is the root, and the order is that of the tree."""

    name = serializers.CharField()
    depth = serializers.IntegerField()
    matchers = serializers.ListField(child=serializers.CharField())
    keep_going = serializers.BooleanField()
    channels = serializers.ListField(child=serializers.CharField())
    group_wait_s = serializers.FloatField()
    group_interval_s = serializers.FloatField()
    repeat_interval_s = serializers.FloatField(allow_null=True)
    steps = EscalationSerializer(many=True)


class RouteListSerializer(serializers.Serializer[dict[str, Any]]):
    """The tree; empty where the project has no routes, and every channel is told at once."""

    items = RouteSerializer(many=True)


class LabelsSerializer(serializers.Serializer[dict[str, Any]]):
    """The labels of an alert, `severity` among them."""

    labels = serializers.DictField(child=serializers.CharField(max_length=4_096, allow_blank=True))


class VisitSerializer(serializers.Serializer[dict[str, Any]]):
    """What became of a route: entered or not, whether it answers, and the matcher that does not match."""

    name = serializers.CharField()
    depth = serializers.IntegerField()
    entered = serializers.BooleanField()
    chosen = serializers.BooleanField()
    failed = serializers.CharField(allow_null=True)


class ToldSerializer(serializers.Serializer[dict[str, Any]]):
    """What a channel would hear: by which route, how long after the alert, or why not."""

    channel = serializers.CharField()
    route = serializers.CharField()
    after_s = serializers.FloatField()
    repeat_s = serializers.FloatField(allow_null=True)
    unacknowledged = serializers.BooleanField()
    told = serializers.BooleanField()
    why_not = serializers.CharField()


class RoutePreviewSerializer(serializers.Serializer[dict[str, Any]]):
    """The walk of the tree, and every channel of the project."""

    routes = VisitSerializer(many=True)
    channels = ToldSerializer(many=True)


class RoutesView(APIView):
    """Routes of the project."""

    read_permission = "alerting.view_route"

    @extend_schema(responses=RouteListSerializer, operation_id="routes")
    def get(self, request: Request) -> Response:
        """The tree, from the root on, with what each branch inherits written out."""
        project = project_of(request)
        tree = tree_of(project.pk)
        names = dict(Channel.objects.filter(project=project).values_list("pk", "name"))
        found = visits(tree, {}) if tree else []
        return Response({"items": [_route(visit.node, visit.depth, names) for visit in found]})


class RoutePreviewView(APIView):
    """Who would be told."""

    permission = "alerting.view_route"
    write_scope = "read"

    @extend_schema(request=LabelsSerializer, responses=RoutePreviewSerializer, operation_id="route_preview")
    def post(self, request: Request) -> Response:
        """Who would be told of an alert with these labels now, and why; writes nothing."""
        given = LabelsSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        return Response(_preview(preview(project_of(request), given.validated_data["labels"], now=clock.now())))


def _route(node: Node, depth: int, names: dict[int, str]) -> dict[str, Any]:
    repeat = node.timing.repeat_interval
    return {
        "name": node.name,
        "depth": depth,
        "matchers": [str(one) for one in node.matchers],
        "keep_going": node.keep_going,
        "channels": [names[key] for key in node.channels if key in names],
        "group_wait_s": node.timing.group_wait.total_seconds(),
        "group_interval_s": node.timing.group_interval.total_seconds(),
        "repeat_interval_s": repeat.total_seconds() if repeat else None,
        "steps": [
            {"after_s": step.after.total_seconds(), "channels": [names[key] for key in step.channels if key in names]}
            for step in node.steps
        ],
    }


def _preview(found: Preview) -> dict[str, Any]:
    return {"routes": [_visit(one) for one in found.visits], "channels": [_told(line) for line in found.lines]}


def _visit(visit: Visit) -> dict[str, Any]:
    return {
        "name": visit.node.name,
        "depth": visit.depth,
        "entered": visit.entered,
        "chosen": visit.chosen,
        "failed": str(visit.failed) if visit.failed else None,
    }


def _told(line: Told) -> dict[str, Any]:
    return {
        "channel": line.channel.name,
        "route": line.route,
        "after_s": line.after.total_seconds(),
        "repeat_s": line.repeat_every.total_seconds() if line.repeat_every else None,
        "unacknowledged": line.unacknowledged,
        "told": line.decision is None,
        "why_not": line.why_not,
    }
