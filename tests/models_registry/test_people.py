"""What two do to one account at the same moment: neither undoes what the other did, and a superuser is left."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import reverse

from models_registry.models import User
from models_registry.people import (
    AboveError,
    GoneError,
    LastSuperuserError,
    may_remove,
    save_account,
    set_password,
)
from models_registry.roles import VIEWER
from tests.cast import make_person

pytestmark = pytest.mark.django_db
GOOD = "mango-tram-9-lantern"


def page() -> Any:
    reverse("admin:index")  # forms are registered when addresses are looked at
    return admin.site.get_model_admin(User)


def superuser(username: str) -> User:
    person = make_person(username)
    person.is_superuser = True
    person.save()
    return person


@pytest.fixture
def root() -> User:
    return superuser("root")


def asked_by(person: User) -> HttpRequest:
    request = RequestFactory().post("/admin/")
    request.user = person
    return request


def form_of(account: User, request: HttpRequest, **changed: Any) -> Any:
    """The form of the admin as it came back, valid when it was looked at."""
    fields = {"username": account.username, "email": account.email, "first_name": account.first_name}
    fields |= {name: "on" for name in ("is_active", "is_staff", "is_superuser") if getattr(account, name)} | changed
    form = page().get_form(request, account, change=True)({k: v for k, v in fields.items() if v}, instance=account)
    assert form.is_valid(), form.errors
    return form


def test_a_change_writes_only_what_was_changed(root: User) -> None:
    ana = make_person("ana", VIEWER)
    as_read = User.objects.get(pk=ana.pk)
    set_password(ana, GOOD, by=root)
    save_account(ana, {"is_active": False}, by=root)
    save_account(as_read, {"email": "new@aurora.example"}, by=root)
    ana.refresh_from_db()
    assert (ana.email, ana.is_active, ana.check_password(GOOD)) == ("new@aurora.example", False, True)


def test_a_password_writes_nothing_but_itself(root: User) -> None:
    ana = make_person("ana")
    as_read = User.objects.get(pk=ana.pk)
    save_account(ana, {"is_active": False, "email": "new@aurora.example"}, by=root)
    set_password(as_read, GOOD, by=root)
    ana.refresh_from_db()
    assert (ana.email, ana.is_active, ana.check_password(GOOD)) == ("new@aurora.example", False, True)


def test_the_form_of_the_admin_writes_only_what_was_changed(root: User) -> None:
    ana, request = make_person("ana"), asked_by(root)
    as_read = User.objects.get(pk=ana.pk)
    form = form_of(as_read, request, email="new@aurora.example")
    set_password(ana, GOOD, by=root)
    save_account(ana, {"is_active": False}, by=root)
    page().save_model(request, form.save(commit=False), form, True)
    ana.refresh_from_db()
    assert (ana.email, ana.is_active, ana.check_password(GOOD)) == ("new@aurora.example", False, True)


def test_the_page_of_passwords_writes_nothing_but_one(root: User) -> None:
    ana = make_person("ana")
    form = page().change_password_form(User.objects.get(pk=ana.pk), {"password1": GOOD, "password2": GOOD})
    assert form.is_valid(), form.errors
    save_account(ana, {"is_active": False}, by=root)
    form.save()
    ana.refresh_from_db()
    assert (ana.is_active, ana.check_password(GOOD)) == (False, True)


def test_what_somebody_rose_to_meanwhile_is_judged(root: User) -> None:
    boss, ana = make_person("boss"), make_person("ana")
    boss.user_permissions.set(Permission.objects.filter(codename__in=("change_user", "delete_user")))
    as_read = User.objects.get(pk=ana.pk)
    save_account(ana, {"is_superuser": True}, by=root)
    for deed in (
        lambda: save_account(as_read, {"email": "boss@aurora.example"}, by=boss),
        lambda: set_password(as_read, GOOD, by=boss),
        lambda: may_remove(as_read, by=boss),
    ):
        with pytest.raises(AboveError):
            deed()


def test_who_was_removed_meanwhile_is_not_made_again(root: User) -> None:
    ana = make_person("ana")
    as_read = User.objects.get(pk=ana.pk)
    ana.delete()
    with pytest.raises(GoneError):
        save_account(as_read, {"email": "new@aurora.example"}, by=root)
    with pytest.raises(GoneError):
        set_password(as_read, GOOD, by=root)
    assert not User.objects.filter(username="ana").exists()


def test_of_two_superusers_who_leave_each_other_one_stays(root: User) -> None:
    other = superuser("other")
    form = form_of(User.objects.get(pk=root.pk), asked_by(root), is_superuser="")
    save_account(other, {"is_superuser": False}, by=root)
    for deed in (
        lambda: page().save_model(asked_by(root), form.save(commit=False), form, True),
        lambda: page().delete_model(asked_by(root), root),
        lambda: page().delete_queryset(asked_by(root), User.objects.filter(pk=root.pk)),
    ):
        with pytest.raises(PermissionDenied, match="last superuser"):
            deed()
    with pytest.raises(LastSuperuserError):
        save_account(root, {"is_active": False}, by=root)
    assert User.objects.get(is_superuser=True).username == "root"


def test_forms_of_who_is_staff_are_closed_to_who_is_not() -> None:
    boss, ana = make_person("boss"), make_person("ana")
    boss.user_permissions.set(Permission.objects.filter(codename__in=("change_user", "delete_user")))
    assert page().has_change_permission(asked_by(boss), ana)
    boss.is_staff = False
    assert not page().has_change_permission(asked_by(boss), ana)
    assert not page().has_delete_permission(asked_by(boss), ana)


def test_the_admin_makes_changes_and_removes(root: User) -> None:
    client, at = Client(), "/admin/models_registry/user/"
    client.force_login(root)
    made = {"username": "ana", "password1": GOOD, "password2": GOOD, "usable_password": "true"}
    assert client.post(f"{at}add/", made).status_code == 302
    ana = User.objects.get(username="ana")
    viewers = User.groups.field.related_model.objects.create(name="night")
    form = {"username": "ana", "email": "ana@aurora.example", "is_active": "on", "groups": [viewers.pk]}
    form |= {"user_permissions": [Permission.objects.get(codename="add_silence").pk]}
    assert client.post(f"{at}{ana.pk}/change/", form).status_code == 302
    ana.refresh_from_db()
    assert (ana.email, ana.is_active, ana.groups.get()) == ("ana@aurora.example", True, viewers)
    assert ana.has_perm("alerting.add_silence")
    assert ana.check_password(GOOD)
    assert client.post(f"{at}{ana.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not User.objects.filter(username="ana").exists()
