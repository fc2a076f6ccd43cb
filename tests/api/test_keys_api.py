"""Keys by API: another name, another end, another secret; by the rights that the admin asks for."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils.timezone import localtime

from lib.clock import real_now
from models_registry.keys import create_key, forget_keys
from models_registry.models import ApiKey, Project, User
from tests.cast import make_person

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def api(project: Project) -> Client:
    forget_keys()
    return holder(project, "admin")


@pytest.fixture
def key(project: Project) -> tuple[ApiKey, Client]:
    made, token = create_key(project=project, name="service", scopes=["read", "ingest"])
    return made, Client(headers={"Authorization": f"Bearer {token}"})


def holder(project: Project, *scopes: str) -> Client:
    token = create_key(project=project, name="k", scopes=scopes)[1]
    return Client(headers={"Authorization": f"Bearer {token}"})


def send(api: Client, method: str, path: str, body: Any = None) -> Any:
    return getattr(api, method)(f"/api/v1/keys/{path}", body, content_type="application/json")


def opens(client: Client) -> bool:
    return client.get("/api/v1/models").status_code == 200


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_key_gets_another_name_and_an_end(api: Client, key: tuple[ApiKey, Client]) -> None:
    made, service = key
    assert opens(service)
    end = real_now() + DAY
    changed = send(api, "patch", made.prefix, {"name": "churn service", "expires_at": end.isoformat()})
    assert changed.status_code == 200
    told = changed.json()
    assert (told["name"], moment(told["expires_at"]), told["scopes"]) == ("churn service", end, ["ingest", "read"])
    assert send(api, "get", made.prefix).json()["name"] == "churn service"
    assert "key" not in told
    assert opens(service)
    for text in ("2020-01-01T00:00:00Z", "soon"):
        refused = send(api, "patch", made.prefix, {"expires_at": text})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/expires_at")
    assert send(api, "patch", made.prefix, {"scopes": ["admin"]}).json()["errors"][0]["code"] == "unknown_field"
    assert send(api, "patch", made.prefix, {"expires_at": None}).json()["expires_at"] is None


def test_an_end_that_was_given_holds_at_once(api: Client, key: tuple[ApiKey, Client]) -> None:
    made, service = key
    assert opens(service), "and is remembered"
    rotated = send(api, "post", f"{made.prefix}/rotate", {"overlap_s": 0})
    assert rotated.status_code == 201
    assert not opens(service)


def test_a_rotated_key_opens_beside_the_new_one_until_the_overlap_is_over(
    api: Client, key: tuple[ApiKey, Client]
) -> None:
    made, service = key
    before = real_now()
    end = before + 30 * DAY
    told = send(api, "post", f"{made.prefix}/rotate", {"overlap_s": 3_600, "expires_at": end.isoformat()}).json()
    assert (told["name"], told["scopes"], moment(told["expires_at"])) == ("service", ["ingest", "read"], end)
    assert told["prefix"] != made.prefix
    fresh = Client(headers={"Authorization": f"Bearer {told['key']}"})
    assert opens(fresh)
    assert opens(service)
    made.refresh_from_db()
    hour = timedelta(hours=1)
    assert before + hour <= made.expires_at <= real_now() + hour
    assert told["key"] not in send(api, "get", told["prefix"]).content.decode()


def test_a_rotation_lengthens_no_life_and_wakes_no_dead(api: Client, key: tuple[ApiKey, Client]) -> None:
    made, _ = key
    soon = real_now() + timedelta(minutes=1)
    ApiKey.objects.filter(pk=made.pk).update(expires_at=soon)
    assert send(api, "post", f"{made.prefix}/rotate", {}).status_code == 201
    made.refresh_from_db()
    assert made.expires_at == soon
    ApiKey.objects.filter(pk=made.pk).update(expires_at=real_now() - DAY)
    for _ in range(2):  # expired, then revoked
        refused = send(api, "post", f"{made.prefix}/rotate", {})
        assert (refused.status_code, refused.json()["code"]) == (409, "refused")
        ApiKey.objects.filter(pk=made.pk).update(expires_at=None, revoked_at=real_now())
    assert send(api, "post", f"{made.prefix}/rotate", {"overlap_s": -1}).status_code == 400
    assert send(api, "post", "gone/rotate", {}).status_code == 404


def test_a_rotation_that_is_sent_again_makes_no_second_key(api: Client, key: tuple[ApiKey, Client]) -> None:
    url, count = f"/api/v1/keys/{key[0].prefix}/rotate", ApiKey.objects.count()
    answers = [
        api.post(url, {}, content_type="application/json", headers={"Idempotency-Key": "rotate-1"}) for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert ApiKey.objects.count() == count + 1


def test_a_key_that_has_ended_is_taken_off_the_list(api: Client, key: tuple[ApiKey, Client], project: Project) -> None:
    made, service = key
    refused = api.delete(f"/api/v1/keys/{made.prefix}")
    assert (refused.status_code, refused.json()["code"]) == (409, "refused")
    assert opens(service)
    assert send(api, "post", f"{made.prefix}/revoke").status_code == 200
    assert holder(project, "read", "respond").delete(f"/api/v1/keys/{made.prefix}").status_code == 403
    assert api.delete(f"/api/v1/keys/{made.prefix}").status_code == 204
    assert api.delete(f"/api/v1/keys/{made.prefix}").status_code == 404
    assert made.prefix not in send(api, "get", "").content.decode()


def test_who_may(project: Project, key: tuple[ApiKey, Client]) -> None:
    made, _ = key
    writes = [("get", "", None), ("patch", "", {"name": "n"}), ("post", "/rotate", {})]
    reader = holder(project, "read", "respond", "ingest")
    stranger = holder(Project.objects.create(slug="other", name="Other"), "admin")
    half = make_person("half")
    half.user_permissions.add(Permission.objects.get(codename="add_apikey"))
    people: dict[str, User] = {role: make_person(role, role) for role in ("viewer", "editor")} | {"half": half}
    expected = {"get": (200, 200, 403), "patch": (403, 200, 403), "post": (403, 201, 403)}
    for method, path, body in writes:
        assert send(reader, method, made.prefix + path, body).status_code == 403
        assert send(stranger, method, made.prefix + path, body).status_code == 404
        codes = []
        for person in (people["viewer"], people["editor"], people["half"]):
            client = Client()
            client.force_login(person)
            codes.append(send(client, method, f"{made.prefix}{path}?project=aurora", body).status_code)
        assert tuple(codes) == expected[method]


def test_a_form_refuses_an_end_that_is_over_and_lets_one_be_that_was(
    as_admin: Client, key: tuple[ApiKey, Client]
) -> None:
    made, service = key
    assert opens(service)
    url = f"/admin/models_registry/apikey/{made.pk}/change/"
    page = as_admin.post(url, {"name": "service", "expires_at_0": "2020-01-01", "expires_at_1": "00:00:00"})
    assert list(page.context["adminform"].form.errors) == ["expires_at"]
    ApiKey.objects.filter(pk=made.pk).update(expires_at="2020-01-01T00:00:00Z")
    shown = localtime(as_admin.get(url).context["adminform"].form.initial["expires_at"])
    forgotten = {"name": "old", "expires_at_0": f"{shown:%Y-%m-%d}", "expires_at_1": f"{shown:%H:%M:%S}"}
    assert as_admin.post(url, forgotten).status_code == 302
    made.refresh_from_db()
    assert made.name == "old"
    assert not opens(service), "this process remembered it, and read it again"
