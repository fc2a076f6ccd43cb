"""What was posted can be read back, in the words of the contract, by keys and by people."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from models_registry.keys import create_key
from models_registry.models import Model, Project
from monitoring.drain import drain_until_empty
from monitoring.models import SLO
from monitoring.selectors import events
from monitoring.selectors.event_filters import read_filter
from monitoring.selectors.events import filtered


@pytest.fixture
def call(project: Project) -> Callable[..., Any]:
    _, token = create_key(project=project, name="tests", scopes=["ingest", "read", "respond"])
    client = Client(headers={"authorization": f"Bearer {token}"})

    def send(method: str, path: str, body: Any = None) -> Any:
        extra = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        return getattr(client, method)(f"/api/v1/{path}", **extra)

    return send


@pytest.fixture
def played(call: Any, credit_risk: Model, stopped_clock: datetime) -> Callable[..., Any]:
    """Ten predictions a minute apart, two of them errors, eight labelled, seven of those correct."""
    now = stopped_clock
    predictions = [
        {
            "id": f"p{i}",
            "model": "credit-risk",
            "version": "1",
            "ts": (now - timedelta(minutes=50 - i)).isoformat(),
            "prediction": "default" if i % 2 else "paid",
            "latency_ms": 10 * (i + 1),
            "request_id": f"r{i}",
            "features": {"income": 1000.5 + i},
            **({"status": "error", "error_type": "Timeout"} if i >= 8 else {}),
        }
        for i in range(10)
    ]
    outcomes = [{"prediction_id": f"p{i}", "label": "default" if i % 2 and i != 1 else "paid"} for i in range(8)]
    assert call("post", "predictions", predictions).json()["accepted"] == 10
    assert call("post", "outcomes", outcomes).json()["accepted"] == 8
    drain_until_empty(now=now)
    return call


def test_events_come_back_newest_first_and_page_by_cursor(played: Any) -> None:
    first = played("get", "predictions?limit=6").json()
    second = played("get", f"predictions?limit=6&cursor={first['next']}").json()
    assert [item["id"] for item in first["items"] + second["items"]] == [f"p{i}" for i in range(9, -1, -1)]
    assert second["next"] is None
    assert first["items"][-1]["features"] == {"income": 1004.5}


def test_fields_choose_what_is_sent(played: Any) -> None:
    assert played("get", "predictions?fields=id,label&request_id=r2").json()["items"] == [{"id": "p2", "label": "paid"}]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("model=credit-risk", 8),
        ("model=credit-risk&version=1", 8),
        ("model=credit-risk&version=2", 0),
        ("model=nope", 0),
        ("request_id=r2", 1),
        ("request_id=r9", 0),
        ("request_id=nope", 0),
    ],
)
def test_truth_and_opinions_are_found_by_what_they_are_about(
    played: Any, stopped_clock: datetime, query: str, found: int
) -> None:
    said = [{"target_id": f"p{i}", "kind": "thumb", "value": "up"} for i in range(8)]
    assert played("post", "feedback", said).json()["accepted"] == 8
    drain_until_empty(now=stopped_clock)
    for kind, target in (("outcomes", "prediction_id"), ("feedback", "target_id")):
        items = played("get", f"{kind}?{query}").json()["items"]
        assert len(items) == found
        assert "request" not in query or {item[target] for item in items} <= {"p2"}


@pytest.mark.parametrize(
    ("kind", "asked"),
    [(kind, {"request_id": "r2"}) for kind in ("outcome", "feedback")]
    + [("outcome", {"prediction_id": "p1"}), ("feedback", {"target_id": "p1"})],
)
def test_what_was_said_of_few_is_found_along_the_index_of_targets(
    played: Any, project: Project, stopped_clock: datetime, kind: str, asked: dict[str, str]
) -> None:
    rows = filtered(kind, project, read_filter(kind, asked, now=stopped_clock))
    assert f"{kind}_by_target" in rows.order_by("-ts_us").explain() or connection.vendor == "postgresql"


def test_a_business_event_is_found_by_what_it_is_about(played: Any, stopped_clock: datetime) -> None:
    played("post", "events", [{"name": "paid", "target_id": f"p{i}"} for i in range(3)])
    drain_until_empty(now=stopped_clock)
    assert [one["target_id"] for one in played("get", "events?target_id=p1").json()["items"]] == ["p1"]


def test_a_request_id_of_a_whole_batch_is_refused(played: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MOST_OF_REQUEST", 0)
    [error] = played("get", "outcomes?request_id=r2").json()["errors"]
    assert (error["pointer"], "ask by the ids" in error["detail"]) == ("/request_id", True)


def test_a_comment_alone_takes_no_thumb_back(played: Any, stopped_clock: datetime) -> None:
    played("post", "feedback", {"target_id": "p1", "kind": "thumb", "value": "up", "user_id": "z"})
    played("post", "feedback", {"target_id": "p1", "comment": "well done", "user_id": "z"})
    drain_until_empty(now=stopped_clock)
    kinds = {item["kind"] for item in played("get", "feedback?target_id=p1").json()["items"]}
    assert kinds == {"thumb", "comment"}
    assert played("get", "predictions?id=p1").json()["items"][0]["feedback"]["up"] == 1


@pytest.mark.parametrize(
    "path", ["predictions", "series?measure=requests&model=credit-risk", "log-patterns", "costs?by=model"]
)
def test_a_time_without_an_offset_is_refused(played: Any, path: str) -> None:
    joined = "&" if "?" in path else "?"
    answer = played("get", f"{path}{joined}from=2026-03-10T08:00:00")
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["pointer"], "offset" in error["detail"]) == (400, "/from", True)
    assert played("get", f"{path}{joined}from=2026-03-10T08:00:00-03:00").status_code == 200


def test_an_address_tells_what_may_be_asked_of_it(played: Any) -> None:
    for kind, posts in (("predictions", True), ("logs", True), ("spans", False)):
        allowed = played("get", f"{kind}?nope=1")["Allow"].split(", ")
        assert ("POST" in allowed) == posts


def test_an_unknown_filter_is_refused_with_its_name(played: Any) -> None:
    answer = played("get", "predictions?modle=x")
    assert answer.status_code == 400
    assert answer["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["pointer"] == "/modle"


@pytest.mark.parametrize(
    "path",
    [
        *("predictions?limit=0", "predictions?limit=abc", "predictions?cursor=zzz", "alerts?state=x"),
        *("predictions?to=0001-01-01T00:00:00Z", "costs?to=9999-12-31T00:00:00Z"),
        *("series?measure=requests&model=credit-risk&to=0001-01-01T00:00:00Z", "series?measure=requests"),
    ],
)
def test_bad_parameters_are_a_400_problem(played: Any, path: str) -> None:
    assert played("get", path).status_code == 400


def test_the_ledger_is_read_in_the_words_of_the_contract(played: Any) -> None:
    ledger = played("get", "ledger").json()
    assert ledger["kinds"]["prediction"]["stored"] == 10
    assert ledger["total"] == {
        "received": 18, "rejected": 0, "accepted": 18, "stored": 18, "duplicate": 0, "dead_lettered": 0, "pending": 0,
    }  # fmt: skip


def test_a_series_carries_value_sample_and_interval(played: Any, stopped_clock: datetime) -> None:
    start = (stopped_clock - timedelta(hours=1)).timestamp()
    path = f"series?model=credit-risk&from={start}&to={stopped_clock.timestamp()}&step=1h&measure="
    (errors,) = played("get", path + "error_rate").json()["points"]
    assert (errors["value"], errors["n"], errors["state"]) == (0.2, 10, "ok")
    (accuracy,) = played("get", path + "accuracy").json()["points"]
    assert (accuracy["value"], accuracy["n"], accuracy["state"]) == (7 / 8, 8, "provisional")
    assert accuracy["low"] < 7 / 8 < accuracy["high"]


@pytest.mark.parametrize(
    "query",
    ["measure=nope&model=credit-risk", "measure=requests&model=credit-risk&step=7s",
     "measure=requests&model=credit-risk&step=1m&from=0", "measure=requests&model=credit-risk&to=never"],
)  # fmt: skip
def test_a_series_that_cannot_be_is_a_400(played: Any, query: str) -> None:
    assert played("get", f"series?{query}").status_code == 400


def test_the_catalogue_names_every_measure(call: Any) -> None:
    names = {measure["name"] for measure in call("get", "measures").json()}
    assert {"requests", "error_rate", "latency_p95", "accuracy", "f1", "truncation_rate"} <= names


def test_an_slo_is_read_with_its_status(played: Any, project: Project, credit_risk: Model) -> None:
    SLO.objects.create(project=project, slug="up", name="Up", model=credit_risk, sli="availability", target=0.9)
    assert [slo["slug"] for slo in played("get", "slos").json()["items"]] == ["up"]
    slo = played("get", "slos/up").json()
    assert (slo["good"], slo["valid"], slo["attained"]) == (8, 10, 0.8)
    assert slo["budget_left"] == pytest.approx(-1.0)


def test_models_show_their_versions(call: Any, credit_risk: Model) -> None:
    assert call("get", "models").json()["items"][0]["slug"] == "credit-risk"
    assert call("get", "models/credit-risk").json()["versions"][0]["version"] == "1"


def test_people_read_with_their_session_and_name_the_project(as_bia: Client, played: Any) -> None:
    assert as_bia.get("/api/v1/ledger?project=aurora").status_code == 200
    assert as_bia.get("/api/v1/ledger").status_code == 400
    assert as_bia.get("/api/v1/ledger?project=elsewhere").status_code == 404


def test_an_outsider_reads_nothing(as_caio: Client, played: Any) -> None:
    for path in ("ledger", "predictions", "alerts", "incidents", "runbooks", "reviews", "slos", "models"):
        assert as_caio.get(f"/api/v1/{path}?project=aurora").status_code == 403


def test_a_key_of_another_project_sees_another_ledger(other_project: Project, played: Any) -> None:
    _, token = create_key(project=other_project, name="other", scopes=["read"])
    stranger = Client(headers={"authorization": f"Bearer {token}"})
    assert stranger.get("/api/v1/ledger").json()["total"]["received"] == 0
    assert stranger.get("/api/v1/predictions").json()["items"] == []


def test_an_ingest_key_cannot_read(project: Project) -> None:
    _, token = create_key(project=project, name="writer", scopes=["ingest"])
    answer = Client(headers={"authorization": f"Bearer {token}"}).get("/api/v1/ledger")
    assert answer.status_code == 403
    assert "`read`" in answer.json()["detail"]


@pytest.mark.parametrize("header", [{}, {"authorization": "Bearer at_nobody_x"}])
def test_without_a_live_key_it_is_a_401_problem(db: None, header: dict[str, str]) -> None:
    answer = Client(headers=header).get("/api/v1/ledger")
    assert (answer.status_code, answer["content-type"]) == (401, "application/problem+json")


def test_a_limit_of_five_thousand_digits_is_refused_like_any_other(as_ana: Client, project: Project) -> None:
    for path in ("predictions", "incidents", "alerts"):
        answer = as_ana.get(f"/api/v1/{path}", {"project": project.slug, "limit": "9" * 5_000})
        assert answer.status_code == 400


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_what_an_address_does_not_do_is_a_405_whatever_the_scope(project: Project, method: str) -> None:
    _, token = create_key(project=project, name="service", scopes=["ingest", "read"])
    client = Client(headers={"authorization": f"Bearer {token}"})
    answer = getattr(client, method)("/api/v1/outcomes", data="{}", content_type="application/json")
    assert (answer.status_code, answer.json()["status"]) == (405, 405)
    assert Client().delete("/api/v1/outcomes").status_code == 401


def test_a_field_that_no_event_can_have_is_refused(played: Any) -> None:
    assert played("get", "predictions?fields=id,cost_usd").status_code == 200
    answer = played("get", "predictions?fields=id,lable")
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error["pointer"] == "/fields"
    assert "label" in error["detail"]


def test_every_field_of_an_answer_can_be_asked_for(played: Any) -> None:
    for kind in ("predictions", "llm-calls", "outcomes", "feedback", "events", "logs"):
        for item in played("get", f"{kind}?limit=5").json()["items"]:
            assert played("get", f"{kind}?fields={','.join(item)}&limit=5").status_code == 200
