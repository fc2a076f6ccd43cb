"""Batch runs: what a job says of a run, in whatever order and however often, and what rules can make of it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from alerting.evaluate.rules import evaluate
from alerting.models import AlertRule
from lib import clock
from models_registry.keys import create_key, forget_keys
from models_registry.models import Model, Project
from monitoring.drain import drain_until_empty
from monitoring.measures.series import measure_window
from monitoring.models import BatchRun, MetricStream
from monitoring.retention import retain
from monitoring.selectors.ledger import read_ledger
from monitoring.selectors.summaries import Scope
from monitoring.summaries.rollup import rollup
from tests.cast import make_person
from tests.test_docs import curls, run

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
START = {"id": "night-1", "event": "start", "model": "credit-risk", "version": "1", "rows_expected": 1_000}


@pytest.fixture
def api(project: Project, credit_risk: Model, stopped_clock: datetime) -> Client:
    token = create_key(project=project, name="job", scopes=["ingest", "read"])[1]
    return Client(headers={"Authorization": f"Bearer {token}"})


def say(api: Client, **report: Any) -> Any:
    return api.post("/api/v1/batch-runs", report, content_type="application/json")


def measured(model: Model, now: datetime, *, width: timedelta = DAY) -> dict[str, tuple[float | None, int]]:
    """Every measure of runs over the time up to just after now."""
    drain_until_empty(now=now)
    scope = Scope(model.project_id, model.pk)
    names = ("runs", "failure_rate", "rows", "completeness", "duration")
    found = {name: measure_window(f"batch_{name}", scope, start=now - width, end=now + MINUTE) for name in names}
    return {name: (reading.value, reading.n) for name, reading in found.items()}


def test_a_run_is_told_from_start_to_end(api: Client, stopped_clock: datetime) -> None:
    begun = say(api, **START, ts=(stopped_clock - HOUR).isoformat(), heartbeat_s=600)
    assert begun.status_code == 201
    assert begun.json() == {
        "id": "night-1", "model": "credit-risk", "version": "1", "environment": "production", "state": "silent",
        "started_at": "2026-03-10T14:00:00Z", "heard_at": "2026-03-10T14:00:00Z", "finished_at": None,
        "duration_s": None, "heartbeat_s": 600.0, "rows_expected": 1_000, "rows": None, "rows_failed": None,
        "completeness": None, "error": "",
    }  # fmt: skip
    beaten = say(api, id="night-1", event="heartbeat", rows=400)
    assert (beaten.status_code, beaten.json()["state"], beaten.json()["rows"]) == (200, "running", 400)
    over = say(api, id="night-1", event="finish", rows=950, rows_failed=50)
    assert over.status_code == 200
    told = over.json()
    assert (told["state"], told["duration_s"], told["rows"], told["completeness"]) == ("finished", 3_600.0, 950, 0.95)
    assert api.get("/api/v1/batch-runs/night-1").json() == told
    assert api.get("/api/v1/batch-runs").json() == {"items": [told], "next": None}


def test_ends_become_measures_each_once_however_often_they_are_sent(
    api: Client, credit_risk: Model, stopped_clock: datetime
) -> None:
    now = stopped_clock
    assert measured(credit_risk, now)["runs"] == (0, 0)
    for name, rows, minutes in (("a", 900, 10), ("b", 1_100, 30)):
        begun = (now - minutes * MINUTE).isoformat()
        say(api, **{**START, "id": name}, ts=begun)
        for _ in range(2):
            assert say(api, id=name, event="finish", rows=rows).status_code == 200
    say(api, **{**START, "id": "c"}, ts=(now - HOUR).isoformat())
    say(api, id="c", event="finish", status="error", error="Out of memory.", rows=5)
    assert measured(credit_risk, now) == {
        "runs": (3, 3),
        "failure_rate": (pytest.approx(1 / 3), 3),
        "rows": (2_000, 2),
        "completeness": (pytest.approx((0.9 + 1.1 + 0.005) / 3), 3),
        "duration": (pytest.approx((600 + 1_800 + 3_600) / 3), 3),
    }
    ledger = read_ledger(project_id=credit_risk.project_id)["total"]
    assert ledger["received"] == ledger["accepted"] == ledger["stored"] + ledger["duplicate"]
    assert ledger["pending"] == 0


def test_reports_may_come_late_twice_or_not_at_all(api: Client, credit_risk: Model, stopped_clock: datetime) -> None:
    now = stopped_clock
    lost = say(api, id="x", event="finish", model="credit-risk", rows=7)  # nobody heard it start
    assert lost.status_code == 201
    assert (lost.json()["state"], lost.json()["started_at"], lost.json()["duration_s"]) == ("finished", None, None)
    assert lost.json()["version"] == "1", "the newest"
    late = say(api, id="x", event="heartbeat", rows=3)
    assert (late.status_code, late.json()) == (200, lost.json())
    before = say(api, id="x", event="start", ts=(now - HOUR).isoformat())
    assert (before.status_code, before.json()) == (200, lost.json())
    for other in ({"rows": 8}, {"status": "error"}):
        refused = say(api, id="x", event="finish", **{"rows": 7, **other})
        assert (refused.status_code, refused.json()["code"]) == (409, "refused")
        assert "another attempt has an id of its own" in refused.json()["detail"]
    assert say(api, id="x", event="start", ts=(now + MINUTE).isoformat()).status_code == 409
    assert measured(credit_risk, now)["runs"] == (1, 1)


def test_a_model_that_is_unknown_is_registered_and_waits_for_a_review(api: Client, project: Project) -> None:
    assert say(api, id="x", event="start", model="churn/eu", version="7").status_code == 201
    model = Model.objects.get(project=project, slug="churn/eu")
    assert (model.kind, model.reviewed) == (Model.Kind.SERVICE, False)
    assert [(one.version, one.reviewed) for one in model.versions.all()] == [("7", False)]


def test_an_end_that_is_sent_again_after_its_stream_is_forgotten_is_not_counted_again(
    api: Client, credit_risk: Model, stopped_clock: datetime
) -> None:
    old = (stopped_clock - 3 * DAY).isoformat()
    ended = {"id": "x", "event": "finish", "model": "credit-risk", "rows": 7, "ts": old}
    for _ in range(2):
        assert say(api, **ended).status_code in {200, 201}
        assert measured(credit_risk, stopped_clock, width=4 * DAY)["rows"] == (7, 1)
        retain(now=stopped_clock)
    assert not MetricStream.objects.exists(), "nothing else could tell that it came before"


@pytest.mark.parametrize(
    ("report", "pointer", "told"),
    [
        ({"id": "x", "event": "heartbeat"}, "/model", "nothing was heard of this run"),
        ({"id": "x", "event": "begin", "model": "m"}, "/event", "not a valid choice"),
        ({"event": "start", "model": "m"}, "/id", "required"),
        ({"id": "night-1", "event": "heartbeat", "model": "other"}, "/model", "one of the model credit-risk"),
        ({"id": "night-1", "event": "finish", "ts": "2026-03-10T13:00:00Z"}, "/ts", "before it starts"),
        ({"id": "x", "event": "start", "model": "m", "ts": "1999-01-01T00:00:00Z"}, "/ts", "scope `backfill`"),
        ({"id": "x", "event": "start", "model": "m", "ts": "soon"}, "/ts", "not a time"),
        ({"id": "x", "event": "start", "model": "m", "rows": -1}, "/rows", "greater than or equal to 0"),
        ({"id": "x", "event": "start", "model": "m", "row": 1}, "/row", "no such field"),
    ],
)
def test_what_cannot_be_is_refused_where_it_is(
    api: Client, stopped_clock: datetime, report: dict[str, Any], pointer: str, told: str
) -> None:
    say(api, **START, ts=(stopped_clock - HOUR).isoformat())
    refused = say(api, **report)
    [error] = refused.json()["errors"]
    assert (refused.status_code, error["pointer"]) == (400, pointer)
    assert told in error["detail"]
    assert [run.run for run in BatchRun.objects.all()] == ["night-1"]


def test_errors_are_redacted_like_everything_that_comes_in(api: Client) -> None:
    say(api, **START)
    over = say(api, id="night-1", event="finish", status="error", error="No such user: ana@example.com")
    assert over.json()["error"] == "No such user: [email]"


def test_the_list_is_paged_and_filtered(api: Client, support_assistant: Model) -> None:
    for number in range(3):
        say(api, **{**START, "id": f"n{number}"})
    say(api, id="n1", event="finish")
    say(api, id="other", event="start", model="support-assistant")
    page = api.get("/api/v1/batch-runs", {"model": "credit-risk", "limit": 2}).json()
    assert [one["id"] for one in page["items"]] == ["n2", "n1"]
    rest = api.get("/api/v1/batch-runs", {"model": "credit-risk", "cursor": page["next"]}).json()
    assert ([one["id"] for one in rest["items"]], rest["next"]) == (["n0"], None)
    assert [one["id"] for one in api.get("/api/v1/batch-runs?state=finished").json()["items"]] == ["n1"]
    assert api.get("/api/v1/batch-runs?state=silent").status_code == 400
    assert api.get("/api/v1/batch-runs?model=nobody").status_code == 404
    assert api.get("/api/v1/batch-runs/nobody").status_code == 404


def test_who_may(project: Project, credit_risk: Model, stopped_clock: datetime) -> None:
    other = Project.objects.create(slug="other", name="Other")
    keys = {
        name: Client(headers={"Authorization": f"Bearer {create_key(project=of, name=name, scopes=[name])[1]}"})
        for name, of in (("ingest", project), ("read", project))
    }
    stranger = Client(headers={"Authorization": f"Bearer {create_key(project=other, name='o', scopes=['read'])[1]}"})
    assert say(keys["read"], **START).status_code == 403
    assert say(keys["ingest"], **START).status_code == 201
    assert keys["ingest"].get("/api/v1/batch-runs").status_code == 403
    assert stranger.get("/api/v1/batch-runs/night-1").status_code == 404
    for role, code in (("viewer", 403), ("editor", 200)):
        person = Client()
        person.force_login(make_person(role, role))
        assert person.get("/api/v1/batch-runs/night-1?project=aurora").status_code == 200
        answer = person.post("/api/v1/batch-runs?project=aurora", START, content_type="application/json")
        assert answer.status_code == code


def test_rules_see_a_run_that_did_not_come_and_one_that_is_too_small(
    api: Client, credit_risk: Model, stopped_clock: datetime
) -> None:
    watch = {"project": credit_risk.project, "model": credit_risk, "kind": "threshold", "comparison": "lt"}
    missing = AlertRule.objects.create(
        slug="missing", name="Missing", measure="batch_runs", threshold=1, window=26 * HOUR, minimum=1, **watch
    )
    small = AlertRule.objects.create(
        slug="small", name="Small", measure="batch_completeness", threshold=0.95, window=26 * HOUR, minimum=1, **watch
    )

    def firing(at: datetime) -> set[str]:
        clock.forget()
        drain_until_empty(now=at)
        rollup(now=at)
        evaluate(now=at)
        rules = {rule.pk: rule.slug for rule in (missing, small)}
        return {rules[pk] for pk in AlertRule.objects.filter(alerts__state="firing").values_list("pk", flat=True)}

    assert firing(stopped_clock + MINUTE) == {"missing"}
    say(api, **START)
    say(api, id="night-1", event="finish", rows=900)
    assert firing(stopped_clock + 10 * MINUTE) == {"small"}
    assert firing(stopped_clock + 28 * HOUR) == {"small", "missing"}, (
        "nothing is known of the size of a run that did not come"
    )


def test_runs_are_forgotten_with_the_events(
    api: Client, credit_risk: Model, stopped_clock: datetime, settings: Any
) -> None:
    say(api, **START)
    say(api, id="night-1", event="finish", rows=900)
    measured(credit_risk, stopped_clock)
    age = settings.RETENTION["events"]
    retain(now=stopped_clock + age - DAY)
    assert BatchRun.objects.count() == 1
    retain(now=stopped_clock + age + 2 * DAY)
    assert BatchRun.objects.count() == 0


def test_the_examples_of_the_page_work_one_after_the_other(project: Project) -> None:
    forget_keys()
    _, token = create_key(project=project, name="reader of the docs", scopes=["ingest", "read"])
    answers = [run(example, token) for example in curls("docs/api/batch-runs.md")]
    assert [answer.status_code for answer in answers] == [201, 200, 200, 200, 200]
    last = answers[-1].json()
    assert (last["state"], last["rows"], round(last["completeness"], 4)) == ("finished", 119_800, 0.9983)
    assert answers[-2].json()["items"] == [last]
    forget_keys()
