"""`/api/v1/accounts`: the people who may enter, what they may do, and their end. Passwords are written, never read back."""

from typing import Any, Final

from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError as Invalid
from django.db import IntegrityError, transaction
from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lib.pages import MAX_LIMIT
from lib.problem import Conflict
from models_registry.authenticate import actor_of
from models_registry.bodies import refuse_unless_valid
from models_registry.confirmed import CONFIRM, remove_asked
from models_registry.models import User
from models_registry.moments import RowSerializer
from models_registry.paging import asked_of, asked_page
from models_registry.people import (
    AboveError,
    GoneError,
    LastSuperuserError,
    NeededError,
    may_remove,
    named_permissions,
    permissions,
    save_account,
    set_password,
    written,
)

LONGEST: Final = 128  # characters of a password: hashing takes longer the longer it is
INSTEAD: Final = "PATCH it with `is_active` false instead: it can no longer log in, and what it did keeps its name."
GONE: Final = "There is no account of this name; GET /api/v1/accounts lists them."
PAGE_PARAMETERS: Final = [
    OpenApiParameter("active", bool, description="Only those who may log in, or only those who no longer may."),
    OpenApiParameter("group", str, description="Only members of this group."),
    OpenApiParameter("limit", int, description=f"1 to {MAX_LIMIT}."),
    OpenApiParameter("cursor", str, description="`next` of the page before."),
]


class AccountSerializer(RowSerializer[User]):
    """Who it is and what it may do: by its `groups`, by `permissions` of its own (`alerting.add_silence`), or everything (`is_superuser`)."""

    groups = serializers.SlugRelatedField[Any](slug_field="name", many=True, read_only=True)
    permissions = serializers.SerializerMethodField()

    class Meta:
        """Never a password, nor its hash."""

        model = User
        fields = [
            *("username", "email", "first_name", "last_name", "is_active", "is_staff", "is_superuser"),
            *("groups", "permissions", "date_joined", "last_login"),
        ]

    def get_permissions(self, account: User) -> list[str]:
        """Those of its own, beside those of its groups."""
        return [written(one) for one in account.user_permissions.all()]


class AccountPageSerializer(serializers.Serializer[dict[str, Any]]):
    """Newest first."""

    items = AccountSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class AccountChangeSerializer(serializers.Serializer[dict[str, Any]]):
    """What may change of an account. `groups` and `permissions` are all that it has then, not what is added."""

    username = serializers.CharField(max_length=150, required=False)
    email = serializers.EmailField(max_length=254, required=False, allow_blank=True)
    first_name = serializers.CharField(max_length=150, required=False, allow_blank=True)
    last_name = serializers.CharField(max_length=150, required=False, allow_blank=True)
    is_active = serializers.BooleanField(required=False)
    is_staff = serializers.BooleanField(required=False, help_text="May enter the admin.")
    is_superuser = serializers.BooleanField(required=False, help_text="May do everything.")
    groups = serializers.ListField(child=serializers.CharField(max_length=150), required=False, max_length=100)
    permissions = serializers.ListField(child=serializers.CharField(max_length=255), required=False, max_length=1_000)


class GivenAccountSerializer(AccountChangeSerializer):
    """A new one; without `password` nobody can log in to it until it is given one."""

    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=LONGEST, required=False, trim_whitespace=False, write_only=True)


class PasswordSerializer(serializers.Serializer[dict[str, Any]]):
    """Written, never read back."""

    password = serializers.CharField(max_length=LONGEST, trim_whitespace=False, write_only=True)


class OfPeople(APIView):
    """Accounts are of the whole installation: no key reads or writes them."""

    people_only = True
    read_permission = "models_registry.view_user"

    def handle_exception(self, exc: Exception) -> Any:
        """What is above the one who asks is not allowed; what would leave nobody is a conflict."""
        return super().handle_exception(_as_answered(exc))


class AccountsView(OfPeople):
    """Who may enter."""

    permission = "models_registry.add_user"

    @extend_schema(responses=AccountPageSerializer, operation_id="accounts", parameters=PAGE_PARAMETERS)
    def get(self, request: Request) -> Response:
        """One page, those that were made last first; accounts `key-…` answer for keys that nobody made, and cannot log in."""
        params, rows = asked_of(request, PAGE_PARAMETERS), _accounts()
        if asked := params.get("active"):
            if asked not in ("true", "false"):
                raise ValidationError({"active": "true or false."})
            rows = rows.filter(is_active=asked == "true")
        if group := params.get("group"):
            rows = rows.filter(groups__name=group)
        page = asked_page(params, rows, time="id")
        return Response({"items": AccountSerializer(page.items, many=True).data, "next": page.next})

    @extend_schema(request=GivenAccountSerializer, responses={201: AccountSerializer}, operation_id="account_create")
    def post(self, request: Request) -> Response:
        """Make one, with no more rights than the one who asks has. As in the admin it takes the permission to change accounts, too."""
        by = actor_of(request)
        if not by.has_perm("models_registry.change_user"):
            raise PermissionDenied("Who makes accounts must be allowed to change them, too; ask an administrator.")
        given = GivenAccountSerializer(data=request.data)
        refuse_unless_valid(given)
        made = save_account(User(), _values(given.validated_data), by=by)
        return Response(_told(made.pk), status=status.HTTP_201_CREATED)


class AccountView(OfPeople):
    """One account."""

    permission = "models_registry.change_user"
    delete_permission = "models_registry.delete_user"

    @extend_schema(responses=AccountSerializer, operation_id="account")
    def get(self, request: Request, username: str) -> Response:
        """Who it is and what it may do."""
        return Response(AccountSerializer(_account(username)).data)

    @extend_schema(request=AccountChangeSerializer, responses=AccountSerializer, operation_id="account_change")
    def patch(self, request: Request, username: str) -> Response:
        """Change what is given. 403 for rights beyond one's own and for accounts that have them; 409 for the last superuser's."""
        given = AccountChangeSerializer(data=request.data, partial=True)
        refuse_unless_valid(given)
        account = save_account(_account(username), _values(given.validated_data), by=actor_of(request))
        return Response(_told(account.pk))

    @extend_schema(responses={204: None}, operation_id="account_remove", parameters=[CONFIRM])
    def delete(self, request: Request, username: str) -> Response:
        """Remove it. 409 for the last superuser, for one's own, for one that has done something, and where something keeps it."""
        asked_of(request, [CONFIRM])
        with transaction.atomic():
            account = may_remove(_account(username), by=actor_of(request))
            remove_asked(request, account, key=account.username, instead=INSTEAD)
        return Response(status=status.HTTP_204_NO_CONTENT)


class PasswordView(OfPeople):
    """What an account logs in with."""

    permission = "models_registry.change_user"

    @extend_schema(request=PasswordSerializer, responses=AccountSerializer, operation_id="account_password")
    def put(self, request: Request, username: str) -> Response:
        """Another password; who was logged in with the old one no longer is. 400 for one that is too weak."""
        given = PasswordSerializer(data=request.data)
        refuse_unless_valid(given)
        by = actor_of(request)
        account = set_password(_account(username), given.validated_data["password"], by=by)
        if account.pk == by.pk:
            update_session_auth_hash(request, account)
        return Response(_told(account.pk))


def _as_answered(exc: Exception) -> Exception:
    """What it is to programs; what is no matter of people stays as it is."""
    told = exc
    if isinstance(exc, AboveError):
        told = PermissionDenied(str(exc))
    elif isinstance(exc, LastSuperuserError):
        told = Conflict(str(exc))
    elif isinstance(exc, NeededError):
        told = Conflict(f"{exc} {INSTEAD}")
    elif isinstance(exc, GoneError):
        told = NotFound(GONE)
    elif isinstance(exc, Invalid):
        told = ValidationError(exc.message_dict)
    elif isinstance(exc, IntegrityError):
        told = Conflict("Somebody else took this name just now; choose another one.")
    return told


def _accounts() -> QuerySet[User]:
    return User.objects.prefetch_related("groups", Prefetch("user_permissions", permissions()))


def _account(username: str) -> User:
    found: User | None = _accounts().filter(username=username).first()
    if found is None:
        raise NotFound(GONE)
    return found


def _told(number: int) -> Any:
    """As it is stored."""
    return AccountSerializer(_accounts().get(pk=number)).data


def _values(given: dict[str, Any]) -> dict[str, Any]:
    """Names of groups and permissions as rows."""
    values = dict(given)
    if "groups" in values:
        found = {group.name: group for group in Group.objects.filter(name__in=values["groups"])}
        if unknown := sorted(set(values["groups"]) - found.keys()):
            told = f"There is no group {unknown[0]}; GET /api/v1/groups lists them."
            raise ValidationError({"groups": told})
        values["groups"] = [*found.values()]
    if "permissions" in values:
        values["permissions"] = named_permissions(values["permissions"])
    return values
