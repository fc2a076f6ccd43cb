"""Who may enter, and what they may do: changed by those who hold as much themselves, and never so that no administrator is left."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from django.contrib.auth.models import Group, Permission
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from models_registry.models import User
from models_registry.trail import note_saved

PLAIN: Final = ("username", "email", "first_name", "last_name", "is_active", "is_staff", "is_superuser")
SHOWN: Final = 5
LAST: Final = gettext_lazy("This is the last superuser; make another one first.")


class AboveError(Exception):
    """It needs more than the one who asks holds; the text says what."""


class LastSuperuserError(Exception):
    """Nobody would be left who may do everything; the text says what to do first."""


def written(permission: Permission) -> str:
    """As code and files name it: `alerting.add_silence`. Load it with its content type."""
    return f"{permission.content_type.app_label}.{permission.codename}"


def permissions() -> QuerySet[Permission]:
    """All there are, in the order in which people look for them."""
    return Permission.objects.select_related("content_type").order_by("content_type__app_label", "codename")


def named_permissions(names: Collection[str]) -> list[Permission]:
    """Those of these names; `ValidationError` for one that there is not."""
    apps = {name.partition(".")[0] for name in names}
    found = {written(one): one for one in permissions().filter(content_type__app_label__in=apps)}
    if unknown := sorted(set(names) - found.keys()):
        told = _("There is no permission %(names)s.")
        raise ValidationError({"permissions": told % {"names": ", ".join(unknown[:SHOWN])}})
    return [found[name] for name in dict.fromkeys(names)]


def rights_of(account: User) -> set[str]:
    """What its groups and its own permissions allow, whether or not it may enter now. Superusers may do more: everything."""
    return {written(one) for one in permissions().filter(Q(user=account) | Q(group__user=account))}


def problem_of(by: User, rights: Iterable[str], *, staff: bool = False, superuser: bool = False) -> str:
    """Why `by` may neither give these rights nor touch who has them: they hold less. Empty if they may."""
    if by.is_superuser:
        return ""
    if superuser:
        return _("Only a superuser makes, changes or removes superusers.")
    if staff and not by.is_staff:
        return _("Only staff make staff.")
    if above := sorted(set(rights) - by.get_all_permissions()):
        more = ", …" if len(above) > SHOWN else ""
        return _("This takes permissions that you do not have: %(names)s.") % {"names": ", ".join(above[:SHOWN]) + more}
    return ""


def is_last_superuser(account: User) -> bool:
    """Whether nobody else may do everything."""
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=account.pk)
    return account.is_superuser and account.is_active and not others.exists()


def refuse_unless_below(by: User, account: User) -> None:
    """`AboveError` where the account holds more than `by`."""
    _refuse(problem_of(by, rights_of(account), superuser=account.is_superuser))


@transaction.atomic
def save_account(account: User, values: Mapping[str, Any], *, by: User) -> User:
    """The account, new or changed: its plain fields, `groups`, `permissions` (rows) and, of a new one, `password`.

    Without a password it cannot log in until it is given one. `AboveError`, `LastSuperuserError`, and `ValidationError` by field.
    """
    _hold_superusers()
    new = account.pk is None
    if not new:
        refuse_unless_below(by, account)
    was_superuser = not new and account.is_superuser and account.is_active
    _refuse(
        problem_of(by, _given(values), staff=bool(values.get("is_staff")), superuser=bool(values.get("is_superuser")))
    )
    for name in PLAIN:
        setattr(account, name, values.get(name, getattr(account, name)))
    if new:
        _take_password(account, values.get("password"))
    account.full_clean(exclude=["password"])
    account.save()
    for name, relation in (("groups", account.groups), ("permissions", account.user_permissions)):
        if name in values:
            relation.set(values[name])
    if was_superuser:
        _keep_a_superuser()
    note_saved(account, values, new=new, by=by)
    return account


def _given(values: Mapping[str, Any]) -> set[str]:
    """What the groups and permissions among the values allow."""
    by_groups = permissions().filter(group__in=values.get("groups", ()))
    return {written(one) for one in (*by_groups, *values.get("permissions", ()))}


@transaction.atomic
def set_password(account: User, password: str, *, by: User) -> None:
    """Another password; whoever was logged in with the old one no longer is. `AboveError`, and `ValidationError` for one that is too weak."""
    refuse_unless_below(by, account)
    _take_password(account, password)
    account.save(update_fields=["password"])
    note_saved(account, ["password"], new=False, by=by)


def may_remove(account: User, *, by: User) -> None:
    """`AboveError` and `LastSuperuserError` where `by` may not remove it."""
    _hold_superusers()
    refuse_unless_below(by, account)
    if is_last_superuser(account):
        raise LastSuperuserError(str(LAST))


def held_by(group: Group) -> set[str]:
    """What its members may do."""
    return {written(one) for one in permissions().filter(group=group)}


@transaction.atomic
def save_group(group: Group, values: Mapping[str, Any], *, by: User) -> Group:
    """The group, new or changed: `name`, `permissions` (rows). `AboveError`, and `ValidationError` by field."""
    new = group.pk is None
    if not new:
        may_touch(group, by=by)
    own = values.get("permissions")
    _refuse(problem_of(by, {written(one) for one in own or ()}))
    group.name = values.get("name", group.name)
    group.full_clean()
    group.save()
    if own is not None:
        group.permissions.set(own)
    note_saved(group, values, new=new, by=by)
    return group


def may_touch(group: Group, *, by: User) -> None:
    """`AboveError` where its members may do more than `by`."""
    _refuse(problem_of(by, held_by(group)))


def _refuse(problem: str) -> None:
    if problem:
        raise AboveError(problem)


def _take_password(account: User, password: str | None) -> None:
    if password is None:
        account.set_unusable_password()
        return
    try:
        validate_password(password, account)
    except ValidationError as error:
        raise ValidationError({"password": error.messages}) from error
    account.set_password(password)


def _hold_superusers() -> None:
    """Two who each leave the other as the last one wait for each other here."""
    held = User.objects.select_for_update().filter(is_superuser=True, is_active=True).order_by("pk")
    list(held.values_list("pk", flat=True))


def _keep_a_superuser() -> None:
    if not User.objects.filter(is_superuser=True, is_active=True).exists():
        raise LastSuperuserError(str(LAST))
