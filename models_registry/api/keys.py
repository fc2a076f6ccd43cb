"""Keys for programs: made and shown once, listed without their secret, renamed, given an end, rotated, revoked."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lib import clock
from lib.problem import Conflict
from models_registry.authenticate import actor_of, project_of
from models_registry.bodies import refuse_any, refuse_unless_valid
from models_registry.confirmed import CONFIRM, remove_asked
from models_registry.keys import change_key, create_key, expiry_problem, is_live, revoke_key, rotate_key
from models_registry.models import ApiKey, User
from models_registry.moments import MomentField, RowSerializer

SHOWN: Final = 500
MOST_OVERLAP_S: Final = 90 * 86_400


class KeySerializer(RowSerializer[ApiKey]):
    """A key without its secret, which nobody can read again; `prefix` is how it begins, after `at_`."""

    scopes = serializers.ListField(child=serializers.ChoiceField(ApiKey.Scope.choices))
    created_by = serializers.SlugRelatedField[Any](slug_field="username", read_only=True, allow_null=True)

    class Meta:
        """Whose it is, what it may do, how long it lives."""

        model = ApiKey
        fields = ["prefix", "name", "scopes", "created_by", "created_at", "last_used_at", "expires_at", "revoked_at"]


class NewKeySerializer(KeySerializer):
    """The key itself, this once."""

    key = serializers.CharField()

    class Meta(KeySerializer.Meta):
        """The secret last."""

        fields = [*KeySerializer.Meta.fields, "key"]


class KeyListSerializer(serializers.Serializer[dict[str, Any]]):
    """Newest first; the latest 500."""

    items = KeySerializer(many=True)


class GivenKeySerializer(serializers.Serializer[dict[str, Any]]):
    """Who will use it, what for, until when."""

    name = serializers.CharField(max_length=120)
    scopes = serializers.ListField(child=serializers.ChoiceField(ApiKey.Scope.choices), allow_empty=False)
    expires_at = MomentField(required=False, allow_null=True, default=None)


class KeyChangeSerializer(serializers.Serializer[dict[str, Any]]):
    """What may change of a key."""

    name = serializers.CharField(max_length=120, required=False)
    expires_at = MomentField(required=False, allow_null=True)


class RotationSerializer(serializers.Serializer[dict[str, Any]]):
    """How long both keys open, a day unless told; and when the new one ends."""

    overlap_s = serializers.FloatField(min_value=0, max_value=MOST_OVERLAP_S, required=False, default=86_400)
    expires_at = MomentField(required=False, allow_null=True, default=None)


class KeysView(APIView):
    """Keys of the project."""

    scope = write_scope = "admin"
    read_permission = "models_registry.view_apikey"
    permission = "models_registry.add_apikey"

    @extend_schema(responses=KeyListSerializer, operation_id="keys")
    def get(self, request: Request) -> Response:
        """Every key, revoked ones too."""
        keys = ApiKey.objects.filter(project=project_of(request)).select_related("created_by")[:SHOWN]
        return Response({"items": KeySerializer(keys, many=True).data})

    @extend_schema(request=GivenKeySerializer, responses={201: NewKeySerializer}, operation_id="key_create")
    def post(self, request: Request) -> Response:
        """Make one; `key` is in this answer and nowhere else."""
        given = GivenKeySerializer(data=request.data)
        refuse_unless_valid(given)
        _refuse_ended(given.validated_data)
        key, token = create_key(project=project_of(request), created_by=actor_of(request), **given.validated_data)
        return Response({**KeySerializer(key).data, "key": token}, status=status.HTTP_201_CREATED)


class OneKeyView(APIView):
    """One key."""

    scope = write_scope = "admin"
    read_permission = "models_registry.view_apikey"
    permission = "models_registry.change_apikey"
    delete_permission = "models_registry.delete_apikey"

    @extend_schema(responses=KeySerializer, operation_id="key")
    def get(self, request: Request, prefix: str) -> Response:
        """What it may do, since when, until when; never its secret."""
        return Response(KeySerializer(_key(request, prefix)).data)

    @extend_schema(request=KeyChangeSerializer, responses=KeySerializer, operation_id="key_change")
    def patch(self, request: Request, prefix: str) -> Response:
        """Another name, another end (null: none), in other processes within five seconds; what it may do stays as it was made."""
        given = KeyChangeSerializer(data=request.data, partial=True)
        refuse_unless_valid(given)
        _refuse_ended(given.validated_data)
        key = _key(request, prefix)
        change_key(key, given.validated_data)
        return Response(KeySerializer(key).data)

    @extend_schema(responses={204: None}, operation_id="key_remove", parameters=[CONFIRM])
    def delete(self, request: Request, prefix: str) -> Response:
        """Take one that has ended off the list; 409 while it opens anything. What it did stays under the name of who answers for it."""
        key = _key(request, prefix)
        if is_live(key, clock.real_now()):
            raise Conflict("This key still opens its project; POST /api/v1/keys/{prefix}/revoke ends it first.")
        remove_asked(request, key, key=prefix)
        return Response(status=status.HTTP_204_NO_CONTENT)


class RotateKeyView(APIView):
    """Another secret."""

    write_scope = "admin"
    permission = "models_registry.add_apikey"

    @extend_schema(request=RotationSerializer, responses={201: NewKeySerializer}, operation_id="key_rotate")
    def post(self, request: Request, prefix: str) -> Response:
        """Make a key like this one, which ends after the overlap; `key` is in this answer and nowhere else. 409 for one that has ended."""
        if isinstance(request.user, User) and not request.user.has_perm("models_registry.change_apikey"):
            raise PermissionDenied("This gives the old key an end, and you may not change keys; ask an administrator.")
        given = RotationSerializer(data=request.data)
        refuse_unless_valid(given)
        _refuse_ended(given.validated_data)
        key, now = _key(request, prefix), clock.real_now()
        if not is_live(key, now):
            raise Conflict("This key has ended; make a new one.")
        overlap, expires_at = timedelta(seconds=given.validated_data["overlap_s"]), given.validated_data["expires_at"]
        made, token = rotate_key(key, overlap=overlap, now=now, created_by=actor_of(request), expires_at=expires_at)
        return Response({**KeySerializer(made).data, "key": token}, status=status.HTTP_201_CREATED)


class RevokeKeyView(APIView):
    """The end of a key."""

    write_scope = "admin"
    permission = "models_registry.change_apikey"

    @extend_schema(request=None, responses=KeySerializer, operation_id="key_revoke")
    def post(self, request: Request, prefix: str) -> Response:
        """It opens nothing from now on, in other processes within five seconds; repeating it changes nothing."""
        refuse_any(request)
        key = _key(request, prefix)
        if key.revoked_at is None:
            revoke_key(key, now=clock.real_now())
        return Response(KeySerializer(key).data)


def _key(request: Request, prefix: str) -> ApiKey:
    rows = ApiKey.objects.filter(project=project_of(request), prefix=prefix)
    found = rows.select_related("project", "created_by").first()
    if found is None:
        raise NotFound("There is no key with this prefix in the project; GET /api/v1/keys lists them.")
    return found


def _refuse_ended(given: Mapping[str, Any]) -> None:
    if problem := expiry_problem(given.get("expires_at"), now=clock.real_now()):
        raise ValidationError({"expires_at": problem})
