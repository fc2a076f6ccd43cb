"""`/api/v1/groups`: what the members of a group may do, and `/api/v1/permissions`: what there is to allow."""

from typing import Any, Final

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError as Invalid
from django.db import IntegrityError, transaction
from django.db.models import Count, Prefetch, QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lib.problem import Conflict
from models_registry.authenticate import actor_of
from models_registry.bodies import refuse_unless_valid
from models_registry.confirmed import CONFIRM, remove_asked
from models_registry.moments import RowSerializer
from models_registry.people import AboveError, may_touch, named_permissions, permissions, save_group, written

NAME: Final = OpenApiParameter("name", str, OpenApiParameter.PATH, description="May hold slashes.")


class RoleSerializer(RowSerializer[Group]):
    """A group, how many `members` it has, and what they may do."""

    permissions = serializers.SerializerMethodField()
    members = serializers.IntegerField()

    class Meta:
        """By name."""

        model = Group
        fields = ["name", "members", "permissions"]

    def get_permissions(self, group: Group) -> list[str]:
        """As code and files name them."""
        return [written(one) for one in group.permissions.all()]


class RoleListSerializer(serializers.Serializer[dict[str, Any]]):
    """All of them; groups are few."""

    items = RoleSerializer(many=True)


class RoleChangeSerializer(serializers.Serializer[dict[str, Any]]):
    """Another name; `permissions` are all that it has then, not what is added."""

    name = serializers.CharField(max_length=150, required=False)
    permissions = serializers.ListField(child=serializers.CharField(max_length=255), required=False, max_length=1_000)


class GivenRoleSerializer(RoleChangeSerializer):
    """A new one."""

    name = serializers.CharField(max_length=150)


class PermissionSerializer(serializers.Serializer[dict[str, Any]]):
    """Something that may be allowed, as code names it and in words."""

    permission = serializers.CharField()
    name = serializers.CharField()


class PermissionListSerializer(serializers.Serializer[dict[str, Any]]):
    """All of them."""

    items = PermissionSerializer(many=True)


class OfGroups(APIView):
    """Groups are of the whole installation: no key reads or writes them."""

    people_only = True
    read_permission = "auth.view_group"

    def handle_exception(self, exc: Exception) -> Any:
        """What is above the one who asks is not allowed."""
        if isinstance(exc, AboveError):
            return super().handle_exception(PermissionDenied(str(exc)))
        if isinstance(exc, Invalid):
            return super().handle_exception(ValidationError(exc.message_dict))
        if isinstance(exc, IntegrityError):
            return super().handle_exception(Conflict("Somebody else took this name just now; choose another one."))
        return super().handle_exception(exc)


class GroupsView(OfGroups):
    """Groups."""

    permission = "auth.add_group"

    @extend_schema(responses=RoleListSerializer, operation_id="groups")
    def get(self, request: Request) -> Response:
        """Every group, by name."""
        return Response({"items": RoleSerializer(_groups(), many=True).data})

    @extend_schema(request=GivenRoleSerializer, responses={201: RoleSerializer}, operation_id="group_create")
    def post(self, request: Request) -> Response:
        """Make one; it may do nothing that the one who asks may not."""
        given = GivenRoleSerializer(data=request.data)
        refuse_unless_valid(given)
        made = save_group(Group(), _values(given.validated_data), by=actor_of(request))
        return Response(RoleSerializer(_group(made.name)).data, status=status.HTTP_201_CREATED)


class GroupView(OfGroups):
    """One group."""

    permission = "auth.change_group"
    delete_permission = "auth.delete_group"

    @extend_schema(responses=RoleSerializer, operation_id="group", parameters=[NAME])
    def get(self, request: Request, name: str) -> Response:
        """What its members may do."""
        return Response(RoleSerializer(_group(name)).data)

    @extend_schema(
        request=RoleChangeSerializer, responses=RoleSerializer, operation_id="group_change", parameters=[NAME]
    )
    def patch(self, request: Request, name: str) -> Response:
        """Change what is given; 403 where that, or what its members may do now, is more than the one who asks may."""
        given = RoleChangeSerializer(data=request.data, partial=True)
        refuse_unless_valid(given)
        group = save_group(_group(name), _values(given.validated_data), by=actor_of(request))
        return Response(RoleSerializer(_group(group.name)).data)

    @extend_schema(responses={204: None}, operation_id="group_remove", parameters=[NAME, CONFIRM])
    def delete(self, request: Request, name: str) -> Response:
        """Remove it, with `confirm` also while it has members, who lose what it allowed. The three of the panel come back with the next upgrade."""
        with transaction.atomic():
            group: Any = _group(name)
            may_touch(group, by=actor_of(request))
            lost = f"what it allows {group.members} accounts" if group.members else ""
            remove_asked(request, group, key=group.name, more=lost)
        return Response(status=status.HTTP_204_NO_CONTENT)


class PermissionsView(OfGroups):
    """What there is to allow."""

    @extend_schema(responses=PermissionListSerializer, operation_id="permissions")
    def get(self, request: Request) -> Response:
        """Every permission that a group or an account may have."""
        return Response({"items": [{"permission": written(one), "name": one.name} for one in permissions()]})


def _groups() -> QuerySet[Group]:
    rows = Group.objects.annotate(members=Count("user")).order_by("name")
    return rows.prefetch_related(Prefetch("permissions", permissions()))


def _group(name: str) -> Group:
    found: Group | None = _groups().filter(name=name).first()
    if found is None:
        raise NotFound("There is no group of this name; GET /api/v1/groups lists them.")
    return found


def _values(given: dict[str, Any]) -> dict[str, Any]:
    """Names of permissions as rows."""
    values = dict(given)
    if "permissions" in values:
        values["permissions"] = named_permissions(values["permissions"])
    return values
