"""Channels and what went through them, for programs: how each is doing, a test, the log, another round."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alerting.channels import channel_kind
from alerting.channels.base import ChannelError
from alerting.models import Channel, Notification
from alerting.notify.log import FilterError, log_rows, read_filter, what_became
from alerting.notify.requeue import requeue
from alerting.notify.test import send_test
from lib import clock
from lib.pages import MAX_LIMIT
from lib.problem import Conflict
from lib.vault import seal
from models_registry.authenticate import actor_of, project_of
from models_registry.bodies import refuse_any, refuse_unless_valid
from models_registry.moments import RowSerializer
from models_registry.paging import asked_of, asked_page

LOG_PARAMETERS = [
    OpenApiParameter("state", str, enum=Notification.State.values, description="Only messages in this state."),
    OpenApiParameter("reason", str, enum=Notification.Reason.values, description="Only messages of this reason."),
    OpenApiParameter("channel", int, description="Only messages of the channel with this id."),
    OpenApiParameter("incident", str, description="Only messages about the incident with this number."),
    OpenApiParameter("limit", int, description=f"1 to {MAX_LIMIT}."),
    OpenApiParameter("cursor", str, description="`next` of the page before."),
]


class ChannelSerializer(RowSerializer[Channel]):
    """A channel and how it is doing; its secret is never shown."""

    has_secret = serializers.SerializerMethodField()

    class Meta:
        """Definition, then health."""

        model = Channel
        fields = [
            *["id", "name", "kind", "target", "has_secret", "minimum_severity", "enabled"],
            *["failures", "last_error", "last_ok_at", "paused_until"],
        ]

    def get_has_secret(self, channel: Channel) -> bool:
        """Whether there is one; never which."""
        return bool(channel.secret)


class SecretSerializer(serializers.Serializer[dict[str, Any]]):
    """A signing secret, a token or an address with one in it, as the kind of channel has it."""

    secret = serializers.CharField(max_length=2_000, write_only=True)


class ChannelListSerializer(serializers.Serializer[dict[str, Any]]):
    """All channels of the project."""

    items = ChannelSerializer(many=True)


class NotificationSerializer(RowSerializer[Notification]):
    """One message: `id` is what the receiver sees as its id; `told` says what became of it, empty where it simply arrived."""

    id = serializers.UUIDField(source="uid")
    channel = serializers.SlugRelatedField[Any](slug_field="name", read_only=True)
    route = serializers.SlugRelatedField[Any](slug_field="name", read_only=True, allow_null=True)
    incident = serializers.SlugRelatedField[Any](slug_field="number", read_only=True, allow_null=True)
    told = serializers.SerializerMethodField()

    class Meta:
        """Identity, state, times."""

        model = Notification
        fields = [
            *["id", "incident", "channel", "route", "reason", "state", "decision", "told"],
            *["attempts", "last_error", "created_at", "due_at", "sent_at"],
        ]

    def get_told(self, row: Notification) -> str:
        """Why it was not sent, or what it waits for."""
        return what_became(row, now=self.context["now"])


class NotificationPageSerializer(serializers.Serializer[dict[str, Any]]):
    """A page of the log."""

    items = NotificationSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class QueuedAgainSerializer(serializers.Serializer[dict[str, Any]]):
    """How many messages got another round."""

    queued = serializers.IntegerField()


class ChannelsView(APIView):
    """Channels of the project."""

    read_permission = "alerting.view_channel"

    @extend_schema(responses=ChannelListSerializer, operation_id="channels")
    def get(self, request: Request) -> Response:
        """Every channel, by name, and how it is doing."""
        rows = Channel.objects.filter(project=project_of(request))
        return Response({"items": ChannelSerializer(rows, many=True).data})


class ChannelTestView(APIView):
    """The test button."""

    permission = "alerting.change_channel"
    write_scope = "admin"

    @extend_schema(request=None, responses=NotificationSerializer, operation_id="channel_test")
    def post(self, request: Request, number: int) -> Response:
        """Send one real message now; `state` is sent or dead, and then `last_error` says why."""
        refuse_any(request)
        channel = _channel(request, number)
        now = clock.now()
        row = send_test(channel, by=actor_of(request), now=now)
        return Response(NotificationSerializer(row, context={"now": now}).data)


class ChannelSecretView(APIView):
    """What a channel signs or logs in with: written, never read back."""

    permission = "alerting.change_channel"
    write_scope = "admin"

    @extend_schema(request=SecretSerializer, responses=ChannelSerializer, operation_id="channel_secret")
    def put(self, request: Request, number: int) -> Response:
        """Set it; 400 with the mend where no channel of this kind could have it."""
        given = SecretSerializer(data=request.data)
        refuse_unless_valid(given)
        channel, secret = _channel(request, number), given.validated_data["secret"]
        try:
            channel_kind(channel.kind).check(target=channel.target, secret=secret)
        except ChannelError as error:
            raise ValidationError({"secret": str(error)}) from error
        channel.secret = seal(secret)
        channel.save(update_fields=["secret"])
        return Response(ChannelSerializer(channel).data)


class ChannelRequeueView(APIView):
    """Another round for what was given up."""

    permission = "alerting.change_incident"

    @extend_schema(request=None, responses=QueuedAgainSerializer, operation_id="channel_requeue")
    def post(self, request: Request, number: int) -> Response:
        """Queue again every message of the channel that was given up, once its receiver is mended."""
        refuse_any(request)
        rows = Notification.objects.filter(channel=_channel(request, number), state=Notification.State.DEAD)
        waiting = rows.select_related("incident", "channel").order_by("id")
        return Response({"queued": requeue(waiting, by=actor_of(request), now=clock.now())})


class NotificationsView(APIView):
    """The log of messages."""

    read_permission = "alerting.view_notification"

    @extend_schema(responses=NotificationPageSerializer, operation_id="notifications", parameters=LOG_PARAMETERS)
    def get(self, request: Request) -> Response:
        """One page, newest first: sent, waiting, given up, and not sent with the reason."""
        params = asked_of(request, LOG_PARAMETERS)
        try:
            rows = log_rows(project_of(request), read_filter(params))
        except FilterError as error:
            raise ValidationError({error.field: str(error)}) from error
        page = asked_page(params, rows, time="id")
        items = NotificationSerializer(page.items, many=True, context={"now": clock.now()}).data
        return Response({"items": items, "next": page.next})


class NotificationView(APIView):
    """One message."""

    read_permission = "alerting.view_notification"

    @extend_schema(responses=NotificationSerializer, operation_id="notification")
    def get(self, request: Request, uid: UUID) -> Response:
        """What became of it."""
        return Response(_told(_notification(request, uid)))


class NotificationRequeueView(APIView):
    """Another round for one that was given up."""

    permission = "alerting.change_incident"

    @extend_schema(request=None, responses=NotificationSerializer, operation_id="notification_requeue")
    def post(self, request: Request, uid: UUID) -> Response:
        """Queue it again, with the same id; 409 unless it was given up and is about an incident."""
        refuse_any(request)
        row = _notification(request, uid)
        if not requeue([row], by=actor_of(request), now=clock.now()):
            message = (
                "Only what was given up about an incident gets another round; the channel's test sends a test again."
            )
            raise Conflict(message)
        return Response(_told(_notification(request, uid)))


def _notification(request: Request, uid: UUID) -> Notification:
    rows = Notification.objects.filter(channel__project=project_of(request), uid=uid)
    found = rows.select_related("channel", "route", "incident").first()
    if found is None:
        raise NotFound("There is no message with this id in the project; GET /api/v1/notifications lists them.")
    return found


def _told(row: Notification) -> dict[str, Any]:
    return dict(NotificationSerializer(row, context={"now": clock.now()}).data)


def _channel(request: Request, number: int) -> Channel:
    found = Channel.objects.filter(project=project_of(request), pk=number).first()
    if found is None:
        raise NotFound("There is no channel with this id in the project.")
    return found
