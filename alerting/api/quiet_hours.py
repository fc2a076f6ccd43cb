"""Quiet hours for programs: when a channel, or every channel of a person, is left alone."""

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alerting.models import Channel, QuietHours
from alerting.models.routes import check_days, check_zone, free_name
from lib.problem import Conflict
from models_registry.authenticate import project_of
from models_registry.bodies import ClockField, refuse_unless_valid
from models_registry.models import User
from models_registry.moments import RowSerializer

CLOCK = "%H:%M"


class ChannelByName(serializers.SlugRelatedField[Channel]):
    """A channel of the project that is asked."""

    def get_queryset(self) -> QuerySet[Channel]:
        """Of no other project."""
        return Channel.objects.filter(project=self.context.get("project"))


class QuietHoursSerializer(RowSerializer[QuietHours]):
    """Of one `channel` (by name) or one `person` (by user name); `days` count from Monday, which is 0."""

    name = serializers.CharField(
        max_length=120, required=False, help_text="Once per project; without it, whose they are and when they begin."
    )
    channel = ChannelByName(slug_field="name", required=False, allow_null=True)
    person = serializers.SlugRelatedField(
        slug_field="username", queryset=User.objects.filter(is_active=True), required=False, allow_null=True
    )
    starts = ClockField(format=CLOCK)
    ends = ClockField(format=CLOCK)
    days = serializers.ListField(child=serializers.IntegerField(), required=False, validators=[check_days])
    zone = serializers.CharField(max_length=64, validators=[check_zone])

    class Meta:
        """Everything a person decides."""

        model = QuietHours
        fields = ["id", "name", "channel", "person", "starts", "ends", "days", "zone", "pages_pass"]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Exactly one of channel and person, after the change."""
        names = ("channel", "person")
        channel, person = (attrs.get(name, getattr(self.instance, name, None)) for name in names)
        if (channel is None) == (person is None):
            raise ValidationError("Name a channel or a person, and not both; null takes one away.")
        return attrs


class QuietHoursListSerializer(serializers.Serializer[dict[str, Any]]):
    """All of the project."""

    items = QuietHoursSerializer(many=True)


class QuietHoursView(APIView):
    """Quiet hours of the project."""

    read_permission = "alerting.view_quiethours"
    permission = "alerting.add_quiethours"
    write_scope = "admin"

    @extend_schema(responses=QuietHoursListSerializer, operation_id="quiet_hours")
    def get(self, request: Request) -> Response:
        """Of every channel and person."""
        rows = QuietHours.objects.filter(project=project_of(request)).select_related("channel", "person")
        return Response({"items": QuietHoursSerializer(rows, many=True).data})

    @extend_schema(
        request=QuietHoursSerializer, responses={201: QuietHoursSerializer}, operation_id="quiet_hours_create"
    )
    def post(self, request: Request) -> Response:
        """Leave somebody alone at these hours; 409 where the name is taken."""
        project = project_of(request)
        form = QuietHoursSerializer(data=request.data, context={"project": project})
        refuse_unless_valid(form)
        given = form.validated_data
        whose = given.get("channel") or given["person"]
        _save(form, project=project, name=given.get("name") or free_name(project, str(whose), given["starts"]))
        return Response(form.data, status=status.HTTP_201_CREATED)


class OneQuietHoursView(APIView):
    """Quiet hours of one channel or person."""

    read_permission = "alerting.view_quiethours"
    permission = "alerting.change_quiethours"
    delete_permission = "alerting.delete_quiethours"
    write_scope = "admin"

    @extend_schema(responses=QuietHoursSerializer, operation_id="one_quiet_hours")
    def get(self, request: Request, number: int) -> Response:
        """Whose, when and where."""
        return Response(QuietHoursSerializer(_row(request, number)).data)

    @extend_schema(
        request=QuietHoursSerializer(partial=True), responses=QuietHoursSerializer, operation_id="quiet_hours_change"
    )
    def patch(self, request: Request, number: int) -> Response:
        """Change what is given; what is left out stays."""
        row = _row(request, number)
        form = QuietHoursSerializer(row, data=request.data, partial=True, context={"project": row.project})
        refuse_unless_valid(form)
        _save(form)
        return Response(form.data)

    @extend_schema(responses={204: None}, operation_id="quiet_hours_remove")
    def delete(self, request: Request, number: int) -> Response:
        """They are told at any hour again."""
        _row(request, number).delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


def _save(form: QuietHoursSerializer, **more: Any) -> None:
    try:
        with transaction.atomic():
            form.save(**more)
    except IntegrityError as error:
        message = "The project has quiet hours of this name already."
        raise Conflict(message) from error


def _row(request: Request, number: int) -> QuietHours:
    rows = QuietHours.objects.filter(project=project_of(request), pk=number)
    found = rows.select_related("channel", "person", "project").first()
    if found is None:
        raise NotFound("There are no quiet hours with this id in the project; GET /api/v1/quiet-hours lists them.")
    return found
