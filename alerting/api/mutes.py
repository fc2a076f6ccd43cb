"""Silences for programs: made, looked at, extended and ended."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alerting.answers.conflict import Conflict
from alerting.answers.matchers import MatchersField
from alerting.errors import Refused
from alerting.models import Alert, Silence
from alerting.mutes.silences import MAX_COMMENT, create_silence, expire_silence, extend_silence
from alerting.selectors.hidden import active_alerts, hidden_counts, hidden_messages, matching
from lib import clock
from models_registry.authenticate import actor_of, project_of
from models_registry.bodies import refuse_unless_valid
from models_registry.moments import MomentField, RowSerializer
from models_registry.paging import asked_of

MESSAGES_SHOWN = 100
STATES = Silence.State.values
PARAMETERS = [OpenApiParameter("state", str, enum=STATES, description="Only silences in this state.")]


class SilenceRowSerializer(RowSerializer[Silence]):
    """A silence: its `state` now and the number of messages it `held_back`."""

    id = serializers.UUIDField(source="uid", read_only=True)
    matchers = MatchersField()
    owner = serializers.CharField(source="who", read_only=True)
    state = serializers.SerializerMethodField()
    held_back = serializers.SerializerMethodField()

    class Meta:
        """What it means, then what it did."""

        model = Silence
        fields = ["id", "matchers", "starts_at", "ends_at", "owner", "comment", "state", "held_back"]

    def get_state(self, silence: Silence) -> str:
        """`pending`, `active` or `expired`."""
        return silence.state_at(self.context["now"])

    def get_held_back(self, silence: Silence) -> int:
        """Messages that nobody got because of it."""
        found: int = self.context["held_back"].get(silence.pk, 0)
        return found


class NewSilenceSerializer(serializers.Serializer[dict[str, Any]]):
    """A silence to be made: `starts_at` is now where it is missing or past."""

    matchers = MatchersField()
    starts_at = MomentField(required=False)
    ends_at = MomentField()
    comment = serializers.CharField(max_length=MAX_COMMENT, required=False, default="", allow_blank=True)


class EndSerializer(serializers.Serializer[dict[str, Any]]):
    """Another end."""

    ends_at = MomentField()


class AskSerializer(serializers.Serializer[dict[str, Any]]):
    """Matchers whose effect is wanted."""

    matchers = MatchersField()


class HiddenAlertSerializer(serializers.Serializer[dict[str, Any]]):
    """An alert that is, or would be, hidden."""

    rule = serializers.CharField()
    state = serializers.CharField()
    labels = serializers.DictField(child=serializers.CharField())
    incident = serializers.IntegerField(allow_null=True)


class HiddenMessageSerializer(serializers.Serializer[dict[str, Any]]):
    """A message that was held back."""

    at = MomentField()
    incident = serializers.IntegerField(allow_null=True)
    channel = serializers.CharField()
    reason = serializers.CharField()


class SilenceDetailSerializer(SilenceRowSerializer):
    """A silence with the alerts it hides now and the newest messages it held back."""

    hides = HiddenAlertSerializer(many=True, read_only=True)
    messages = HiddenMessageSerializer(many=True, read_only=True)

    class Meta(SilenceRowSerializer.Meta):
        """The lists last."""

        fields = [*SilenceRowSerializer.Meta.fields, "hides", "messages"]


class SilenceListSerializer(serializers.Serializer[dict[str, Any]]):
    """Silences, those that end last first."""

    items = SilenceRowSerializer(many=True)


class PreviewSerializer(serializers.Serializer[dict[str, Any]]):
    """What a silence would hide now."""

    hides = HiddenAlertSerializer(many=True)


class SilencesView(APIView):
    """Silences of the project."""

    read_permission = "alerting.view_silence"
    permission = "alerting.add_silence"

    @extend_schema(
        responses=SilenceListSerializer,
        operation_id="silences",
        parameters=PARAMETERS,
    )
    def get(self, request: Request) -> Response:
        """At most 200, those that end last first."""
        now, state = clock.now(), asked_of(request, PARAMETERS).get("state", "")
        if state and state not in STATES:
            raise ValidationError({"state": f"One of {', '.join(STATES)}."})
        rows = Silence.objects.filter(project=project_of(request)).select_related("owner")
        spans = {
            "pending": rows.filter(starts_at__gt=now),
            "active": rows.filter(starts_at__lte=now, ends_at__gt=now),
            "expired": rows.filter(ends_at__lte=now),
        }
        found = list(spans.get(state, rows)[:200])
        context = {"now": now, "held_back": hidden_counts(found)}
        return Response({"items": SilenceRowSerializer(found, many=True, context=context).data})

    @extend_schema(
        request=NewSilenceSerializer, responses={201: SilenceDetailSerializer}, operation_id="silence_create"
    )
    def post(self, request: Request) -> Response:
        """Make one; it belongs to whoever asks. 409 with the mend where its time makes no sense."""
        given = NewSilenceSerializer(data=request.data)
        refuse_unless_valid(given)
        data, now = dict(given.validated_data), clock.now()
        starts_at = data.pop("starts_at", now)
        try:
            made = create_silence(
                project_of(request), data.pop("matchers"), starts_at=starts_at, owner=actor_of(request), now=now, **data
            )
        except Refused as error:
            raise Conflict(str(error)) from error
        return _detail(made, code=status.HTTP_201_CREATED)


class OneSilenceView(APIView):
    """One silence."""

    read_permission = "alerting.view_silence"
    permission = "alerting.change_silence"

    @extend_schema(responses=SilenceDetailSerializer, operation_id="silence")
    def get(self, request: Request, uid: str) -> Response:
        """The silence, what it hides now and the newest messages it held back."""
        return _detail(_silence(request, uid))

    @extend_schema(request=EndSerializer, responses=SilenceDetailSerializer, operation_id="silence_extend")
    def patch(self, request: Request, uid: str) -> Response:
        """Another end; 409 once it has ended."""
        given = EndSerializer(data=request.data)
        refuse_unless_valid(given)
        try:
            found = extend_silence(_silence(request, uid), ends_at=given.validated_data["ends_at"], now=clock.now())
        except Refused as error:
            raise Conflict(str(error)) from error
        return _detail(found)

    @extend_schema(responses={200: SilenceDetailSerializer}, operation_id="silence_expire")
    def delete(self, request: Request, uid: str) -> Response:
        """End it now; it stays on record. Repeating it changes nothing."""
        return _detail(expire_silence(_silence(request, uid), now=clock.now()))


class SilencePreviewView(APIView):
    """What a silence would hide."""

    permission = "alerting.add_silence"

    @extend_schema(request=AskSerializer, responses=PreviewSerializer, operation_id="silence_preview")
    def post(self, request: Request) -> Response:
        """Alerts that fire or are about to and that these matchers match; nothing is changed."""
        given = AskSerializer(data=request.data)
        refuse_unless_valid(given)
        found = matching(active_alerts(project_of(request)), given.validated_data["matchers"])
        return Response({"hides": _alerts(found)})


def _silence(request: Request, uid: str) -> Silence:
    found = Silence.objects.filter(project=project_of(request), uid=uid).select_related("owner", "project").first()
    if found is None:
        raise NotFound("There is no silence with this id in the project.")
    return found


def _detail(silence: Silence, *, code: int = status.HTTP_200_OK) -> Response:
    messages = hidden_messages(silence)[:MESSAGES_SHOWN]
    row = SilenceRowSerializer(silence, context={"now": clock.now(), "held_back": hidden_counts([silence])}).data
    held: Any = [
        {
            "at": one.created_at,
            "incident": one.incident.number if one.incident else None,
            "channel": one.channel.name,
            "reason": one.reason,
        }
        for one in messages
    ]
    hides = _alerts(matching(active_alerts(silence.project), silence.asked))
    return Response({**row, "hides": hides, "messages": HiddenMessageSerializer(held, many=True).data}, status=code)


def _alerts(alerts: list[Alert]) -> list[dict[str, Any]]:
    return [
        {
            "rule": alert.rule.slug,
            "state": alert.state,
            "labels": alert.wire_labels,
            "incident": alert.incident.number if alert.incident else None,
        }
        for alert in alerts
    ]
