"""What every answer of the API has in common: tags, writes that are done once, a pace; and bodies without unknown fields."""

import json
from collections.abc import Callable
from datetime import timedelta
from hashlib import blake2b
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from config.api import edge
from lib.clock import real_now
from models_registry import once
from models_registry.keys import create_key, forget_keys, revoke_key
from models_registry.models import ApiKey, GivenAnswer, Model, Project
from monitoring.ingest.pace import Pace
from tests.cast import make_incident

pytestmark = pytest.mark.django_db


@pytest.fixture
def token(project: Project) -> str:
    forget_keys()
    return create_key(project=project, name="tests", scopes=["read", "respond", "admin"])[1]


@pytest.fixture
def call(token: str) -> Callable[..., Any]:
    client = Client(headers={"authorization": f"Bearer {token}"})

    def call(method: str, path: str, body: Any = None, **headers: str) -> Any:
        text = "" if body is None else json.dumps(body)
        return client.generic(method, f"/api/v1/{path}", text, content_type="application/json", headers=headers)

    return call


def test_the_same_answer_is_not_sent_twice(call: Any, credit_risk: Model) -> None:
    first = call("GET", "models")
    again = call("GET", "models", if_none_match=first["ETag"])
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    credit_risk.name = "Another name"
    credit_risk.save()
    changed = call("GET", "models", if_none_match=first["ETag"])
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]
    assert "ETag" not in call("GET", "models/gone")


def test_a_write_that_is_sent_again_is_done_once(call: Any, project: Project) -> None:
    body = {"name": "service", "scopes": ["ingest"]}
    first = call("POST", "keys", body, idempotency_key="a")
    again = call("POST", "keys", body, idempotency_key="a")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert (first.has_header("Idempotency-Replayed"), again["Idempotency-Replayed"]) == (False, "true")
    assert ApiKey.objects.filter(project=project).count() == 2
    assert first.json()["key"].encode() not in bytes(GivenAnswer.objects.get().body)
    assert call("POST", "keys", body, idempotency_key="b").json()["prefix"] != first.json()["prefix"]


def test_another_request_with_the_same_key_is_refused(call: Any) -> None:
    call("POST", "keys", {"name": "a", "scopes": ["ingest"]}, idempotency_key="a")
    other = call("POST", "keys", {"name": "b", "scopes": ["ingest"]}, idempotency_key="a")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    long = call("POST", "keys", {"name": "a", "scopes": ["ingest"]}, idempotency_key="a" * 201)
    assert (long.status_code, long.json()["code"]) == (400, "bad_idempotency_key")


def test_bodies_are_kept_as_keyed_digests(call: Any, settings: Any) -> None:
    """One may hold a password; whoever reads the table cannot try guesses on it."""
    body = {"name": "service", "scopes": ["ingest"]}
    made = call("POST", "keys", body, idempotency_key="a")
    kept, sent = bytes(GivenAnswer.objects.get().asked), made.wsgi_request.body
    assert kept == once.digest_of_body(sent)
    assert kept not in (once.digest(sent), blake2b(sent, digest_size=16).digest())
    settings.SECRET_KEY = "another"
    assert call("POST", "keys", body, idempotency_key="a").status_code == 422, "not done twice either"


def test_what_was_refused_for_its_fields_may_be_mended_and_sent_again(call: Any) -> None:
    assert call("POST", "keys", {"name": "a"}, idempotency_key="a").status_code == 400
    assert call("POST", "keys", {"name": "a", "scopes": ["ingest"]}, idempotency_key="a").status_code == 201


def test_one_that_is_being_worked_on_is_waited_for_but_not_for_ever(call: Any, token: str) -> None:
    body = {"name": "a", "scopes": ["ingest"]}
    call("POST", "keys", body, idempotency_key="a")
    GivenAnswer.objects.update(status=None, created_at=real_now())
    waits = call("POST", "keys", body, idempotency_key="a")
    assert (waits.status_code, waits.json()["code"], waits["Retry-After"]) == (409, "idempotency_key_in_use", "1")
    GivenAnswer.objects.update(created_at=real_now() - once.PATIENCE)
    assert call("POST", "keys", body, idempotency_key="a").status_code == 201


def test_answers_are_forgotten_after_a_day_and_strangers_write_nothing(call: Any) -> None:
    call("POST", "keys", {"name": "a", "scopes": ["ingest"]}, idempotency_key="a")
    GivenAnswer.objects.update(created_at=real_now() - timedelta(hours=24))
    once.begin(b"x" * 16, b"y" * 16, now=real_now())
    assert GivenAnswer.objects.count() == 1
    headers = {"Authorization": "Bearer at_0_no", "Idempotency-Key": "a"}
    assert Client().post("/api/v1/keys", "{}", content_type="application/json", headers=headers).status_code == 401
    assert GivenAnswer.objects.count() == 1


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer at_0_no"}, {"cookie": "sessionid=none"}])
def test_for_strangers_not_even_an_answer_is_looked_up(db: None, headers: dict[str, str]) -> None:
    given = {**headers, "idempotency-key": "a"}
    with CaptureQueriesContext(connection) as asked:
        answer = Client().post("/api/v1/keys", "{}", content_type="application/json", headers=given)
    assert answer.status_code == 401
    assert not [one["sql"] for one in asked if GivenAnswer._meta.db_table in one["sql"]]


def test_where_there_is_a_ceiling_every_answer_tells_of_it(call: Any, settings: Any, monkeypatch: Any) -> None:
    assert call("GET", "models")["RateLimit-Policy"] == '"per-second";q=1000;w=1'
    settings.API_RATE = 0
    assert "RateLimit" not in call("GET", "models")
    monkeypatch.setattr(edge, "pace", Pace())
    settings.API_RATE = 2
    answers = [call("GET", "models") for _ in range(4)]
    assert [answer.status_code for answer in answers[:2]] == [200, 200]
    assert answers[0]["RateLimit-Policy"] == '"per-second";q=2;w=1'
    assert answers[0]["RateLimit"].startswith('"per-second";r=1;t=')
    last = answers[-1]
    assert (last.status_code, last.json()["code"], last["Retry-After"]) == (429, "rate_limited", "1")
    assert last["RateLimit"].startswith('"per-second";r=0;')


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("incidents/7/acknowledge", {"text": "mine"}, "/text"),
        ("incidents/7/comment", {"text": "a", "txt": "b"}, "/txt"),
        ("incidents/7/snooze", {"hours": 1, "unitl": "soon"}, "/unitl"),
        ("routes", {"name": "all", "steps": [{"after_s": 60, "channels": ["a"], "after": 1}]}, "/steps/0/after"),
        ("prices/reprice", {"from": "2026-03-01T00:00:00Z", "dry": True}, "/dry"),
        ("prompts", {"name": "greet", "a/b~": 1}, "/a~1b~0"),
        ("keys", {"name": "a", "scopes": ["read"], "project": "other"}, "/project"),
    ],
)
def test_a_field_that_is_not_known_is_refused_with_a_pointer(
    call: Any, credit_risk: Model, path: str, body: Any, pointer: str
) -> None:
    make_incident(credit_risk.project)
    answer = call("POST", path, body)
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == (pointer, "unknown_field")
    assert error["detail"].startswith("There is no such field. It takes ")


def test_a_key_is_shown_once_and_opens_nothing_once_it_is_revoked(call: Any, project: Project) -> None:
    made = call("POST", "keys", {"name": "service", "scopes": ["read"]}).json()
    reader = Client(headers={"authorization": f"Bearer {made['key']}"})
    assert reader.get("/api/v1/models").status_code == 200
    assert reader.get("/api/v1/keys").status_code == 403
    listed = call("GET", "keys").json()["items"]
    assert [one["name"] for one in listed] == ["service", "tests"]
    assert made["key"] not in call("GET", "keys").content.decode()
    revoked = call("POST", f"keys/{made['prefix']}/revoke")
    assert revoked.json()["revoked_at"] == call("POST", f"keys/{made['prefix']}/revoke").json()["revoked_at"]
    assert reader.get("/api/v1/models").status_code == 401
    past = {"name": "a", "scopes": ["read"], "expires_at": "2020-01-01T00:00:00Z"}
    assert call("POST", "keys", past).json()["errors"][0]["pointer"] == "/expires_at"
    assert call("POST", "keys/gone/revoke").status_code == 404


def test_keys_are_for_those_who_define(project: Project, as_bia: Client, as_ana: Client) -> None:
    body = json.dumps({"name": "service", "scopes": ["read"]})
    for person, status in ((as_bia, 403), (as_ana, 201)):
        answer = person.post("/api/v1/keys?project=aurora", body, content_type="application/json")
        assert answer.status_code == status, answer.content
    assert ApiKey.objects.get().created_by.username == "ana"


def test_projects_are_made_by_people_and_seen_by_their_keys(
    call: Any, project: Project, other_project: Project, as_ana: Client
) -> None:
    assert [one["slug"] for one in call("GET", "projects").json()["items"]] == ["aurora"]
    assert call("GET", "projects/boreal").status_code == 404
    assert call("POST", "projects", {"slug": "new", "name": "New"}).status_code == 403
    body = json.dumps({"slug": "new", "name": "New", "redact_extra": {"id": "[0-9]{6}"}})
    assert as_ana.post("/api/v1/projects", body, content_type="application/json").status_code == 201
    changed = call("PATCH", "projects/aurora", {"name": "Dawn"}).json()
    assert (changed["slug"], changed["name"]) == ("aurora", "Dawn")
    assert (
        call("PATCH", "projects/aurora", {"redact_extra": {"x": "("}})
        .json()["errors"][0]["pointer"]
        .startswith("/redact_extra")
    )
    assert call("PATCH", "projects/aurora", {"slug": "other"}).json()["errors"][0]["code"] == "unknown_field"


def test_a_revoked_key_is_not_somebody(call: Any, token: str) -> None:
    key = ApiKey.objects.get()
    revoke_key(key, now=real_now())
    assert call("POST", "keys", {}, idempotency_key="a").status_code == 401
    assert not GivenAnswer.objects.exists()
