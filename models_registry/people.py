"""Who may enter, and what they may do: changed by those who hold as much themselves, and never so that no administrator is left."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from django.contrib.admin.models import LogEntry
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


class GoneError(Exception):
    """Somebody removed the account meanwhile."""


class NeededError(Exception):
    """The account is needed as it is, so that what it did keeps a name; the text says why."""


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
        return _("Only staff make, change or remove staff.")
    if above := sorted(set(rights) - by.get_all_permissions()):
        more = ", …" if len(above) > SHOWN else ""
        return _("This takes permissions that you do not have: %(names)s.") % {"names": ", ".join(above[:SHOWN]) + more}
    return ""


def is_last_superuser(account: User) -> bool:
    """Whether nobody else may do everything."""
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=account.pk)
    return account.is_superuser and account.is_active and not others.exists()


def problem_with(by: User, account: User) -> str:
    """Why `by` may not touch the account as it is: it holds more, or enters where they do not. Empty if they may."""
    return problem_of(by, rights_of(account), staff=account.is_staff, superuser=account.is_superuser)


@transaction.atomic
def save_account(account: User, values: Mapping[str, Any], *, by: User) -> User:
    """The account as it is then, new or changed, noted in the history; see `store_account`."""
    new = account.pk is None
    saved = store_account(account, values, by=by)
    note_saved(saved, values, new=new, by=by)
    return saved


@transaction.atomic
def store_account(account: User, values: Mapping[str, Any], *, by: User) -> User:
    """Write its plain fields, `groups`, `permissions` (rows) and, of a new one, `password`: those of `values`, and no others.

    What it was read as does not matter: it is read again, and held. Without a password a new one cannot log in until it is
    given one. `AboveError`, `LastSuperuserError`, `GoneError`, and `ValidationError` by field.
    """
    _hold_superusers()
    new = account.pk is None
    held = account if new else _held(account, by=by)
    was_superuser = not new and held.is_superuser and held.is_active
    _refuse(
        problem_of(by, _given(values), staff=bool(values.get("is_staff")), superuser=bool(values.get("is_superuser")))
    )
    given = [name for name in PLAIN if name in values]
    for name in given:
        setattr(held, name, values[name])
    if new:
        _take_password(held, values.get("password"))
    held.full_clean(exclude=["password"])
    held.save(update_fields=None if new else given)
    for name, relation in (("groups", held.groups), ("permissions", held.user_permissions)):
        if name in values:
            relation.set(values[name])
    if was_superuser:
        _keep_a_superuser()
    return held


def _given(values: Mapping[str, Any]) -> set[str]:
    """What the groups and permissions among the values allow."""
    by_groups = permissions().filter(group__in=values.get("groups", ()))
    return {written(one) for one in (*by_groups, *values.get("permissions", ()))}


@transaction.atomic
def set_password(account: User, password: str, *, by: User) -> User:
    """Another password; whoever was logged in with the old one no longer is. `AboveError`, `GoneError`, and `ValidationError` for
    one that is too weak.
    """
    held = _held(account, by=by)
    _take_password(held, password)
    held.save(update_fields=["password"])
    note_saved(held, ["password"], new=False, by=by)
    return held


def may_remove(account: User, *, by: User) -> User:
    """The account as it is, held until the transaction ends. `AboveError`, `LastSuperuserError`, `NeededError` and `GoneError`
    where `by` may not remove it.
    """
    _hold_superusers()
    held = _held(account, by=by)
    if is_last_superuser(held):
        raise LastSuperuserError(str(LAST))
    if told := why_needed(held, by=by):
        raise NeededError(told)
    return held


@transaction.atomic
def remove_account(account: User, *, by: User) -> None:
    """Remove it with what Django takes along; the caller notes it. Errors of `may_remove`."""
    may_remove(account, by=by).delete()


def why_needed(account: User, *, by: User) -> str:
    """Why the account should be deactivated instead of removed; empty where it need not stay."""
    if account.pk == by.pk:
        return _("Nobody removes their own account: the record of it would go along.")
    if LogEntry.objects.filter(user=account).exists():
        return _("What %(name)s made, changed and removed stands in the history, and would go with the account.") % {
            "name": account.get_username()
        }
    return ""


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


def _held(account: User, *, by: User) -> User:
    """As it is now, for nobody else to change until the transaction ends. `AboveError` where it holds more than `by`."""
    found: User | None = User.objects.select_for_update().filter(pk=account.pk).first()
    if found is None:
        raise GoneError(account.get_username())
    _refuse(problem_with(by, found))
    return found


def _hold_superusers() -> None:
    """Two who each leave the other as the last one wait for each other here."""
    held = User.objects.select_for_update().filter(is_superuser=True, is_active=True).order_by("pk")
    list(held.values_list("pk", flat=True))


def _keep_a_superuser() -> None:
    if not User.objects.filter(is_superuser=True, is_active=True).exists():
        raise LastSuperuserError(str(LAST))
