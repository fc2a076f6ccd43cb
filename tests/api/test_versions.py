"""Versions and change markers by API: as the admin's forms have them, by the rights that these ask for."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from models_registry.keys import create_key
from models_registry.models import Deployment, Model, ModelVersion, Project, Prompt, PromptVersion
from panel.pages.history import marks
from tests.cast import make_person

pytestmark = pytest.mark.django_db
VERSIONS = "models/credit-risk/versions"


@pytest.fixture
def api(project: Project, credit_risk: Model, stopped_clock: datetime) -> Client:
    return holder(project, "admin", "read")


def holder(project: Project, *scopes: str) -> Client:
    token = create_key(project=project, name="k", scopes=scopes)[1]
    return Client(headers={"Authorization": f"Bearer {token}"})


def send(api: Client, method: str, path: str, body: Any = None) -> Any:
    return getattr(api, method)(f"/api/v1/{path}", body, content_type="application/json")


def test_a_version_is_declared_annotated_and_confirmed(api: Client, credit_risk: Model) -> None:
    made = send(api, "post", VERSIONS, {"version": "8.0", "notes": "Second quarter."})
    assert made.status_code == 201
    assert {name: made.json()[name] for name in ("version", "reviewed", "notes")} == {
        "version": "8.0", "reviewed": True, "notes": "Second quarter.",
    }  # fmt: skip
    again = send(api, "post", VERSIONS, {"version": "8.0"})
    assert (again.status_code, again.json()["code"], "PATCH" in again.json()["detail"]) == (409, "refused", True)
    ModelVersion.objects.create(model=credit_risk, version="feature/8.1")  # as an event registers it
    waiting = send(api, "get", f"{VERSIONS}?reviewed=false").json()
    assert [one["version"] for one in waiting["items"]] == ["feature/8.1"]
    changed = send(api, "patch", f"{VERSIONS}/feature/8.1", {"reviewed": True})
    assert (changed.status_code, changed.json()["reviewed"], changed.json()["notes"]) == (200, True, "")
    assert send(api, "get", f"{VERSIONS}/feature/8.1").json() == changed.json()
    page = send(api, "get", f"{VERSIONS}?limit=2").json()
    assert [one["version"] for one in page["items"]] == ["feature/8.1", "8.0"]
    rest = send(api, "get", f"{VERSIONS}?limit=2&cursor={page['next']}").json()
    assert ([one["version"] for one in rest["items"]], rest["next"]) == (["1"], None)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("get", "models/nobody/versions", None, 404),
        ("post", "models/nobody/versions", {"version": "1"}, 404),
        ("get", f"{VERSIONS}/9", None, 404),
        ("patch", f"{VERSIONS}/9", {"reviewed": True}, 404),
        ("get", f"{VERSIONS}?reviewed=maybe", None, 400),
        ("post", VERSIONS, {"version": ""}, 400),
        ("post", VERSIONS, {"version": "9", "stage": "canary"}, 400),
        ("patch", f"{VERSIONS}/1", {"version": "2"}, 400),
    ],
)
def test_what_cannot_be_is_refused(api: Client, method: str, path: str, body: Any, status: int) -> None:
    assert send(api, method, path, body).status_code == status
    assert [one.version for one in ModelVersion.objects.all()] == ["1"]


def test_the_other_addresses_of_a_version_still_answer(api: Client) -> None:
    assert "no reference" in send(api, "get", f"{VERSIONS}/1/reference").json()["detail"]
    assert send(api, "get", "models/credit-risk").json()["versions"][0]["version"] == "1"


def test_a_marker_is_written_where_charts_find_it_changed_and_taken_back(
    api: Client, credit_risk: Model, stopped_clock: datetime
) -> None:
    made = send(api, "post", "deployments", {"model": "credit-risk", "version": "8.0", "note": "Canary went well."})
    assert made.status_code == 201, made.json()
    told = made.json()
    assert told == {
        "id": told["id"], "model": "credit-risk", "version": "8.0", "kind": "deploy", "environment": "production",
        "at": "2026-03-10T15:00:00Z", "note": "Canary went well.", "prompt": None, "prompt_version": None,
    }  # fmt: skip
    assert not ModelVersion.objects.get(version="8.0").reviewed, "registered on first sight"
    day = timedelta(days=1)
    [line] = marks(credit_risk, start=stopped_clock - day, end=stopped_clock + day)
    assert "8.0" in line.label
    url = f"deployments/{told['id']}"
    changed = send(api, "patch", url, {"at": "2026-03-10T12:00:00-03:00", "environment": "staging"}).json()
    assert changed == {**told, "environment": "staging"}
    assert send(api, "get", url).json() == changed
    assert send(api, "get", "deployments?environment=production").json()["items"] == []
    assert send(api, "get", "deployments?model=credit-risk&kind=deploy").json() == {"items": [changed], "next": None}
    assert send(api, "delete", url).status_code == 204
    assert send(api, "get", url).status_code == 404
    assert not Deployment.objects.exists()


def test_a_marker_may_name_the_prompt_that_changed(api: Client, project: Project, support_assistant: Model) -> None:
    prompt = Prompt.objects.create(project=project, name="answer", model=support_assistant)
    PromptVersion.objects.create(prompt=prompt, version="v2")
    mark = {"model": "support-assistant", "version": "1", "kind": "prompt_change", "prompt": "answer"}
    made = send(api, "post", "deployments", {**mark, "prompt_version": "v2"}).json()
    assert (made["prompt"], made["prompt_version"]) == ("answer", "v2")
    assert Deployment.objects.get().what == "answer@v2"
    cleared = send(api, "patch", f"deployments/{made['id']}", {"prompt": None}).json()
    assert (cleared["prompt"], cleared["prompt_version"]) == (None, None)
    for wrong, pointer in (
        ({"prompt_version": "v9"}, "/prompt_version"),
        ({"prompt": None, "prompt_version": "v2"}, "/prompt"),
    ):
        refused = send(api, "post", "deployments", {**mark, **wrong})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, pointer)


def test_forms_and_api_refuse_a_prompt_of_another_project(
    project: Project, credit_risk: Model, as_admin: Client
) -> None:
    other = Project.objects.create(slug="other", name="Other")
    theirs = PromptVersion.objects.create(prompt=Prompt.objects.create(project=other, name="p"), version="1")
    version = credit_risk.versions.get()
    form = {
        "version": version.pk, "kind": "prompt_change", "environment": "production", "prompt_version": theirs.pk,
        "at_0": "2026-03-10", "at_1": "12:00:00", "note": "",
    }  # fmt: skip
    page = as_admin.post("/admin/models_registry/deployment/add/", form)
    assert page.context["adminform"].form.errors == {"prompt_version": ["This belongs to another project."]}


def test_unknown_models_are_no_subject_of_a_marker(api: Client) -> None:
    refused = send(api, "post", "deployments", {"model": "nobody", "version": "1"})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/model")
    assert send(api, "get", "deployments?kind=rollback").status_code == 400


def test_who_may(api: Client, project: Project, credit_risk: Model) -> None:
    mark = Deployment.objects.create(version=credit_risk.versions.get(), at="2026-03-10T15:00:00Z")
    bodies = [
        ("post", VERSIONS, {"version": "9"}),
        ("patch", f"{VERSIONS}/1", {"notes": "n"}),
        ("post", "deployments", {"model": "credit-risk", "version": "1"}),
        ("patch", f"deployments/{mark.pk}", {"note": "n"}),
        ("delete", f"deployments/{mark.pk}", None),
    ]
    reader = holder(project, "read", "respond", "ingest")
    stranger = holder(Project.objects.create(slug="other", name="Other"), "read", "admin")
    people = {}
    for role in ("viewer", "responder", "editor"):
        people[role] = Client()
        people[role].force_login(make_person(role, role))
    for method, path, body in bodies:
        assert send(reader, method, path, body).status_code == 403
        assert send(stranger, method, path, body).status_code in {400, 404}
        asked = {role: send(person, method, f"{path}?project=aurora", body) for role, person in people.items()}
        codes = {role: answer.status_code for role, answer in asked.items()}
        assert codes == {"viewer": 403, "responder": 403, "editor": codes["editor"]}
        assert codes["editor"] in {200, 201, 204}
    for path in (VERSIONS, f"{VERSIONS}/1", "deployments"):
        assert send(people["viewer"], "get", f"{path}?project=aurora").status_code == 200
