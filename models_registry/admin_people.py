"""Forms for accounts and groups: nobody gives more than they hold, touches who holds more, or leaves nobody who may do everything."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from models_registry.admin_pages.signed_in import person
from models_registry.models import User
from models_registry.people import (
    LAST,
    AboveError,
    LastSuperuserError,
    held_by,
    is_last_superuser,
    may_remove,
    permissions,
    problem_of,
    rights_of,
    written,
)


class AccountForm(UserChangeForm[User]):
    """The last superuser stays one."""

    def clean(self) -> dict[str, Any] | None:
        """Asked while the account still is as it was."""
        cleaned = super().clean() or {}
        if is_last_superuser(self.instance):
            for field in ("is_active", "is_superuser"):
                if not cleaned.get(field, True):
                    self.add_error(field, LAST)
        return cleaned


def within(request: HttpRequest) -> QuerySet[Permission]:
    """What the one who asks holds, and so may give."""
    by = person(request)
    if by.is_superuser:
        return permissions()
    held = by.get_all_permissions()
    return permissions().filter(pk__in=[one.pk for one in permissions() if written(one) in held])


def of_what_is_held(field: forms.ModelMultipleChoiceField[Any] | None, request: HttpRequest) -> Any:
    """Let the field offer nothing beyond it."""
    if field is None or field.queryset is None or person(request).is_superuser:
        return field
    if field.queryset.model is Permission:
        field.queryset = within(request)
    else:
        above = Permission.objects.exclude(pk__in=within(request).values("pk"))
        field.queryset = Group.objects.exclude(permissions__in=above)
    return field


admin.site.unregister(Group)


@admin.register(User)
class AccountAdmin(UserAdmin[User]):
    """People."""

    form = AccountForm

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Not of who holds more."""
        return super().has_change_permission(request, obj) and _is_below(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Not of who holds more, nor of the last superuser."""
        if obj is not None and is_last_superuser(obj):
            return False
        return super().has_delete_permission(request, obj) and _is_below(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Superusers make superusers."""
        fields = super().get_readonly_fields(request, obj)
        return fields if person(request).is_superuser else (*fields, "is_superuser")

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Nothing beyond what is held."""
        return of_what_is_held(super().formfield_for_manytomany(db_field, request, **kwargs), request)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """One after the other: of two superusers each may be the last one."""
        for account in queryset.order_by("pk"):
            try:
                may_remove(account, by=person(request))
            except (AboveError, LastSuperuserError) as error:
                raise PermissionDenied(str(error)) from error
            account.delete()


@admin.register(Group)
class RoleAdmin(GroupAdmin):
    """What the members of a group may do."""

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """Not where its members may do more."""
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or not problem_of(person(request), held_by(obj)))

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """Not where its members may do more."""
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or not problem_of(person(request), held_by(obj)))

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest | None = None, **kwargs: Any) -> Any:
        """Nothing beyond what is held."""
        field = super().formfield_for_manytomany(db_field, request=request, **kwargs)
        return field if request is None else of_what_is_held(field, request)


def _is_below(request: HttpRequest, account: User | None) -> bool:
    if account is None:
        return True
    return not problem_of(person(request), rights_of(account), superuser=account.is_superuser)
