"""A change that names the state it was decided on is made only where that still is the state, and where that can be told."""

import json
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.db.models.signals import pre_save
from django.test import Client
from django.test.utils import CaptureQueriesContext
from drf_spectacular.generators import SchemaGenerator

from alerting.models import Channel, Maintenance
from models_registry.jobs import run_jobs
from models_registry.keys import create_key, forget_keys
from models_registry.models import GivenAnswer, Model, Project

pytestmark = pytest.mark.django_db
Call = Callable[..., Any]


def caller(client: Client) -> Call:
    def call(method: str, path: str, body: Any = None, **headers: str) -> Any:
        text = "" if body is None else json.dumps(body)
        address = path if path.startswith("/") else f"/api/v1/{path}"
        return client.generic(method, address, text, content_type="application/json", headers=headers)

    return call


def by_key(project: Project, *scopes: str) -> Call:
    forget_keys()
    token = create_key(project=project, name="tests", scopes=scopes)[1]
    return caller(Client(headers={"authorization": f"Bearer {token}"}))


@pytest.fixture
def call(project: Project) -> Call:
    return by_key(project, "read", "respond", "admin")


@pytest.fixture
def window(call: Call) -> str:
    return f"maintenance-windows/{call('POST', 'maintenance-windows', WINDOW).json()['id']}"


def meanwhile(sent: Callable[[], Any], saved: type, then: Callable[[], Any]) -> tuple[int, Any]:
    """The status of `sent`, and what `then` is answered while `saved` is being written for it."""
    heard: list[Any] = []

    def once(**_: object) -> None:
        if not heard:
            heard.append(None)
            heard[0] = then()

    pre_save.connect(once, sender=saved)
    try:
        status = sent().status_code
    finally:
        pre_save.disconnect(once, sender=saved)
    return status, heard[0]


WINDOW = {"name": "nightly", "owner": "ana", "matchers": ['model="credit-risk"']}
INHIBITION = {"name": "a", "source": ['alertname="down"'], "target": ['severity="ticket"']}
QUIET = {"name": "q", "channel": "ops", "starts": "22:00", "ends": "07:00", "zone": "UTC"}


@pytest.mark.parametrize(
    ("path", "body", "change"),
    [
        ("maintenance-windows", WINDOW, {"enabled": False}),
        ("inhibitions", INHIBITION, {"enabled": False}),
        ("quiet-hours", QUIET, {"pages_pass": False}),
    ],
)
def test_what_keeps_alerts_quiet_is_made_once_and_changed_only_as_it_was_read(
    call: Call, project: Project, path: str, body: dict[str, Any], change: dict[str, Any]
) -> None:
    Channel.objects.create(project=project, name="ops", kind="console")
    made = [call("POST", path, body, idempotency_key="a") for _ in range(2)]
    assert [one.status_code for one in made] == [201, 201]
    assert made[1]["Idempotency-Replayed"] == "true"
    one = f"{path}/{made[0].json()['id']}"
    tag = call("GET", one)["ETag"]
    assert call("PATCH", one, change, if_match=tag).status_code == 200
    late = call("PATCH", one, {"name": "other"}, if_match=tag)
    assert (late.status_code, late.json()["code"]) == (412, "changed_meanwhile")
    assert call("DELETE", one, if_match=tag).status_code == 412
    assert call("GET", one).json()["name"] == body["name"]
    assert call("PATCH", one, {"name": "other"}, if_match=f'"no", W/{call("GET", one)["ETag"]}').status_code == 200
    assert call("DELETE", one, if_match="*").status_code == 204
    assert call("DELETE", one, if_match="*").status_code == 404


@pytest.mark.parametrize("tag", ["", "0", '"a"', "é", "\x80", "a b", "W/", ","])
@pytest.mark.parametrize("name", ["nightly", "a\U0009acc1x", "ação"])
def test_a_tag_of_nonsense_is_no_tag_of_anything_whatever_its_letters(call: Call, name: str, tag: str) -> None:
    one = f"definitions/maintenance_windows/{name}"
    assert call("POST", "maintenance-windows", {**WINDOW, "name": name}).status_code == 201
    for method in ("PATCH", "DELETE"):
        assert call(method, one, {}, if_match=tag).json()["code"] == "changed_meanwhile"
        assert call(method, f"{one}-gone", {}, if_match=tag).status_code == 404
    assert call("PATCH", one, {"enabled": False}, if_match=call("GET", one)["ETag"]).status_code == 200
    assert call("DELETE", one, if_match="*").status_code == 204


def test_what_has_no_tag_is_not_compared(
    call: Call, project: Project, credit_risk: Model, stopped_clock: datetime
) -> None:
    channel = Channel.objects.create(project=project, name="ops", kind="console")
    secret = call("PUT", f"channels/{channel.pk}/secret", {"secret": "a"}, if_match='"a"')
    begun = call("POST", "exports", {"dataset": "predictions"}).json()
    unfinished = call("PUT", f"exports/{begun['id']}/file", {}, if_match='"a"')
    while run_jobs(now=stopped_clock).seen:
        pass
    finished = call("PUT", f"exports/{begun['id']}/file", {}, if_match='"a"')
    page = call("PUT", "/api/docs/", {}, if_match='"a"')
    for answer in (secret, unfinished, finished, page):
        assert (answer.status_code, answer.json()["code"]) == (412, "tag_unknown")
        assert "without If-Match" in answer.json()["detail"]
    channel.refresh_from_db()
    assert not channel.secret
    assert caller(Client())("PUT", "/api/docs/", {}, if_match='"a"').status_code == 405


def test_a_key_that_may_write_and_not_read_hears_why_nothing_is_compared(project: Project, window: str) -> None:
    writer = by_key(project, "admin")
    for tag in ('"stale"', "*"):
        refused = writer("PATCH", window, {"name": "other"}, if_match=tag)
        assert (refused.status_code, refused.json()["code"]) == (412, "tag_unknown")
        assert "answered 403" in refused.json()["detail"]
        assert refused.json()["detail"].endswith("This key lacks the scope `read`; ask for a key that has it.")
    assert Maintenance.objects.get().name == "nightly"
    assert writer("PATCH", window, {"name": "other"}).status_code == 200


def test_a_person_who_names_no_project_hears_so(as_ana: Client, window: str) -> None:
    refused = caller(as_ana)("PATCH", window, {"name": "other"}, if_match='"stale"')
    assert refused.status_code == 412
    assert "add ?project=<slug>" in refused.json()["detail"]


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer at_0_no"}, {"cookie": "sessionid=none"}])
def test_strangers_take_nothing(window: str, headers: dict[str, str]) -> None:
    stranger = caller(Client())
    for method in ("PUT", "PATCH", "DELETE"):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert stranger(method, window, {}, if_match="*", **headers).status_code in (401, 403)
        assert not [one["sql"] for one in asked if GivenAnswer._meta.db_table in one["sql"]]


def test_one_at_a_time_changes_what_is_in_a_project(
    call: Call, project: Project, other_project: Project, as_ana: Client, window: str
) -> None:
    person, tag = caller(as_ana), call("GET", window)["ETag"]
    theirs, others = by_key(project, "read", "admin"), by_key(other_project, "read", "admin")

    def change(by: Call, path: str = window) -> Any:
        return by("PATCH", path, {"enabled": False}, if_match="*")

    for late in (lambda: change(person, f"{window}?project=aurora"), lambda: change(theirs)):
        status, answer = meanwhile(lambda: change(call), Maintenance, late)
        assert (status, answer.status_code, answer.json()["code"]) == (200, 412, "changed_meanwhile")
        assert "at this moment" in answer.json()["detail"]
    status, answer = meanwhile(lambda: change(call), Maintenance, lambda: change(others))
    assert (status, answer.status_code) == (200, 404)
    assert call("PATCH", window, {"enabled": True}, if_match=tag).status_code == 412
    assert not GivenAnswer.objects.exists()


def test_a_project_is_one_for_its_keys_and_for_people(call: Call, other_project: Project, as_ana: Client) -> None:
    def change(by: Call, query: str = "") -> Any:
        return by("PATCH", f"projects/aurora{query}", {"name": "Dawn"}, if_match="*")

    for query in ("", "?project=boreal"):
        status, answer = meanwhile(lambda: change(call), Project, partial(change, caller(as_ana), query))
        assert (status, answer.status_code) == (200, 412)


def test_the_document_offers_a_comparison_where_there_is_something_to_compare() -> None:
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    offered = {
        (path, method)
        for path, verbs in paths.items()
        for method, operation in verbs.items()
        if any(one["name"] == "If-Match" for one in operation.get("parameters", []))
    }
    assert ("/api/v1/maintenance-windows/{number}", "patch") in offered
    assert not [path for path, _method in offered if "get" not in paths[path]]
    assert ("/api/v1/channels/{number}/secret", "put") not in offered
