"""Forms for accounts and groups: nobody gives more than they hold, touches who holds more, or leaves nobody who may do everything."""

from typing import Any, Final

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm, UserChangeForm
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from models_registry.admin_bases.signed_in import person
from models_registry.models import User
from models_registry.people import (
    LAST,
    PLAIN,
    AboveError,
    GoneError,
    LastSuperuserError,
    NeededError,
    held_by,
    is_last_superuser,
    permissions,
    problem_of,
    problem_with,
    remove_account,
    store_account,
    why_needed,
    written,
)

NAMES: Final = {**{name: name for name in PLAIN}, "groups": "groups", "user_permissions": "permissions"}
REFUSALS: Final = (AboveError, GoneError, LastSuperuserError, NeededError)


class AccountForm(UserChangeForm[User]):
    """The last superuser stays one."""

    def clean(self) -> dict[str, Any] | None:
        """Asked while the account still is as it was; `store_account` asks again, when nobody else can change it."""
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


class OnlyPassword:
    """Of the account only the password is written: the rest may have changed since the page was asked for."""

    def save(self, commit: bool = True) -> User:
        """What the form of Django sets, in its own column."""
        form: Any = super()
        account: User = form.save(commit=False)
        if commit:
            account.save(update_fields=["password"])
        return account


@admin.register(User)
class AccountAdmin(UserAdmin[User]):
    """People. What is saved and removed goes through `people`, whose rules hold under its locks."""

    form = AccountForm
    change_password_form = type("PasswordForm", (OnlyPassword, AdminPasswordChangeForm), {})

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Not of who holds more."""
        return super().has_change_permission(request, obj) and _is_below(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Not of who holds more, nor of the last superuser."""
        if obj is not None and is_last_superuser(obj):
            return False
        return super().has_delete_permission(request, obj) and _is_below(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Superusers make superusers; when somebody came is no matter of opinion."""
        fields = (*super().get_readonly_fields(request, obj), "last_login", "date_joined")
        return fields if person(request).is_superuser else (*fields, "is_superuser")

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Nothing beyond what is held."""
        return of_what_is_held(super().formfield_for_manytomany(db_field, request, **kwargs), request)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Whom the history needs is shown like what protects them: the page says so, and offers no button."""
        found, counts, lacking, protecting = super().get_deleted_objects(objs, request)
        needed = [told for one in objs if (told := why_needed(one, by=person(request)))]
        instead = [_("Untick “Active” instead: who is inactive can no longer log in.")] if needed else []
        return found, counts, lacking, [*protecting, *needed, *instead]

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """A new account has no rights yet; of another one what was changed, and no more."""
        if not change:
            super().save_model(request, obj, form, change)
            return
        values = {NAMES[name]: form.cleaned_data[name] for name in form.changed_data if name in NAMES}
        try:
            store_account(obj, values, by=person(request))
        except REFUSALS as error:
            raise PermissionDenied(str(error)) from error

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """By the rule that the API has."""
        try:
            remove_account(obj, by=person(request))
        except REFUSALS as error:
            raise PermissionDenied(str(error)) from error

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """One after the other: of two superusers each may be the last one."""
        for account in queryset.order_by("pk"):
            self.delete_model(request, account)


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
    return account is None or not problem_with(person(request), account)
