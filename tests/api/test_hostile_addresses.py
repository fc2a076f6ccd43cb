"""Whatever an address holds, every endpoint that is read answers it or refuses it with a problem."""

from datetime import datetime
from urllib.parse import quote

import pytest
from django.db import transaction
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from models_registry.keys import create_key
from models_registry.models import Model, Prompt, PromptVersion
from monitoring.models import SLO, Policy
from tests.api.bodies import OF_PEOPLE
from tests.cast import make_incident, make_person

VALUES = {
    "NUL": "%00",
    "bytes that are no UTF-8": "%ff%fe",
    "2^63": str(2**63),
    "an integer without end": "9" * 400,
    "NaN": "nan",
    "a float without end": "1e999",
    "a time before all": "0001-01-01T00:00:00%2B23:59",
    "a time after all": "9999-12-31T23:59:59-23:59",
    "another digit": quote("²٣"),
    "a cursor": "AAAAAAAAAAAAAAAAAAAAAA",
}
# What an answer needs at least, where the schema does not say so.
NEEDED = {"champion": "1", "challenger": "2", "measure": "accuracy", "model": "credit-risk", "by": "day"}
PARTS = {"slug": "credit-risk", "version": "1", "name": "answer", "number": "7", "uid": "0"}
PARTS |= {
    "section": "models",
    "key": "credit-risk",
    "prefix": "0",
    "request_id": "0",
    "run_id": "0",
    "session_id": "0",
    "user_id": "0",
    "username": "root",
}


@pytest.fixture
def client(credit_risk: Model, support_assistant: Model, stopped_clock: datetime) -> Client:
    project = credit_risk.project
    prompt = Prompt.objects.create(project=project, name="answer", model=support_assistant)
    PromptVersion.objects.create(prompt=prompt, version="1")
    credit_risk.versions.create(version="2")
    make_incident(project, 7, model=credit_risk)
    for definition in (SLO(sli="availability", target=0.9), Policy()):
        definition.project, definition.slug, definition.model = project, "credit-risk", credit_risk
        definition.save()
    _, token = create_key(project=project, name="anybody", scopes=["read", "admin", "respond"])
    return Client(raise_request_exception=False, headers={"authorization": f"Bearer {token}"})


@pytest.fixture
def person() -> Client:
    root = make_person("root")
    root.is_superuser = True
    root.save()
    client = Client(raise_request_exception=False)
    client.force_login(root)
    return client


def complaint(client: Client, url: str) -> str:
    with transaction.atomic():  # on PostgreSQL an error would spoil the transaction of the test
        answer = client.get(url)
        transaction.set_rollback(True)
    ours = url.startswith("/api/v1/")  # v2 is a protocol of others, with refusals of its own
    is_problem = answer["Content-Type"] == "application/problem+json"
    if answer.status_code >= 500 or (answer.status_code >= 400 and ours and not is_problem):
        return f"{answer.status_code} {url[:200]}: {answer.content[:100]!a}"
    return ""


def test_nothing_in_an_address_is_a_server_error(client: Client, person: Client) -> None:
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    wrong = []
    for path, verbs in paths.items():
        if "get" not in verbs:
            continue
        parameters = verbs["get"].get("parameters", [])
        names = {place: [one["name"] for one in parameters if one["in"] == place] for place in ("path", "query")}
        query = {name: NEEDED[name] for name in names["query"] if name in NEEDED}
        asks = person if path.startswith(OF_PEOPLE) else client
        for value in VALUES.values():
            for name in names["path"]:
                parts = {part: PARTS[part] for part in names["path"]} | {name: value}
                wrong.append(complaint(asks, path.format(**parts)))
            for name in names["query"]:
                given = "&".join(f"{key}={one}" for key, one in (query | {name: value}).items())
                wrong.append(complaint(asks, f"{path.format(**PARTS)}?{given}"))
    assert not list(filter(None, wrong)), "\n".join(filter(None, wrong))


def test_a_parameter_that_narrows_nothing_is_refused_where_others_narrow(client: Client, person: Client) -> None:
    """Those of which any name is good are asked of a policy: names that it does not know are parameters of the call."""
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    ignored = []
    for path, method, operation in (
        (path, method, one) for path, verbs in paths.items() for method, one in verbs.items()
    ):
        asked = [one for one in operation.get("parameters", []) if one["in"] == "query"]
        if not path.startswith("/api/v1/") or not asked or path.endswith("/decision"):
            continue
        query = "&".join(f"{one['name']}={NEEDED[one['name']]}" for one in asked if one.get("required"))
        url = f"{path.format(**PARTS)}?{query}&colour=red"
        asks = person if path.startswith(OF_PEOPLE) else client
        answer = asks.generic(method.upper(), url, "" if method == "get" else "{}", content_type="application/json")
        pointer = answer.json()["errors"][0]["pointer"] if answer.status_code == 400 else ""
        if pointer != "/colour" and answer.status_code != 404:
            ignored.append(f"{method} {path}: {answer.status_code} {answer.content[:150]!a}")
    assert not ignored, "\n".join(ignored)
