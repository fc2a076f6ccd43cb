"""Routes and quiet hours, written by programs: checked as forms check them, told as the tree has them."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from alerting.models import Channel, EscalationStep, QuietHours, Route
from models_registry.keys import create_key
from models_registry.models import Project, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(project: Project) -> Client:
    for name in ("team", "log"):
        Channel.objects.create(project=project, name=name, kind="console")
    token = create_key(project=project, name="k", scopes=["admin", "read"])[1]
    return Client(headers={"Authorization": f"Bearer {token}"})


def send(api: Client, method: str, path: str, body: Any = None) -> Any:
    return getattr(api, method)(f"/api/v1/{path}", body, content_type="application/json")


@pytest.fixture
def root(api: Client) -> dict[str, Any]:
    made = send(api, "post", "routes", {"name": "all", "channels": ["log"], "repeat_interval_s": 7_200})
    assert made.status_code == 201, made.json()
    found: dict[str, Any] = made.json()
    return found


def test_a_tree_is_written_read_back_and_taken_down(api: Client, root: dict[str, Any]) -> None:
    branch = {
        "name": "risk", "parent": "all", "matchers": ['model="credit-risk"', 'severity!="ticket"'], "channels": ["team", "log"],
        "group_wait_s": 60, "keep_going": True, "position": 3, "steps": [{"after_s": 900, "channels": ["team"]}],
    }  # fmt: skip
    made = send(api, "post", "routes", branch)
    assert made.status_code == 201
    told = made.json()
    assert {name: told[name] for name in branch if name not in {"parent", "position", "channels"}} == {
        name: branch[name] for name in branch if name not in {"parent", "position", "channels"}
    }
    assert sorted(told["channels"]) == ["log", "team"]
    # What it does not say it inherits.
    assert (told["depth"], told["repeat_interval_s"], told["group_interval_s"]) == (1, 7_200, 300)
    url = f"routes/{told['id']}"
    changed = send(
        api, "patch", url, {"steps": [], "repeat_interval_s": 0, "group_wait_s": None, "channels": []}
    ).json()
    assert (changed["steps"], changed["repeat_interval_s"], changed["group_wait_s"]) == ([], None, 30)
    hasty = send(api, "patch", url, {"repeat_interval_s": 299})
    assert (hasty.status_code, "repeat_interval_s" in str(hasty.json()["errors"])) == (400, True), hasty.json()
    assert "every five minutes" in hasty.json()["detail"]
    assert (changed["channels"], changed["matchers"]) == (["log"], branch["matchers"])
    assert not EscalationStep.objects.exists()
    assert send(api, "get", url).json() == changed
    assert [one["name"] for one in send(api, "get", "routes").json()["items"]] == ["all", "risk"]
    refused = send(api, "delete", f"routes/{root['id']}")
    assert (refused.status_code, "risk" in refused.json()["detail"]) == (409, True)
    for number in (told["id"], root["id"]):
        assert send(api, "delete", f"routes/{number}").status_code == 204
    assert send(api, "get", "routes").json()["items"] == []
    assert send(api, "patch", url, {"name": "gone"}).status_code == 404


@pytest.mark.parametrize(
    ("body", "pointer", "mend"),
    [
        ({"name": "two"}, "/parent", "has a root already"),
        ({"name": "x", "parent": "nobody"}, "/parent", "There is no route nobody"),
        ({"name": "x", "parent": "all", "matchers": ["model=~(("]}, "/matchers", ""),
        ({"name": "x", "parent": "all", "channels": ["gone", "log"]}, "/channels", "no such channels: gone"),
        ({"name": "x", "parent": "all", "steps": [{"after_s": 0, "channels": ["log"]}]}, "/steps/0/after_s", ""),
        ({"name": "x", "parent": "all", "steps": [{"after_s": 9, "channels": []}]}, "/steps/0/channels", ""),
        ({"name": "x", "parent": "all", "steps": [{"after_s": 9, "channels": ["log"]}] * 2}, "/steps", "same `after_s`"),
        ({"name": "x", "parent": "all", "group_wait_s": -1}, "/group_wait_s", ""),
        ({"name": "x", "parent": "all", "group_wait_s": 1e300}, "/group_wait_s", ""),
        ({"name": "x", "parent": "all", "position": 40_000}, "/position", ""),
        ({"parent": "all"}, "/name", ""),
    ],
)  # fmt: skip
def test_a_branch_that_cannot_stand_is_refused_with_the_mend(
    api: Client, root: dict[str, Any], body: dict[str, Any], pointer: str, mend: str
) -> None:
    answer = send(api, "post", "routes", body)
    assert answer.status_code == 400
    told = answer.json()
    assert pointer in str(told)
    assert mend in str(told)
    assert Route.objects.count() == 1


def test_names_are_taken_once_and_no_branch_stands_under_itself(api: Client, root: dict[str, Any]) -> None:
    child = send(api, "post", "routes", {"name": "child", "parent": "all"}).json()
    assert send(api, "post", "routes", {"name": "child", "parent": "all"}).status_code == 409
    assert send(api, "patch", f"routes/{child['id']}", {"parent": "child"}).status_code == 400
    assert send(api, "patch", f"routes/{root['id']}", {"matchers": ['a="b"']}).status_code == 400


def test_quiet_hours_are_of_one_and_somewhere(api: Client, ana: User, project: Project) -> None:
    hours = {"person": "ana", "starts": "22:00", "ends": "07:00", "zone": "America/Sao_Paulo", "days": [0, 4]}
    made = send(api, "post", "quiet-hours", hours)
    assert made.status_code == 201, made.json()
    told = made.json()
    assert {name: told[name] for name in hours} == hours
    assert (told["channel"], told["pages_pass"], told["name"]) == (None, True, "ana 22:00")
    url = f"quiet-hours/{told['id']}"
    moved = send(api, "patch", url, {"channel": "team", "person": None, "pages_pass": False}).json()
    assert (moved["channel"], moved["person"], moved["pages_pass"], moved["days"]) == ("team", None, False, [0, 4])
    assert send(api, "get", "quiet-hours").json()["items"] == [moved] == [send(api, "get", url).json()]
    for wrong in (
        {**hours, "channel": "team"}, {**hours, "person": None}, {**hours, "zone": "Mars/Base"}, {**hours, "days": []},
        {**hours, "days": [7]}, {**hours, "starts": "25:00"}, {**hours, "person": "nobody"},
        {**hours, "person": None, "channel": "gone"}, {**hours, "name": ""}, {**hours, "name": "a" * 121},
    ):  # fmt: skip
        answer = send(api, "post", "quiet-hours", wrong)
        assert answer.status_code == 400, wrong
    assert send(api, "patch", url, {"person": "ana"}).status_code == 400
    assert send(api, "delete", url).status_code == 204
    assert not QuietHours.objects.exists()
    assert send(api, "delete", url).status_code == 404


def test_names_of_quiet_hours_are_taken_once(api: Client, ana: User) -> None:
    hours = {"person": "ana", "starts": "22:00", "ends": "07:00", "zone": "UTC"}
    made = [send(api, "post", "quiet-hours", hours).json() for _ in range(3)]
    assert [one["name"] for one in made] == ["ana 22:00", "ana 22:00 2", "ana 22:00 3"]
    assert send(api, "post", "quiet-hours", {**hours, "name": "ana 22:00"}).status_code == 409
    url = f"quiet-hours/{made[2]['id']}"
    assert send(api, "patch", url, {"name": "ana 22:00"}).status_code == 409
    assert send(api, "patch", url, {"name": "weekends"}).json()["name"] == "weekends"
    assert send(api, "patch", url, {"starts": "23:00"}).json()["name"] == "weekends"


def test_writing_takes_the_scope_or_the_permission(
    api: Client, root: dict[str, Any], project: Project, other_project: Project, as_ana: Client, as_bia: Client
) -> None:
    reader = Client(headers={"Authorization": f"Bearer {create_key(project=project, name='r', scopes=['read'])[1]}"})
    for path in ("routes", "quiet-hours", f"routes/{root['id']}"):
        assert send(reader, "get", path).status_code == 200
        method = "patch" if path[-1].isdigit() else "post"
        assert send(reader, method, path, {"name": "x"}).status_code == 403
        assert send(as_bia, method, f"{path}?project={project.slug}", {"name": "x"}).status_code == 403
    assert send(as_ana, "post", f"routes?project={project.slug}", {"name": "x", "parent": "all"}).status_code == 201
    stranger = create_key(project=other_project, name="s", scopes=["admin", "read"])[1]
    other = Client(headers={"Authorization": f"Bearer {stranger}"})
    assert send(other, "delete", f"routes/{root['id']}").status_code == 404


def test_who_may_change_may_not_remove(
    api: Client, root: dict[str, Any], project: Project, bia: User, as_bia: Client
) -> None:
    names = ["view_route", "change_route"]
    bia.user_permissions.set(Permission.objects.filter(content_type__app_label="alerting", codename__in=names))
    path = f"routes/{root['id']}?project={project.slug}"
    assert send(as_bia, "patch", path, {"keep_going": True}).status_code == 200
    assert send(as_bia, "delete", path).status_code == 403
    bia.user_permissions.add(Permission.objects.get(content_type__app_label="alerting", codename="delete_route"))
    as_bia.force_login(User.objects.get(pk=bia.pk))
    assert send(as_bia, "delete", path).status_code == 204
