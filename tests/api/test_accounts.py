"""Accounts and groups by API: who may enter and what they may do, never more than the one who asks, never without a superuser."""

import json
from datetime import time
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.utils.timezone import now as real_now

from alerting.models import QuietHours, Silence
from models_registry.keys import create_key, forget_keys
from models_registry.models import Project, User
from models_registry.people import save_account
from models_registry.roles import EDITOR, RESPONDER, VIEWER
from tests.cast import make_person

pytestmark = pytest.mark.django_db
GOOD = "mango-tram-9-lantern"
MANAGES = (
    "view_user",
    "add_user",
    "change_user",
    "delete_user",
    "view_group",
    "add_group",
    "change_group",
    "delete_group",
)


@pytest.fixture
def root() -> User:
    person = make_person("root")
    person.is_superuser = True
    person.save()
    return person


@pytest.fixture
def boss() -> User:
    """Manages people, and is no superuser."""
    person = make_person("boss", RESPONDER)
    person.user_permissions.set(Permission.objects.filter(codename__in=MANAGES))
    return person


def api(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def send(person: User, method: str, path: str, body: Any = None) -> Any:
    return getattr(api(person), method)(f"/api/v1/{path}", body, content_type="application/json")


def test_an_account_is_made_changed_and_ended(root: User) -> None:
    made = send(root, "post", "accounts", {
        "username": "ana.lima@aurora.example", "email": "ana@AURORA.example", "first_name": "Ana", "groups": [VIEWER],
        "permissions": ["alerting.add_silence"], "password": GOOD,
    })  # fmt: skip
    assert made.status_code == 201, made.content
    told = made.json()
    assert (told["groups"], told["permissions"], told["is_active"], told["is_staff"]) == (
        [VIEWER], ["alerting.add_silence"], True, False,
    )  # fmt: skip
    path = f"accounts/{told['username']}"
    assert told == send(root, "get", path).json() == send(root, "get", "accounts").json()["items"][0]
    assert Client().login(username=told["username"], password=GOOD)
    changed = send(root, "patch", path, {"groups": [RESPONDER], "permissions": [], "username": "ana"}).json()
    assert (changed["username"], changed["groups"], changed["permissions"]) == ("ana", [RESPONDER], [])
    assert changed["email"] == "ana@aurora.example"
    assert send(root, "patch", "accounts/ana", {"is_active": False}).json()["is_active"] is False
    assert not Client().login(username="ana", password=GOOD)
    assert send(root, "delete", "accounts/ana").status_code == 204
    assert send(root, "get", "accounts/ana").status_code == 404


def test_a_password_is_written_and_never_read(root: User) -> None:
    send(root, "post", "accounts", {"username": "ana"})
    assert not Client().login(username="ana", password="")
    weak = send(root, "put", "accounts/ana/password", {"password": "ana"})
    assert (weak.status_code, weak.json()["errors"][0]["pointer"]) == (400, "/password")
    assert send(root, "put", "accounts/ana/password", {"password": GOOD}).status_code == 200
    session = Client()
    assert session.login(username="ana", password=GOOD)
    assert session.get("/api/v1/accounts").status_code == 403, "logged in, and not allowed"
    assert send(root, "put", "accounts/ana/password", {"password": f"{GOOD}-2"}).status_code == 200
    assert session.get("/api/v1/accounts").status_code == 401, "logged out"
    ana = User.objects.get(username="ana")
    everything = b"".join(
        send(root, "get", path).content for path in ("accounts", "accounts/ana", "groups", "permissions")
    ).decode()
    assert ana.password not in everything
    assert "password" not in json.dumps(send(root, "get", "accounts/ana").json())
    own = api(root)
    assert (
        own.put("/api/v1/accounts/root/password", {"password": GOOD}, content_type="application/json").status_code
        == 200
    )
    assert own.get("/api/v1/accounts").status_code == 200, "who changed their own password stays logged in"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/username"),
        ({"username": "a b"}, "/username"),
        ({"username": "root"}, "/username"),
        ({"username": "x", "groups": ["nobody"]}, "/groups"),
        ({"username": "x", "permissions": ["alerting.fly"]}, "/permissions"),
        ({"username": "x", "password": "12345"}, "/password"),
        ({"username": "x", "email": "no"}, "/email"),
        ({"username": "x", "staff": True}, "/staff"),
    ],
)
def test_what_cannot_be_an_account_is_refused_with_the_mend(root: User, body: Any, pointer: str) -> None:
    answer = send(root, "post", "accounts", body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert User.objects.count() == 1


def test_nobody_gives_more_than_they_hold(boss: User, root: User) -> None:
    ana = make_person("ana", VIEWER)
    chief = make_person("chief", EDITOR)
    for method, path, body in (
        ("patch", "accounts/boss", {"is_superuser": True}),
        ("patch", "accounts/boss", {"groups": [EDITOR]}),
        ("patch", "accounts/boss", {"permissions": ["models_registry.add_apikey"]}),
        ("patch", "accounts/ana", {"groups": [EDITOR]}),
        ("post", "accounts", {"username": "puppet", "is_superuser": True, "password": GOOD}),
        ("post", "accounts", {"username": "puppet", "groups": [EDITOR], "password": GOOD}),
        # nor takes over who holds more, nor keeps them out
        ("put", "accounts/root/password", {"password": GOOD}),
        ("put", "accounts/chief/password", {"password": GOOD}),
        ("patch", "accounts/chief", {"is_active": False}),
        ("patch", "accounts/root", {"email": "boss@aurora.example"}),
        ("delete", "accounts/root", None),
        ("delete", "accounts/chief", None),
        # nor by way of a group
        ("patch", f"groups/{RESPONDER}", {"permissions": ["models_registry.add_apikey"]}),
        ("post", "groups", {"name": "mine", "permissions": ["models_registry.add_apikey"]}),
        ("patch", f"groups/{EDITOR}", {"name": "other"}),
        ("delete", f"groups/{EDITOR}", None),
    ):
        answer = send(boss, method, path, body)
        assert answer.status_code == 403, (method, path, body, answer.content)
        assert answer.json()["detail"].endswith(".")
    chief.refresh_from_db()
    assert chief.is_active
    assert not User.objects.filter(username="puppet").exists()
    # what they hold they may give
    assert send(boss, "patch", "accounts/ana", {"groups": [RESPONDER]}).json()["groups"] == [RESPONDER]
    assert (
        send(boss, "post", "groups", {"name": "night shift", "permissions": ["alerting.add_silence"]}).status_code
        == 201
    )
    assert send(boss, "delete", f"accounts/{ana.username}").status_code == 204


def test_only_staff_make_staff(boss: User) -> None:
    User.objects.filter(pk=boss.pk).update(is_staff=False)
    assert send(boss, "post", "accounts", {"username": "x", "is_staff": True}).status_code == 403
    assert send(boss, "post", "accounts", {"username": "x"}).status_code == 201


def test_who_is_not_staff_takes_over_nobody_who_is(boss: User) -> None:
    User.objects.filter(pk=boss.pk).update(is_staff=False)
    boss.refresh_from_db()
    ana = make_person("ana", VIEWER)  # may do no more than they, and enters the admin
    for method, path, body in (
        ("put", "accounts/ana/password", {"password": GOOD}),
        ("patch", "accounts/ana", {"email": "boss@aurora.example"}),
        ("patch", "accounts/ana", {"is_staff": False}),
        ("delete", "accounts/ana", None),
    ):
        answer = send(boss, method, path, body)
        assert (answer.status_code, "staff" in answer.json()["detail"]) == (403, True), path
    assert api(boss).get("/admin/").status_code == 302
    form = {"password1": GOOD, "password2": GOOD, "usable_password": "true"}
    api(boss).post(f"/admin/models_registry/user/{ana.pk}/password/", form)
    ana.refresh_from_db()
    assert not ana.check_password(GOOD)
    User.objects.filter(pk=boss.pk).update(is_staff=True)
    assert send(boss, "put", "accounts/ana/password", {"password": GOOD}).status_code == 200


def test_the_last_superuser_stays(root: User) -> None:
    for method, body in (("patch", {"is_superuser": False}), ("patch", {"is_active": False}), ("delete", None)):
        answer = send(root, method, "accounts/root", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "refused")
    root.refresh_from_db()
    assert root.is_superuser
    assert root.is_active
    assert send(root, "post", "accounts", {"username": "other", "is_superuser": True}).status_code == 201
    assert send(root, "patch", "accounts/root", {"is_superuser": False}).status_code == 200
    assert User.objects.filter(is_superuser=True).get().username == "other"


def test_what_holds_an_account_is_named(root: User, project: Project, now: Any) -> None:
    ana = make_person("ana", RESPONDER)
    Silence.objects.create(project=project, owner=ana, matchers=[], starts_at=now, ends_at=real_now(), comment="Known.")
    answer = send(root, "delete", "accounts/ana")
    assert (answer.status_code, answer.json()["code"]) == (409, "refused")
    assert "silence" in answer.json()["detail"]
    assert "is_active" in answer.json()["detail"]
    assert User.objects.filter(username="ana").exists()


def test_history_keeps_an_account(root: User) -> None:
    ana = make_person("ana")
    save_account(make_person("rui"), {"first_name": "Rui"}, by=ana)
    for path in ("accounts/ana", "accounts/ana?confirm=ana"):
        refused = send(root, "delete", path)
        assert (refused.status_code, refused.json()["code"]) == (409, "refused")
        assert "history" in refused.json()["detail"]
        assert "is_active" in refused.json()["detail"]
    assert send(root, "patch", "accounts/ana", {"is_active": False}).status_code == 200
    assert {one["by"] for one in send(root, "get", "history").json()["items"]} == {"ana", "root"}
    page = api(root).post(f"/admin/models_registry/user/{ana.pk}/delete/", {"post": "yes"}).content.decode()
    assert "stands in the history" in page
    assert "Untick" in page
    chosen = {"action": "delete_selected", "_selected_action": [ana.pk], "post": "yes"}
    assert "stands in the history" in api(root).post("/admin/models_registry/user/", chosen).content.decode()
    assert User.objects.filter(username="ana").exists()


def test_nobody_removes_their_own_account(root: User, boss: User) -> None:
    refused = send(boss, "delete", "accounts/boss")
    assert (refused.status_code, refused.json()["code"]) == (409, "refused")
    assert "own account" in refused.json()["detail"]


def test_what_goes_with_an_account_is_confirmed(root: User, project: Project) -> None:
    ana = make_person("ana")
    QuietHours.objects.create(project=project, name="nights", person=ana, starts=time(22), ends=time(7), zone="UTC")
    refused = send(root, "delete", "accounts/ana")
    assert (refused.status_code, refused.json()["code"]) == (409, "confirmation_needed")
    assert "confirm=ana" in refused.json()["detail"]
    assert send(root, "delete", "accounts/ana?confirm=rui").json()["errors"][0]["pointer"] == "/confirm"
    assert send(root, "delete", "accounts/ana?confrim=ana").status_code == 400
    assert send(root, "delete", "accounts/ana?confirm=ana").status_code == 204


def test_groups(root: User) -> None:
    made = send(root, "post", "groups", {"name": "ops/night", "permissions": ["alerting.add_silence"]})
    assert made.json() == {"name": "ops/night", "members": 0, "permissions": ["alerting.add_silence"]}
    make_person("ana").groups.add(Group.objects.get(name="ops/night"))
    changed = send(root, "patch", "groups/ops/night", {"permissions": ["alerting.view_silence"]})
    assert changed.json() == {"name": "ops/night", "members": 1, "permissions": ["alerting.view_silence"]}
    assert changed.json() in send(root, "get", "groups").json()["items"]
    assert send(root, "post", "groups", {"name": "ops/night"}).json()["errors"][0]["pointer"] == "/name"
    assert send(root, "get", "accounts?group=ops/night").json()["items"][0]["username"] == "ana"
    assert send(root, "delete", "groups/ops/night").json()["code"] == "confirmation_needed"
    assert send(root, "delete", "groups/ops/night?confirm=ops/night").status_code == 204
    assert {"permission": "alerting.add_silence", "name": "Can add silence"} in send(root, "get", "permissions").json()[
        "items"
    ]


def test_accounts_are_paged_and_narrowed(root: User) -> None:
    for name in ("a", "b", "c"):
        make_person(name)
    User.objects.filter(username="b").update(is_active=False)
    first = send(root, "get", "accounts?limit=2").json()
    rest = send(root, "get", f"accounts?limit=2&cursor={first['next']}").json()
    assert [one["username"] for one in (*first["items"], *rest["items"])] == ["c", "b", "a", "root"]
    assert [one["username"] for one in send(root, "get", "accounts?active=false").json()["items"]] == ["b"]
    assert send(root, "get", "accounts?active=no").status_code == 400
    assert send(root, "get", "accounts?actve=true").status_code == 400


def test_no_key_and_nobody_without_the_permission_manages_people(project: Project, root: User) -> None:
    forget_keys()
    token = create_key(project=project, name="k", scopes=["read", "respond", "admin", "ingest"])[1]
    key = Client(headers={"Authorization": f"Bearer {token}"})
    asked = [
        *(("get", path, None) for path in ("accounts", "accounts/root", "groups", f"groups/{EDITOR}", "permissions", "history")),
        ("post", "accounts", {"username": "x"}), ("patch", "accounts/root", {"email": ""}), ("delete", "accounts/root", None),
        ("put", "accounts/root/password", {"password": GOOD}), ("post", "groups", {"name": "x"}),
        ("patch", f"groups/{VIEWER}", {"name": "x"}), ("delete", f"groups/{VIEWER}", None),
    ]  # fmt: skip
    editor = make_person("editor", EDITOR)
    for method, path, body in asked:
        by_key = getattr(key, method)(f"/api/v1/{path}", body, content_type="application/json")
        assert (by_key.status_code, "people" in by_key.json()["detail"]) == (403, True)
        assert send(editor, method, path, body).status_code == 403
        assert getattr(Client(), method)(f"/api/v1/{path}", body, content_type="application/json").status_code == 401
    adds = make_person("adds")
    adds.user_permissions.set(Permission.objects.filter(codename="add_user"))
    assert send(adds, "post", "accounts", {"username": "x"}).status_code == 403


def test_what_was_done_is_in_the_history_of_the_admin(root: User) -> None:
    send(root, "post", "accounts", {"username": "ana", "password": GOOD})
    ana = User.objects.get(username="ana")
    send(root, "patch", "accounts/ana", {"email": "ana@aurora.example"})
    send(root, "put", "accounts/ana/password", {"password": f"{GOOD}-2"})
    page = api(root).get(f"/admin/models_registry/user/{ana.pk}/history/").content.decode()
    assert "Added." in page
    assert "changed email." in page.lower()
    send(root, "delete", "accounts/ana")
    told = LogEntry.objects.filter(object_id=str(ana.pk)).order_by("id")
    assert [one.action_flag for one in told] == [1, 2, 2, 3]
    assert GOOD not in "".join(one.change_message for one in told)
    items = send(root, "get", "history").json()["items"]
    assert [one["action"] for one in items] == ["removed", "changed", "changed", "made"]
    assert [one["fields_changed"] for one in items] == [[], ["password"], ["email"], []]
    assert {(one["by"], one["table"], one["name"]) for one in items} == {("root", "models_registry.user", "ana")}
    assert [one["id"] for one in send(root, "get", "history?action=made&by=root").json()["items"]] == [items[-1]["id"]]
    assert send(root, "get", "history?table=models_registry.model").json()["items"] == []
    assert send(root, "get", "history?action=ate").json()["errors"][0]["pointer"] == "/action"
    assert send(make_person("editor", EDITOR), "get", "history").status_code == 403


def test_only_what_was_read_is_changed_and_the_same_is_done_once(root: User) -> None:
    make_person("ana")
    client = api(root)
    tag = client.get("/api/v1/accounts/ana")["ETag"]
    change = {"path": "/api/v1/accounts/ana", "data": {"first_name": "A"}, "content_type": "application/json"}
    assert client.patch(**change, headers={"If-Match": tag}).status_code == 200
    assert client.patch(**change, headers={"If-Match": tag}).status_code == 412
    body = {"path": "/api/v1/accounts", "data": {"username": "new"}, "content_type": "application/json"}
    answers = [client.post(**body, headers={"Idempotency-Key": "make-new"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[1]["Idempotency-Replayed"] == "true"


def test_the_admin_keeps_to_the_same(boss: User, root: User) -> None:
    boss.user_permissions.add(*Permission.objects.filter(codename="view_user"))
    ana, chief = make_person("ana", VIEWER), make_person("chief", EDITOR)
    by_boss, by_root = api(boss), api(root)
    page = by_boss.get(f"/admin/models_registry/user/{ana.pk}/change/").content.decode()
    assert f">{RESPONDER}</option>" in page
    assert f">{EDITOR}</option>" not in page
    assert 'name="is_superuser"' not in page
    for method, path in (("get", "password/"), ("post", "password/"), ("post", "change/"), ("post", "delete/")):
        for above in (chief, root):
            assert getattr(by_boss, method)(f"/admin/models_registry/user/{above.pk}/{path}").status_code == 403
    form = {"username": "boss", "email": "", "is_staff": "on", "is_active": "on", "is_superuser": "on"}
    form |= {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    by_boss.post(f"/admin/models_registry/user/{boss.pk}/change/", form)
    boss.refresh_from_db()
    assert not boss.is_superuser
    editors = Group.objects.get(name=EDITOR)
    assert by_boss.post(f"/admin/auth/group/{editors.pk}/delete/", {"post": "yes"}).status_code == 403
    form["username"] = "root"
    del form["is_superuser"]
    told = by_root.post(f"/admin/models_registry/user/{root.pk}/change/", form).content.decode()
    assert "the last superuser" in told
    assert by_root.post(f"/admin/models_registry/user/{root.pk}/delete/", {"post": "yes"}).status_code == 403
    make_superuser = User.objects.filter(pk=chief.pk).update(is_superuser=True)
    assert make_superuser
    all_of_them = {"action": "delete_selected", "_selected_action": [root.pk, chief.pk], "post": "yes"}
    assert "their own account" in by_root.post("/admin/models_registry/user/", all_of_them).content.decode()
    assert User.objects.filter(is_superuser=True).count() == 2
