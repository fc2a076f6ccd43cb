"""Maintenance windows and inhibitions, written by programs: checked as forms check them, once per name."""

import json
from typing import Any

import pytest
from django.test import Client

from alerting.models import Maintenance
from models_registry.keys import create_key, forget_keys
from models_registry.models import Project

pytestmark = pytest.mark.django_db

WINDOW = {"name": "training", "owner": "retention", "matchers": ['model="churn"', 'severity="ticket"']}
DOWN = {"name": "down", "source": ['rule="down"'], "target": ['rule="slow"'], "equal": ["model"]}
BODIES = {"maintenance-windows": WINDOW, "inhibitions": DOWN}


def key_of(project: Project, *scopes: str) -> Client:
    forget_keys()
    _, token = create_key(project=project, name="tests", scopes=list(scopes))
    return Client(headers={"authorization": f"Bearer {token}"})


@pytest.fixture
def api(project: Project) -> Client:
    return key_of(project, "read", "admin")


def send(client: Client, method: str, path: str, body: Any = None) -> Any:
    text = "" if body is None else json.dumps(body)
    return client.generic(method, f"/api/v1/{path}", text, content_type="application/json")


def test_a_window_is_made_changed_and_removed(api: Client, project: Project, stopped_clock: Any) -> None:
    made = send(api, "POST", "maintenance-windows", {**WINDOW, "start": "02:00", "end": "04:30", "days": [0, 4]})
    assert made.status_code == 201, made.content
    told = made.json()
    assert {name: told[name] for name in WINDOW} == WINDOW
    assert (told["start"], told["end"], told["time_zone"], told["enabled"]) == ("02:00:00", "04:30:00", "UTC", True)
    assert len(told["next"]) == 3
    url = f"maintenance-windows/{told['id']}"
    changed = send(api, "PATCH", url, {"matchers": ["model=churn, environment!=test"], "enabled": False}).json()
    assert (changed["matchers"], changed["next"]) == (['model="churn"', 'environment!="test"'], [])
    assert (changed["days"], changed["end"]) == ([0, 4], "04:30:00")
    assert send(api, "GET", url).json() == changed
    assert send(api, "GET", "maintenance-windows").json()["items"] == [changed]
    assert Maintenance.objects.get().matchers[0] == {
        "name": "model",
        "value": "churn",
        "isRegex": False,
        "isEqual": True,
    }
    assert send(api, "DELETE", url).status_code == 204
    assert [send(api, method, url, {}).status_code for method in ("GET", "PATCH", "DELETE")] == [404] * 3


def test_an_inhibition_is_made_changed_and_removed(api: Client) -> None:
    made = send(api, "POST", "inhibitions", DOWN)
    assert made.status_code == 201, made.content
    assert made.json() == {**DOWN, "id": made.json()["id"], "enabled": True}
    url = f"inhibitions/{made.json()['id']}"
    changed = send(api, "PATCH", url, {"equal": [], "source": ["rule=~down.*"]}).json()
    assert (changed["equal"], changed["source"], changed["target"]) == ([], ['rule=~"down.*"'], DOWN["target"])
    assert send(api, "GET", url).json() == changed
    assert send(api, "GET", "inhibitions").json()["items"] == [changed]
    assert send(api, "DELETE", url).status_code == 204
    assert [send(api, method, url, {}).status_code for method in ("GET", "PATCH", "DELETE")] == [404] * 3


@pytest.mark.parametrize(
    ("section", "wrong", "pointer"),
    [
        ("maintenance-windows", {"matchers": []}, "/matchers"),
        ("maintenance-windows", {"matchers": ["a=~.*"]}, "/matchers"),
        ("maintenance-windows", {"matchers": "a=b"}, "/matchers"),
        ("maintenance-windows", {"days": []}, "/days"),
        ("maintenance-windows", {"days": [7]}, "/days"),
        ("maintenance-windows", {"days": [1, 1]}, "/days"),
        ("maintenance-windows", {"start": "25:00"}, "/start"),
        ("maintenance-windows", {"time_zone": "Mars/Base"}, "/time_zone"),
        ("maintenance-windows", {"owner": ""}, "/owner"),
        ("maintenance-windows", {"next": []}, "/next"),
        ("inhibitions", {"source": []}, "/source"),
        ("inhibitions", {"target": ["slow"]}, "/target"),
        ("inhibitions", {"equal": ["a b"]}, "/equal"),
        ("inhibitions", {"name": "n" * 121}, "/name"),
        ("inhibitions", {"sauce": []}, "/sauce"),
    ],
)
def test_what_is_wrong_is_pointed_at(api: Client, section: str, wrong: dict[str, Any], pointer: str) -> None:
    there = send(api, "POST", section, {**BODIES[section], "name": "there"}).json()
    for method, path, body in (
        ("POST", section, {**BODIES[section], **wrong}),
        ("PATCH", f"{section}/{there['id']}", wrong),
    ):
        answer = send(api, method, path, body)
        assert answer.status_code == 400, answer.content
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert send(api, "GET", section).json()["items"] == [there]


@pytest.mark.parametrize("section", BODIES)
def test_names_are_taken_once_in_a_project(api: Client, other_project: Project, section: str) -> None:
    send(api, "POST", section, BODIES[section])
    assert send(api, "POST", section, BODIES[section]).status_code == 409
    other = send(api, "POST", section, {**BODIES[section], "name": "other"}).json()
    assert send(api, "PATCH", f"{section}/{other['id']}", {"name": BODIES[section]["name"]}).status_code == 409
    elsewhere = key_of(other_project, "read", "admin")
    assert send(elsewhere, "GET", f"{section}/{other['id']}").status_code == 404
    assert send(elsewhere, "DELETE", f"{section}/{other['id']}").status_code == 404
    assert send(elsewhere, "POST", section, BODIES[section]).status_code == 201


@pytest.mark.parametrize("section", BODIES)
def test_writing_takes_the_scope_or_the_permission(
    api: Client, project: Project, as_ana: Client, as_bia: Client, section: str
) -> None:
    url = f"{section}/{send(api, 'POST', section, BODIES[section]).json()['id']}"
    reader = key_of(project, "read", "respond")
    for method, path in (("POST", section), ("PATCH", url), ("DELETE", url)):
        assert send(reader, method, path, BODIES[section]).status_code == 403
        assert send(as_bia, method, f"{path}?project={project.slug}", BODIES[section]).status_code == 403
    assert send(reader, "GET", url).status_code == 200
    assert send(as_ana, "DELETE", f"{url}?project={project.slug}").status_code == 204
    assert send(reader, "GET", section).json() == {"items": []}
