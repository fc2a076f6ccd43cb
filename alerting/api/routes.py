"""Routes for programs: the tree and its branches, and who would be told of an alert."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

from django.db import IntegrityError
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alerting.answers.conflict import Conflict
from alerting.errors import Refused
from alerting.labels.matchers import MatcherError, parse_lines, to_json
from alerting.labels.validators import sentence
from alerting.models import Channel, Route
from alerting.notify.preview import Preview, Told, preview
from alerting.notify.tree import tree_of
from alerting.routes.branches import Steps, remove_branch, save_branch
from alerting.routes.tree import Node, Visit, visits
from alerting.validate import route_problems
from lib import clock
from models_registry.authenticate import project_of
from models_registry.bodies import refuse_unless_valid
from models_registry.models import LONGEST, Project

MOST_S: Final = LONGEST.total_seconds()
TIMES: Final = ("group_wait", "group_interval", "repeat_interval")


class EscalationSerializer(serializers.Serializer[dict[str, Any]]):
    """Whom to tell when nobody has acknowledged for so long."""

    after_s = serializers.FloatField()
    channels = serializers.ListField(child=serializers.CharField())


class RouteSerializer(serializers.Serializer[dict[str, Any]]):
    """A route with what it inherits; `depth` 0 is the root, and the order is that of the tree."""

    id = serializers.IntegerField()
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


class GivenStepSerializer(serializers.Serializer[dict[str, Any]]):
    """Channels by name, told when nobody has acknowledged for so long."""

    after_s = serializers.FloatField(min_value=1, max_value=MOST_S)
    channels = serializers.ListField(child=serializers.CharField(), allow_empty=False)


class GivenRouteSerializer(serializers.Serializer[dict[str, Any]]):
    """A branch as it is defined; null of a time is that of the route above. `parent` null makes the root."""

    name = serializers.CharField(max_length=120)
    position = serializers.IntegerField(min_value=0, max_value=32_767, required=False)
    matchers = serializers.ListField(child=serializers.CharField(max_length=4_096), required=False)
    keep_going = serializers.BooleanField(required=False)
    channels = serializers.ListField(child=serializers.CharField(), required=False, help_text="By name.")
    group_wait_s = serializers.FloatField(min_value=0, max_value=MOST_S, allow_null=True, required=False)
    group_interval_s = serializers.FloatField(min_value=0, max_value=MOST_S, allow_null=True, required=False)
    repeat_interval_s = serializers.FloatField(min_value=0, max_value=MOST_S, allow_null=True, required=False)
    steps = GivenStepSerializer(many=True, required=False)

    def get_fields(self) -> dict[str, Any]:
        """`parent` is a word of serializers."""
        parent = serializers.CharField(allow_null=True, required=False, help_text="The name of the route above.")
        return {**super().get_fields(), "parent": parent}


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
    permission = "alerting.add_route"
    write_scope = "admin"

    @extend_schema(responses=RouteListSerializer, operation_id="routes")
    def get(self, request: Request) -> Response:
        """The tree, from the root on, with what each branch inherits written out."""
        return Response({"items": _tree(project_of(request))})

    @extend_schema(request=GivenRouteSerializer, responses={201: RouteSerializer}, operation_id="route_create")
    def post(self, request: Request) -> Response:
        """Put a branch into the tree; without `parent` it is the root."""
        given = GivenRouteSerializer(data=request.data)
        refuse_unless_valid(given)
        project = project_of(request)
        return _saved(Route(project=project), given.validated_data, code=status.HTTP_201_CREATED)


class OneRouteView(APIView):
    """One branch."""

    read_permission = "alerting.view_route"
    permission = "alerting.change_route"
    delete_permission = "alerting.delete_route"
    write_scope = "admin"

    @extend_schema(responses=RouteSerializer, operation_id="route")
    def get(self, request: Request, number: int) -> Response:
        """With what it inherits."""
        return Response(_one(_route_of(request, number)))

    @extend_schema(request=GivenRouteSerializer(partial=True), responses=RouteSerializer, operation_id="route_change")
    def patch(self, request: Request, number: int) -> Response:
        """Change what is given; what is left out stays."""
        given = GivenRouteSerializer(data=request.data, partial=True)
        refuse_unless_valid(given)
        return _saved(_route_of(request, number), given.validated_data)

    @extend_schema(responses={204: None}, operation_id="route_remove")
    def delete(self, request: Request, number: int) -> Response:
        """Take it out of the tree; 409 while others stand under it."""
        try:
            remove_branch(_route_of(request, number))
        except Refused as error:
            raise Conflict(str(error)) from error
        return Response(status=status.HTTP_204_NO_CONTENT)


class RoutePreviewView(APIView):
    """Who would be told."""

    permission = "alerting.view_route"
    write_scope = "read"

    @extend_schema(request=LabelsSerializer, responses=RoutePreviewSerializer, operation_id="route_preview")
    def post(self, request: Request) -> Response:
        """Who would be told of an alert with these labels now, and why; writes nothing."""
        given = LabelsSerializer(data=request.data)
        refuse_unless_valid(given)
        return Response(_preview(preview(project_of(request), given.validated_data["labels"], now=clock.now())))


def _route_of(request: Request, number: int) -> Route:
    found = Route.objects.filter(project=project_of(request), pk=number).select_related("project", "parent").first()
    if found is None:
        raise NotFound("There is no route with this id in the project; GET /api/v1/routes lists them.")
    return found


def _saved(route: Route, given: dict[str, Any], *, code: int = status.HTTP_200_OK) -> Response:
    """Checked as the form checks it, and told as the tree has it."""
    project = route.project
    values: dict[str, Any] = {name: given[name] for name in ("name", "position", "keep_going") if name in given}
    values |= {name: _time(given[f"{name}_s"]) for name in TIMES if f"{name}_s" in given}
    if "parent" in given:
        values["parent"] = _parent(project, given["parent"])
    if "matchers" in given:
        values["matchers"] = _matchers(given["matchers"])
    channels = _channels(project, given["channels"], "channels") if "channels" in given else None
    wanted = {"project": project, "parent": route.parent, "matchers": route.matchers, **values, "channels": channels}
    if problems := route_problems(route.pk, wanted):
        raise ValidationError({f"{name}_s" if name in TIMES else name: told for name, told in problems.items()})
    try:
        save_branch(
            route, values, channels=channels, steps=_steps(project, given["steps"]) if "steps" in given else None
        )
    except IntegrityError as error:
        message = "The project has a route of this name, or a root, already."
        raise Conflict(message) from error
    return Response(_one(route), status=code)


def _time(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)


def _parent(project: Project, name: str | None) -> Route | None:
    if name is None:
        return None
    found = Route.objects.filter(project=project, name=name).first()
    if found is None:
        raise ValidationError({"parent": f"There is no route {name} in the project."})
    return found


def _matchers(texts: Iterable[str]) -> list[dict[str, Any]]:
    try:
        return to_json(parse_lines("\n".join(texts)))
    except MatcherError as error:
        raise ValidationError({"matchers": sentence(error)}) from error


def _channels(project: Project, names: Iterable[str], field: str) -> list[Channel]:
    wanted = dict.fromkeys(names)
    found = {channel.name: channel for channel in Channel.objects.filter(project=project, name__in=wanted)}
    if unknown := [name for name in wanted if name not in found]:
        raise ValidationError({field: f"The project has no such channels: {', '.join(unknown)}."})
    return [found[name] for name in wanted]


def _steps(project: Project, given: Iterable[dict[str, Any]]) -> Steps:
    steps = {timedelta(seconds=one["after_s"]): _channels(project, one["channels"], "steps") for one in given}
    if len(steps) != len(list(given)):
        raise ValidationError({"steps": "Two steps have the same `after_s`; name all of their channels in one."})
    return steps


def _tree(project: Project) -> list[dict[str, Any]]:
    tree = tree_of(project.pk)
    names = dict(Channel.objects.filter(project=project).values_list("pk", "name"))
    return [_route(visit.node, visit.depth, names) for visit in (visits(tree, {}) if tree else [])]


def _one(route: Route) -> dict[str, Any]:
    return next(one for one in _tree(route.project) if one["id"] == route.pk)


def _route(node: Node, depth: int, names: dict[int, str]) -> dict[str, Any]:
    repeat = node.timing.repeat_interval
    return {
        "id": node.key,
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
