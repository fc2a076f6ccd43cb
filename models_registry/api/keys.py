"""Keys for programs: made and shown once, listed without their secret, revoked."""

from typing import Any, Final

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lib import clock
from models_registry.authenticate import actor_of, project_of
from models_registry.bodies import refuse_any, refuse_unless_valid
from models_registry.keys import create_key, revoke_key
from models_registry.models import ApiKey

SHOWN: Final = 500


class KeySerializer(serializers.ModelSerializer[ApiKey]):
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
    expires_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


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
        asked, now = given.validated_data, clock.real_now()
        if asked["expires_at"] is not None and asked["expires_at"] <= now:
            raise ValidationError({"expires_at": "That is over already; leave it out, or write a time to come."})
        key, token = create_key(project=project_of(request), created_by=actor_of(request), **asked)
        return Response({**KeySerializer(key).data, "key": token}, status=status.HTTP_201_CREATED)


class RevokeKeyView(APIView):
    """The end of a key."""

    write_scope = "admin"
    permission = "models_registry.change_apikey"

    @extend_schema(request=None, responses=KeySerializer, operation_id="key_revoke")
    def post(self, request: Request, prefix: str) -> Response:
        """It opens nothing from now on, in other processes within five seconds; repeating it changes nothing."""
        refuse_any(request)
        rows = ApiKey.objects.filter(project=project_of(request), prefix=prefix)
        key = rows.select_related("created_by").first()
        if key is None:
            raise NotFound("There is no key with this prefix in the project; GET /api/v1/keys lists them.")
        if key.revoked_at is None:
            revoke_key(key, now=clock.real_now())
        return Response(KeySerializer(key).data)
