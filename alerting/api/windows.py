"""Maintenance windows and inhibitions for programs: what keeps alerts quiet again and again, checked as the forms check it."""

from typing import Any

from django.db import IntegrityError, transaction
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alerting.answers.matchers import MatchersField
from alerting.labels.matchers import Matcher, to_json
from alerting.labels.validators import check_label_names
from alerting.models import Inhibition, Maintenance
from alerting.models.mutes import check_days
from lib import clock
from lib.problem import Conflict
from models_registry.authenticate import project_of
from models_registry.bodies import ClockField, refuse_unless_valid
from models_registry.moments import RowSerializer
from monitoring.stats.recurrence import openings


class MaintenanceSerializer(RowSerializer[Maintenance]):
    """A window that comes again, with its next three openings; `days` count from Monday, which is 0."""

    matchers = MatchersField()
    days = serializers.ListField(child=serializers.IntegerField(), required=False, validators=[check_days])
    start = ClockField(required=False)
    end = ClockField(required=False)
    next = serializers.SerializerMethodField()

    class Meta:
        """What, when, who."""

        model = Maintenance
        fields = ["id", "name", "matchers", "days", "start", "end", "time_zone", "owner", "enabled", "next"]

    def validate_matchers(self, given: list[Matcher]) -> list[dict[str, Any]]:
        """As stored."""
        return to_json(given)

    def get_next(self, window: Maintenance) -> list[list[str]]:
        """Pairs of beginning and end, the one that is open now among them."""
        found = openings(window.weekly, after=self.context["now"], count=3) if window.enabled else []
        return [[start.isoformat(), end.isoformat()] for start, end in found]


class MaintenanceListSerializer(serializers.Serializer[dict[str, Any]]):
    """All windows."""

    items = MaintenanceSerializer(many=True)


class InhibitionSerializer(RowSerializer[Inhibition]):
    """While `source` fires, `target` stays quiet, if the labels `equal` are."""

    source = MatchersField()  # type: ignore[assignment]  # a field of ours, not the option of a field
    target = MatchersField()
    equal = serializers.ListField(child=serializers.CharField(), required=False, validators=[check_label_names])

    class Meta:
        """Everything."""

        model = Inhibition
        fields = ["id", "name", "source", "target", "equal", "enabled"]

    def validate_source(self, given: list[Matcher]) -> list[dict[str, Any]]:
        """As stored."""
        return to_json(given)

    def validate_target(self, given: list[Matcher]) -> list[dict[str, Any]]:
        """As stored."""
        return to_json(given)


class InhibitionListSerializer(serializers.Serializer[dict[str, Any]]):
    """All inhibitions."""

    items = InhibitionSerializer(many=True)


class MaintenancesView(APIView):
    """Maintenance windows of the project."""

    read_permission = "alerting.view_maintenance"
    permission = "alerting.add_maintenance"
    write_scope = "admin"

    @extend_schema(responses=MaintenanceListSerializer, operation_id="maintenances")
    def get(self, request: Request) -> Response:
        """All of them, with their next openings."""
        rows = Maintenance.objects.filter(project=project_of(request))
        return Response({"items": MaintenanceSerializer(rows, many=True, context={"now": clock.now()}).data})

    @extend_schema(
        request=MaintenanceSerializer, responses={201: MaintenanceSerializer}, operation_id="maintenance_create"
    )
    def post(self, request: Request) -> Response:
        """Keep matching alerts quiet whenever it is open; 409 where the name is taken."""
        form = MaintenanceSerializer(data=request.data, context={"now": clock.now()})
        return Response(_saved(form, project=project_of(request)), status=status.HTTP_201_CREATED)


class MaintenanceView(APIView):
    """One maintenance window."""

    read_permission = "alerting.view_maintenance"
    permission = "alerting.change_maintenance"
    delete_permission = "alerting.delete_maintenance"
    write_scope = "admin"

    @extend_schema(responses=MaintenanceSerializer, operation_id="maintenance")
    def get(self, request: Request, number: int) -> Response:
        """With its next openings."""
        return Response(MaintenanceSerializer(_window(request, number), context={"now": clock.now()}).data)

    @extend_schema(
        request=MaintenanceSerializer(partial=True), responses=MaintenanceSerializer, operation_id="maintenance_change"
    )
    def patch(self, request: Request, number: int) -> Response:
        """Change what is given; what is left out stays."""
        row = _window(request, number)
        return Response(
            _saved(MaintenanceSerializer(row, data=request.data, partial=True, context={"now": clock.now()}))
        )

    @extend_schema(responses={204: None}, operation_id="maintenance_remove")
    def delete(self, request: Request, number: int) -> Response:
        """It opens no more."""
        _window(request, number).delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


class InhibitionsView(APIView):
    """Inhibitions of the project."""

    read_permission = "alerting.view_inhibition"
    permission = "alerting.add_inhibition"
    write_scope = "admin"

    @extend_schema(responses=InhibitionListSerializer, operation_id="inhibitions")
    def get(self, request: Request) -> Response:
        """All of them."""
        rows = Inhibition.objects.filter(project=project_of(request))
        return Response({"items": InhibitionSerializer(rows, many=True).data})

    @extend_schema(
        request=InhibitionSerializer, responses={201: InhibitionSerializer}, operation_id="inhibition_create"
    )
    def post(self, request: Request) -> Response:
        """Keep alerts quiet while another explains them; 409 where the name is taken."""
        form = InhibitionSerializer(data=request.data)
        return Response(_saved(form, project=project_of(request)), status=status.HTTP_201_CREATED)


class InhibitionView(APIView):
    """One inhibition."""

    read_permission = "alerting.view_inhibition"
    permission = "alerting.change_inhibition"
    delete_permission = "alerting.delete_inhibition"
    write_scope = "admin"

    @extend_schema(responses=InhibitionSerializer, operation_id="inhibition")
    def get(self, request: Request, number: int) -> Response:
        """What explains what."""
        return Response(InhibitionSerializer(_inhibition(request, number)).data)

    @extend_schema(
        request=InhibitionSerializer(partial=True), responses=InhibitionSerializer, operation_id="inhibition_change"
    )
    def patch(self, request: Request, number: int) -> Response:
        """Change what is given; what is left out stays."""
        row = _inhibition(request, number)
        return Response(_saved(InhibitionSerializer(row, data=request.data, partial=True)))

    @extend_schema(responses={204: None}, operation_id="inhibition_remove")
    def delete(self, request: Request, number: int) -> Response:
        """What it kept quiet is told again."""
        _inhibition(request, number).delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


def _window(request: Request, number: int) -> Maintenance:
    found = Maintenance.objects.filter(project=project_of(request), pk=number).first()
    if found is None:
        raise NotFound("There is no maintenance window with this id; GET /api/v1/maintenance-windows lists them.")
    return found


def _inhibition(request: Request, number: int) -> Inhibition:
    found = Inhibition.objects.filter(project=project_of(request), pk=number).first()
    if found is None:
        raise NotFound("There is no inhibition with this id in the project; GET /api/v1/inhibitions lists them.")
    return found


def _saved(form: RowSerializer[Any], **more: Any) -> Any:
    """What became of it; 400 for what the form refuses, 409 for a name that is taken."""
    refuse_unless_valid(form)
    try:
        with transaction.atomic():
            form.save(**more)
    except IntegrityError as error:
        message = "The project has one of this name already."
        raise Conflict(message) from error
    return form.data
