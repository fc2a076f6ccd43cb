"""What was done and what was learned, by API: runs of runbooks, reviews, verdicts, action items."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from alerting.models import Alert, AlertRule, AlertTransition, AlertVerdict, Incident, IncidentEvent
from models_registry.keys import create_key
from models_registry.models import Model, Project
from runbooks.models import ActionItem, Review, Runbook
from tests.cast import make_incident, make_person, make_project

Call = Callable[..., Any]


def caller(project: Project, *scopes: str) -> Call:
    _, token = create_key(project=project, name="tests", scopes=scopes)
    return of(Client(headers={"authorization": f"Bearer {token}"}))


def of(client: Client, query: str = "") -> Call:
    def send(method: str, path: str, body: Any = None) -> Any:
        data = "" if body is None else json.dumps(body)
        return client.generic(method.upper(), f"/api/v1/{path}{query}", data, content_type="application/json")

    return send


@pytest.fixture
def call(project: Project) -> Call:
    return caller(project, "read", "respond")


@pytest.fixture
def incident(credit_risk: Model, stopped_clock: datetime) -> Incident:
    return make_incident(credit_risk.project, model=credit_risk, state="resolved", resolved_at=stopped_clock)


@pytest.fixture
def alert(incident: Incident, stopped_clock: datetime) -> Alert:
    rule = AlertRule.objects.create(
        project=incident.project, slug="errors", name="Errors", kind="threshold", model=incident.model,
        measure="error_rate", comparison=">", threshold=0.1,
    )  # fmt: skip
    found = Alert.objects.create(rule=rule, fingerprint="1", state="firing", severity="page", incident=incident)
    AlertTransition.objects.create(
        alert=found, incident=incident, from_state="pending", to_state="firing", at=stopped_clock
    )
    return found


@pytest.fixture
def runbook(alert: Alert) -> Runbook:
    found = Runbook.objects.create(project=alert.rule.project, slug="errors-rise", title="Errors rise")
    found.rules.add(alert.rule)
    for position, title in enumerate(["Look", "Roll back"], 1):
        found.steps.create(position=position, title=title)
    return found


@pytest.fixture
def review(incident: Incident, stopped_clock: datetime) -> Review:
    return Review.objects.create(incident=incident, created_at=stopped_clock)


def test_a_runbook_is_followed_to_its_end(call: Call, runbook: Runbook) -> None:
    assert call("get", "incidents/7/runs").json() == {"items": [], "suggested": ["errors-rise"]}
    begun = call("post", "incidents/7/runs", {"runbook": "errors-rise"})
    assert begun.status_code == 201
    assert call("post", "incidents/7/runs", {"runbook": "errors-rise"}).status_code == 200
    first, second = (step["id"] for step in begun.json()["steps"])
    told = call("post", f"incidents/7/steps/{first}/done", {"note": "p99 is 4 s"}).json()
    assert (told["steps"][0]["note"], told["finished_at"]) == ("p99 is 4 s", None)
    assert told["steps"][0]["done_by"].startswith("key-")
    again = call("post", f"incidents/7/steps/{first}/done", {"note": "mine"})
    assert (again.status_code, again.json()["code"]) == (409, "refused")
    assert call("post", f"incidents/7/steps/{second}/done").json()["finished_at"] is not None
    assert call("post", f"incidents/7/steps/{second}/reopen").json()["finished_at"] is None
    assert call("post", f"incidents/7/steps/{second}/reopen").status_code == 409
    listed = call("get", "incidents/7/runs").json()
    assert listed["suggested"] == []
    assert listed["items"] == [call("get", "incidents/7/runs/errors-rise").json()]
    assert IncidentEvent.objects.filter(kind="runbook").count() == 4


def test_a_run_refuses_what_is_not_its_own(call: Call, runbook: Runbook) -> None:
    answer = call("post", "incidents/7/runs", {"runbook": "nothing"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/runbook")
    assert call("get", "incidents/7/runs/errors-rise").status_code == 404
    step = call("post", "incidents/7/runs", {"runbook": "errors-rise"}).json()["steps"][0]["id"]
    make_incident(runbook.project, 8)
    assert call("post", f"incidents/8/steps/{step}/done").status_code == 404
    assert call("post", f"incidents/7/steps/{step}/done", {"colour": "red"}).status_code == 400
    stranger = caller(make_project("boreal"), "read", "respond")
    assert stranger("get", "incidents/7/runs").status_code == 404
    assert stranger("post", f"incidents/7/steps/{step}/done").status_code == 404


def test_a_review_is_begun_written_and_published(call: Call, incident: Incident) -> None:
    begun = call("post", "reviews", {"incident": 7})
    assert (begun.status_code, begun.json()["revision"]) == (201, 0)
    assert begun.json()["body"].startswith("## ")
    assert call("post", "reviews", {"incident": 7}).status_code == 200
    saved = call("patch", "reviews/7", {"body": "We learned.", "revision": 0}).json()
    assert (saved["body"], saved["revision"], saved["state"]) == ("We learned.", 1, "draft")
    stale = call("patch", "reviews/7", {"body": "Mine.", "revision": 0})
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_review")
    assert "revision 1" in stale.json()["detail"]
    assert call("post", "reviews/7/publish", {"revision": 0}).status_code == 409
    published = call("post", "reviews/7/publish", {"revision": 1}).json()
    assert (published["state"], published["body"]) == ("published", "We learned.")
    assert call("patch", "reviews/7", {"body": "More.", "revision": 2}).json()["code"] == "refused"
    assert call("post", "reviews/7/publish", {"revision": 2}).json()["code"] == "refused"


def test_what_goes_on_has_no_review_yet(call: Call, project: Project, stopped_clock: datetime) -> None:
    make_incident(project, 9)
    assert call("post", "reviews", {"incident": 9}).status_code == 409
    assert call("get", "reviews/9").status_code == 404
    assert call("post", "reviews", {"incident": 10}).status_code == 404


def test_a_review_says_which_alerts_were_worth_it(call: Call, review: Review, alert: Alert) -> None:
    untold = {"alert": alert.pk, "rule": "errors", "labels": {}, "verdict": None}
    assert call("get", "reviews/7").json()["verdicts"] == [untold]
    path = f"reviews/7/alerts/{alert.pk}/verdict"
    assert call("put", path, {"verdict": "noise"}).json()["verdicts"] == [{**untold, "verdict": "noise"}]
    call("put", path, {"verdict": "useful"})
    assert AlertVerdict.objects.get().verdict == "useful"
    assert call("put", path, {"verdict": "so-so"}).status_code == 400
    assert call("put", "reviews/7/alerts/999999/verdict", {"verdict": "noise"}).status_code == 404


def test_action_items_are_promised_changed_and_kept(call: Call, review: Review) -> None:
    asked = {"title": "Alert sooner", "owner": "ana", "due": "2026-04-01"}
    made = call("post", "reviews/7/actions", asked)
    assert made.status_code == 201
    item = made.json()
    assert item == {"id": item["id"], "incident": 7, **asked, "done_at": None}
    assert call("get", "reviews/7").json()["actions"] == [item]
    changed = call("patch", f"action-items/{item['id']}", {"owner": "rui"}).json()
    assert changed == {**item, "owner": "rui"}
    assert call("get", "action-items?open=true&owner=rui").json()["items"] == [changed]
    done = call("post", f"action-items/{item['id']}/done").json()
    assert done["done_at"] is not None
    assert call("post", f"action-items/{item['id']}/done").json() == done
    assert call("get", "action-items?open=true").json()["items"] == []
    assert call("get", "action-items?open=false").json()["items"] == [done]
    assert call("get", f"action-items/{item['id']}").json() == done


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"title": "T", "owner": "ana"}, "/due"),
        ({"title": "T", "owner": "ana", "due": "soon"}, "/due"),
        ({"title": " ", "owner": "ana", "due": "2026-04-01"}, "/title"),
        ({"title": "T", "owner": "ana", "due": "2026-04-01", "done_at": "2026-04-01T00:00:00Z"}, "/done_at"),
    ],
)
def test_half_a_promise_is_refused_where_it_is(call: Call, review: Review, body: Any, pointer: str) -> None:
    answer = call("post", "reviews/7/actions", body)
    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert not ActionItem.objects.exists()


def test_scopes_roles_and_projects_hold(call: Call, review: Review, alert: Alert, as_bia: Client, as_ana: Client):
    item = call("post", "reviews/7/actions", {"title": "T", "owner": "ana", "due": "2026-04-01"}).json()["id"]
    stranger = caller(make_project("boreal"), "read", "respond", "admin")
    reader = caller(review.incident.project, "read")
    viewer = Client()
    viewer.force_login(make_person("vera", "viewer"))
    responder, editor, looker = (of(client, "?project=aurora") for client in (as_bia, as_ana, viewer))
    writes = [
        ("patch", "reviews/7", {"body": "x", "revision": 0}),
        ("post", "reviews/7/publish", {"revision": 0}),
        ("put", f"reviews/7/alerts/{alert.pk}/verdict", {"verdict": "noise"}),
        ("post", "reviews/7/actions", {"title": "T", "owner": "ana", "due": "2026-04-01"}),
        ("post", f"action-items/{item}/done", None),
        ("patch", f"action-items/{item}", {"owner": "x"}),
        ("delete", f"action-items/{item}", None),
    ]
    for write in writes:
        assert stranger(*write).status_code == 404, write
        assert reader(*write).status_code == 403, write
        assert looker(*write).status_code == 403, write
    assert call("delete", f"action-items/{item}").status_code == 403  # scope admin
    assert responder("patch", f"action-items/{item}", {"owner": "x"}).status_code == 403
    assert responder("post", f"action-items/{item}/done").status_code == 200
    assert responder("patch", "reviews/7", {"body": "x", "revision": 0}).status_code == 200
    assert looker("get", "reviews/7").status_code == 200
    assert editor("delete", f"action-items/{item}").status_code == 204
    assert editor("get", f"action-items/{item}").status_code == 404
