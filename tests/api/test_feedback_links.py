"""`POST /api/v1/feedback-links`, and the same link signed by the programs of the documentation."""

import re
import shutil
import subprocess
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from lib.clock import real_now
from models_registry.keys import create_key
from models_registry.links import open_link
from models_registry.models import Project

pytestmark = pytest.mark.django_db
DOCS = Path(__file__).parents[2] / "docs" / "api" / "feedback-links.md"


def asking(project: Project, *scopes: str) -> tuple[Client, str]:
    token = create_key(project=project, name="app", scopes=scopes)[1]
    return Client(headers={"Authorization": f"Bearer {token}"}), token


def test_a_link_is_signed_for_an_answer(project: Project):
    api, _ = asking(project, "ingest")
    body = {"target_id": "call-1", "user_id": "u-42", "expires_in": 600, "kinds": ["comment", "thumb"]}
    said = api.post("/api/v1/feedback-links", body, content_type="application/json")
    assert said.status_code == 201, said.content
    link = open_link(said.json()["url"].rpartition("/")[2], real_now=real_now())
    assert (link.claims.t, link.claims.u, link.claims.k) == ("call-1", "u-42", ("thumb", "comment"))
    ends = datetime.fromisoformat(said.json()["expires_at"])
    assert timedelta(seconds=590) < ends - real_now() <= timedelta(seconds=600)
    assert link.claims.e == int(ends.timestamp())


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/target_id"), ({"target_id": ""}, "/target_id"), ({"target_id": "a" * 201}, "/target_id"),
        ({"target_id": "a", "kinds": ["stars"]}, "/kinds"), ({"target_id": "a", "kinds": []}, "/kinds"),
        ({"target_id": "a", "kinds": "thumb"}, "/kinds"), ({"target_id": "a", "expires_in": 59}, "/expires_in"),
        ({"target_id": "a", "expires_in": 10**9}, "/expires_in"), ({"target_id": "a", "expires_in": "soon"}, "/expires_in"),
        ({"target_id": "a", "user_id": "u" * 201}, "/user_id"), ([], ""),
    ],
)  # fmt: skip
def test_what_cannot_be_signed_is_refused_with_its_field(project: Project, body: Any, pointer: str):
    said = asking(project, "ingest")[0].post("/api/v1/feedback-links", body, content_type="application/json")
    assert said.status_code == 400
    assert said.json()["errors"][0]["pointer"].startswith(pointer)


def test_only_keys_that_may_send_feedback_sign(project: Project, as_admin: Client):
    body = {"target_id": "call-1"}
    assert asking(project, "read")[0].post("/api/v1/feedback-links", body, "application/json").status_code == 403
    assert as_admin.post(f"/api/v1/feedback-links?project={project.slug}", body, "application/json").status_code == 403
    assert Client().post("/api/v1/feedback-links", body, "application/json").status_code == 401


def snippet(language: str) -> str:
    [text] = re.findall(rf"^```{language}\n(.*?)^```", DOCS.read_text(), re.DOTALL | re.MULTILINE)
    return text


def test_the_python_of_the_documentation_signs_links_that_open(project: Project):
    _, key = asking(project, "ingest")
    world: dict[str, Any] = {}
    exec(snippet("python"), world)
    url = world["feedback_link"]("https://panel.example", key, "call-1", user_id="u-42", kinds=["thumb"])
    link = open_link(url.removeprefix("https://panel.example/f/"), real_now=real_now())
    assert (link.claims.t, link.claims.u, link.claims.k) == ("call-1", "u-42", ("thumb",))


def test_the_javascript_of_the_documentation_signs_links_that_open(project: Project):
    node = shutil.which("node")
    text = snippet("js")
    if node is None:  # then at least it says what the other one says
        assert "atalaia feedback links" in text
        assert '"base64url"' in text
        return
    _, key = asking(project, "ingest")
    script = f'{text}\nprocess.stdout.write(feedbackLink("https://panel.example", {key!r}, "call-1"))'
    url = subprocess.run([node, "-e", script], capture_output=True, text=True, check=True).stdout
    assert open_link(url.removeprefix("https://panel.example/f/"), real_now=real_now()).claims.t == "call-1"
