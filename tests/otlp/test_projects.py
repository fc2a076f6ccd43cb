"""An SDK of Langfuse asks which project its keys are of, to know whether they are good."""

from base64 import b64encode

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db
PATH = "/api/public/projects"


def ask(secret: str) -> tuple[int, dict]:
    pair = b64encode(f"pk-lf-any:{secret}".encode()).decode()
    answer = Client().get(PATH, headers={"authorization": f"Basic {pair}"})
    return answer.status_code, answer.json()


def test_it_is_the_project_of_the_key(token, project):
    status, told = ask(token)
    assert status == 200
    (found,) = told["data"]
    assert found == {
        "id": project.slug,
        "name": project.name,
        "organization": {"id": project.slug, "name": project.name},
        "metadata": {},
    }


def test_a_key_that_is_none_hears_so(project):
    assert ask("at_0_nothing")[0] == 401


def test_nothing_is_sent_there(token):
    answer = Client().post(PATH, headers={"authorization": f"Bearer {token}"})
    assert (answer.status_code, answer["Allow"]) == (405, "GET")
