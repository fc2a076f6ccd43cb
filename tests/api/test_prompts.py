"""`/api/v1/prompts`: definitions, versions that stay as they were used, differences."""

from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from models_registry.keys import create_key
from models_registry.models import Model, Prompt, PromptVersion

pytestmark = pytest.mark.django_db
LONG = "x" * 201


@pytest.fixture
def api(support_assistant: Model) -> Client:
    token = create_key(project=support_assistant.project, name="k", scopes=["admin", "read"])[1]
    return Client(headers={"Authorization": f"Bearer {token}"})


def post(api: Client, path: str, body: Any) -> Any:
    return api.post(f"/api/v1/prompts{path}", body, content_type="application/json")


def test_a_prompt_and_its_versions_are_defined_and_read_back(api: Client):
    made = post(api, "", {"name": "support/answer", "model": "support-assistant", "owner": "ana"})
    assert (made.status_code, made.json()["model"], made.json()["reviewed"]) == (201, "support-assistant", True)
    assert post(api, "", {"name": "support/answer", "description": "x"}).status_code == 200
    body = {"version": "1", "template": "Be kind.", "parameters": {"temperature": 0.2}, "author": "ana"}
    assert post(api, "/support/answer/versions", body).status_code == 201
    assert post(api, "/support/answer/versions", body).status_code == 200
    [version] = api.get("/api/v1/prompts/support/answer/versions").json()["items"]
    assert {name: version[name] for name in body} == body
    assert api.get("/api/v1/prompts", {"model": "support-assistant"}).json()["items"][0]["owner"] == "ana"
    assert api.get("/api/v1/prompts", {"model": "other"}).json()["items"] == []
    assert api.get("/api/v1/prompts/support/answer").json()["description"] == "x"


def test_a_list_leaves_long_texts_out_and_says_so(api: Client):
    post(api, "", {"name": "answer"})
    messages = [{"role": "system", "content": "é" * 3_000}]
    post(api, "/answer/versions", {"version": "short", "template": "Be kind.", "parameters": {"a": [1, None]}})
    post(api, "/answer/versions", {"version": "long", "template": messages, "parameters": {"n": 1}})
    post(api, "/answer/versions", {"version": "bare"})
    url = "/api/v1/prompts/answer/versions"
    bare, cut, short = api.get(url).json()["items"]
    assert (cut["template"], cut["parameters"], cut["left_out"]) == (None, {"n": 1}, ["template"])
    assert (short["template"], short["parameters"], short["left_out"]) == ("Be kind.", {"a": [1, None]}, [])
    assert (bare["template"], bare["parameters"], bare["left_out"]) == (None, None, [])
    [whole] = api.get(url, {"version": "long"}).json()["items"]
    assert (whole["template"], whole["left_out"]) == (messages, [])
    assert api.get(url, {"version": "gone"}).status_code == 404
    for number in range(60):
        body = {"version": f"v{number}", "template": "x" * 199_990}
        PromptVersion.objects.create(prompt=Prompt.objects.get(), **body)
    assert len(api.get(url).content) < 60_000


@pytest.mark.parametrize("changed", [{"template": "Be rude."}, {"parameters": {"temperature": 1}}])
def test_what_calls_used_does_not_change(api: Client, now: datetime, changed: dict[str, Any]):
    post(api, "", {"name": "answer"})
    body = {"version": "1", "template": "Be kind.", "parameters": {"temperature": 0.2}}
    post(api, "/answer/versions", body)
    assert post(api, "/answer/versions", body | changed).status_code == 200
    post(api, "/answer/versions", body)
    PromptVersion.objects.update(first_used_at=now)
    refused = post(api, "/answer/versions", body | changed)
    assert (refused.status_code, refused.json()["code"]) == (409, "prompt_version_in_use")
    assert next(iter(changed)) in refused.json()["detail"]
    row = PromptVersion.objects.get()
    assert (row.template, row.parameters) == (body["template"], body["parameters"])
    assert post(api, "/answer/versions", {"version": "1", "note": "why"}).status_code == 200
    row.refresh_from_db()
    assert (row.note, row.template) == ("why", "Be kind.")


def test_what_calls_named_first_can_still_be_described(api: Client, now: datetime):
    prompt = Prompt.objects.create(project_id=Model.objects.get().project_id, name="answer")
    PromptVersion.objects.create(prompt=prompt, version="1", first_used_at=now, observed_system="Be kind.")
    said = post(api, "/answer/versions", {"version": "1", "template": "Be kind."})
    assert (said.status_code, said.json()["reviewed"]) == (200, True)
    assert post(api, "/answer/versions", {"version": "1", "template": "Be rude."}).status_code == 409


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("", [], ""), ("", {}, "/name"), ("", {"name": LONG}, "/name"), ("", {"name": 7}, "/name"),
        ("", {"name": "a\x00"}, "/name"), ("", {"name": "a", "model": "nobody"}, "/model"),
        ("/answer/versions", {}, "/version"), ("/answer/versions", {"version": LONG}, "/version"),
        ("/answer/versions", {"version": "1", "template": ""}, "/template"),
        ("/answer/versions", {"version": "1", "template": [{"role": "system"}]}, "/template"),
        ("/answer/versions", {"version": "1", "template": [{"role": "system", "content": "x", "evil": 1}]}, "/template"),
        ("/answer/versions", {"version": "1", "template": "x" * 200_001}, "/template"),
        ("/answer/versions", {"version": "1", "template": 7}, "/template"),
        ("/answer/versions", {"version": "1", "parameters": [1]}, "/parameters"),
        ("/answer/versions", {"version": "1", "parameters": {"stop": "x" * 200_001}}, "/parameters"),
        ("/answer/versions", {"version": "1", "parameters": {"a/b~": {"c": ["\0"]}}}, "/parameters/a~1b~0/c/0"),
        ("/answer/versions", {"version": "1", "template": [{"role": "user", "content": "x", "name": 7}]}, "/template"),
        ("/answer/versions", {"version": "1", "note": "x" * 10_001}, "/note"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_where_it_stands(api: Client, path: str, body: Any, pointer: str):
    post(api, "", {"name": "answer"})
    said = post(api, path, body)
    assert said.status_code == 400, said.content
    assert said.json()["errors"][0]["pointer"] == pointer
    assert not PromptVersion.objects.exists()


def test_two_who_define_the_same_at_once_are_told(api: Client, monkeypatch: pytest.MonkeyPatch):
    """The other one is first, after this one has looked."""
    look = Prompt.full_clean

    def late(row: Prompt) -> None:
        look(row)
        Prompt.objects.create(project=row.project, name=row.name)

    monkeypatch.setattr(Prompt, "full_clean", late)
    said = post(api, "", {"name": "answer"})
    assert (said.status_code, said.json()["code"]) == (409, "defined_at_once")
    monkeypatch.undo()
    assert post(api, "", {"name": "answer"}).status_code == 200
    look_too = PromptVersion.full_clean

    def late_too(row: PromptVersion) -> None:
        look_too(row)
        PromptVersion.objects.create(prompt=row.prompt, version=row.version)

    monkeypatch.setattr(PromptVersion, "full_clean", late_too)
    said = post(api, "/answer/versions", {"version": "1"})
    assert (said.status_code, said.json()["code"]) == (409, "defined_at_once")


def test_differences_are_lines_and_parameters(api: Client):
    post(api, "", {"name": "answer"})
    assert api.get("/api/v1/prompts/answer/diff").status_code == 404
    post(api, "/answer/versions", {"version": "1", "template": "Be kind.\nBe short.", "parameters": {"n": 1}})
    post(api, "/answer/versions", {"version": "2", "template": "Be kind.\nBe long.", "parameters": {"n": 1, "m": 2}})
    said = api.get("/api/v1/prompts/answer/diff").json()
    assert (said["from"], said["to"]) == ("1", "2")
    assert [(line["change"], line["text"]) for line in said["lines"]] == [
        ("same", "Be kind."),
        ("removed", "Be short."),
        ("added", "Be long."),
    ]
    assert said["parameters"] == [{"name": "m", "from": None, "to": "2"}]
    back = api.get("/api/v1/prompts/answer/diff", {"from": "2", "to": "1"}).json()
    assert (back["from"], back["to"]) == ("2", "1")
    assert api.get("/api/v1/prompts/answer/diff", {"from": "2", "to": "9"}).status_code == 404


def test_keys_without_the_scope_and_other_projects_learn_nothing(api: Client, other_project: Any):
    post(api, "", {"name": "answer"})
    reader = create_key(project=other_project, name="r", scopes=["read"])[1]
    other = Client(headers={"Authorization": f"Bearer {reader}"})
    assert other.get("/api/v1/prompts").json()["items"] == []
    assert other.get("/api/v1/prompts/answer").status_code == 404
    assert other.post("/api/v1/prompts", {"name": "x"}, content_type="application/json").status_code == 403
