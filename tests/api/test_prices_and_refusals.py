"""What a language model costs, and why something did not arrive: by API as on the pages."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from models_registry.keys import create_key
from models_registry.models import Project
from monitoring.drain import drain_until_empty
from monitoring.models import OwnPrice
from tests.cast import NOW
from tests.monitoring.conftest import put as put  # a fixture

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(project: Project) -> Client:
    token = create_key(project=project, name="k", scopes=["read", "ingest"])[1]
    return Client(headers={"Authorization": f"Bearer {token}"})


def price(api: Client, **asked: str) -> Any:
    answer = api.get("/api/v1/prices", asked)
    assert answer.status_code == 200, answer.content
    return answer.json()["price"]


def test_the_list_price_is_told_and_the_own_one_goes_before_it(api: Client, project: Project) -> None:
    listed = price(api, provider="openai", model="gpt-4o-2024-08-06", at="2026-03-10T12:00:00Z")
    assert (listed["provider"], listed["rates"]["input"], listed["rates"]["output"]) == ("openai", 2.5, 10)
    assert listed["source"].startswith("genai-prices ")
    OwnPrice.objects.create(
        project=project, name="deal", model="gpt-4o*", valid_from=date(2026, 3, 1), input=Decimal("1.25"),
        tiers=[{"above": 1000, "input": 2}], context_window=128_000,
    )  # fmt: skip
    assert price(api, model="gpt-4o", at="2026-03-10T12:00:00Z") == {
        "source": "own:deal",
        "provider": "",
        "model": "gpt-4o*",
        "valid_from": "2026-03-01",
        "rates": {"input": 1.25},
        "tiers": [{"above": 1000, "input": 2}],
        "context_window": 128_000,
    }
    assert price(api, model="gpt-4o", at="2026-02-10T12:00:00Z")["source"] != "own:deal"


def test_what_nobody_prices_is_null_and_no_name_is_a_question(api: Client) -> None:
    assert price(api, model="of-our-own-7b") is None
    for asked in ({}, {"model": " "}, {"model": "gpt-4o", "at": "yesterday"}):
        answer = api.get("/api/v1/prices", asked)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_what_was_refused_is_told_with_its_reason(api: Client, project: Project) -> None:
    nobody = Client(headers={"Authorization": "Bearer at_0123_secret", "User-Agent": "curl/8"})
    assert nobody.post("/api/v1/logs", "{}", content_type="application/json").status_code == 401
    assert api.post("/api/v1/logs", "{}", content_type="text/plain").status_code == 415
    old = (NOW - timedelta(days=60)).isoformat()
    body = [{"message": "a", "ts": old}, {"message": "b", "ts": old}, {"message": "c"}]
    assert api.post("/api/v1/logs", body, content_type="application/json").json()["rejected"] == 2
    drain_until_empty(now=NOW)
    told = api.get("/api/v1/refusals").json()
    requests = {one["code"]: one for one in told["requests"]}
    assert requests["not_authenticated"]["unknown_key"]
    assert requests["not_authenticated"]["agent"] == "curl/8"
    assert (requests["unsupported_media_type"]["path"], requests["unsupported_media_type"]["unknown_key"]) == (
        "/api/v1/logs",
        False,
    )
    (items,) = told["items"]
    assert (items["kind"], items["code"], items["count"]) == ("log", "timestamp_out_of_range", 2)


def test_what_another_project_was_refused_is_not_told(api: Client) -> None:
    other = create_key(project=Project.objects.create(slug="other", name="O"), name="k", scopes=["ingest"])[1]
    client = Client(headers={"Authorization": f"Bearer {other}"})
    assert client.post("/api/v1/logs", "{}", content_type="text/plain").status_code == 415
    assert api.get("/api/v1/refusals").json() == {"requests": [], "items": []}
