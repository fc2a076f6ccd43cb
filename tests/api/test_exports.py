"""Exports: what the lists show as a file, whole, in bounded pieces, for whom it is meant, for a while."""

import csv
import io
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from alerting.models import Alert, AlertRule
from lib.clock import real_now
from models_registry import exports
from models_registry.jobs import cancel_job, run_jobs
from models_registry.keys import create_key
from models_registry.models import ExportPart, Job, Model, Project
from monitoring.answers.exports.events import COLUMNS, PAGE_ROWS
from monitoring.drain import drain_until_empty
from monitoring.items import ITEM_TYPES
from monitoring.models import Prediction
from tests.cast import make_incident, make_person, make_project

Call = Callable[..., Any]
HOUR = timedelta(hours=1)
ROWS = 2 * PAGE_ROWS + 30


def caller(project: Project, *scopes: str) -> Call:
    _, token = create_key(project=project, name="tests", scopes=scopes)
    client = Client(headers={"authorization": f"Bearer {token}"})

    def send(method: str, path: str, body: Any = None, **more: Any) -> Any:
        extra = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        return getattr(client, method)(f"/api/v1/{path}", **extra, **more)

    return send


@pytest.fixture
def call(project: Project) -> Call:
    return caller(project, "ingest", "read", "admin")


@pytest.fixture
def played(call: Call, credit_risk: Model, stopped_clock: datetime) -> Call:
    """Predictions a second apart, some of them with a class that a spreadsheet would run."""
    items = [
        {
            "id": f"p{i}",
            "model": "credit-risk",
            "version": "1",
            "ts": (stopped_clock - timedelta(seconds=i + 1)).isoformat(),
            "prediction": "=cmd" if i % 2 else "paid",
            "features": {"income": i},
        }
        for i in range(ROWS)
    ]
    assert call("post", "predictions", items).json()["accepted"] == ROWS
    drain_until_empty(now=stopped_clock)
    return call


def finish(now: datetime) -> None:
    while run_jobs(now=now).seen:
        pass


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, getattr(answer, "content", answer)
    return b"".join(answer.streaming_content).decode()


def exported(call: Call, now: datetime, **asked: Any) -> str:
    begun = call("post", "exports", asked)
    assert begun.status_code == 202, begun.content
    finish(now)
    return text_of(call("get", f"exports/{begun.json()['id']}/file"))


def test_an_export_tells_its_progress_and_holds_every_row_once(
    played: Call, stopped_clock: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "PART_BYTES", 1)  # a page a piece
    begun = played("post", "exports", {"dataset": "predictions", "filters": {"model": "credit-risk"}})
    assert begun.status_code == 202
    told = begun.json()
    assert begun["Location"] == f"/api/v1/exports/{told['id']}"
    assert (told["state"], told["rows"], told["share"], told["file"]) == ("queued", 0, 0.0, None)
    assert played("get", f"exports/{told['id']}/file").status_code == 409
    job = Job.objects.get(pk=told["id"])
    piece = exports.write_piece(job, now=stopped_clock)
    step = exports.keep_piece(job, piece, now=stopped_clock)
    assert (step.done, step.finished) == (PAGE_ROWS, False)
    assert 0 < step.report["share"] < 1
    ExportPart.objects.all().delete()
    finish(stopped_clock)
    told = played("get", f"exports/{told['id']}").json()
    assert (told["state"], told["rows"], told["share"]) == ("done", ROWS, 1.0)
    assert told["file"] == f"/api/v1/exports/{told['id']}/file"
    assert told["expires_at"] > real_now().isoformat()
    assert ExportPart.objects.count() == 3
    answer = played("get", f"exports/{told['id']}/file", headers={"accept": "text/csv"})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == f'attachment; filename="predictions-{told["id"]}.csv"'
    rows = list(csv.DictReader(io.StringIO(text_of(answer))))
    assert [row["id"] for row in rows] == [f"p{i}" for i in range(ROWS)]
    assert {row["prediction"] for row in rows} == {"paid", "'=cmd"}
    assert json.loads(rows[7]["features"]) == {"income": 7}


def test_json_lines_say_what_the_list_says(played: Call, stopped_clock: datetime) -> None:
    lines = exported(played, stopped_clock, dataset="predictions", format="jsonl").splitlines()
    listed = played("get", "predictions?limit=1000").json()["items"]
    assert [json.loads(line) for line in lines] == listed


def test_filters_and_fields_are_those_of_the_list(played: Call, stopped_clock: datetime) -> None:
    asked = {"dataset": "predictions", "filters": {"id": "p3"}, "fields": ["prediction", "id"]}
    assert exported(played, stopped_clock, **asked) == "prediction,id\r\n'=cmd,p3\r\n"


def test_rows_that_come_meanwhile_are_neither_missed_nor_doubled(
    played: Call, stopped_clock: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "PART_BYTES", 1)
    begun = played("post", "exports", {"dataset": "predictions", "fields": ["id"]}).json()
    job = Job.objects.get(pk=begun["id"])
    exports.keep_piece(job, exports.write_piece(job, now=stopped_clock), now=stopped_clock)
    ExportPart.objects.all().delete()
    row = Prediction.objects.order_by("-ts_us")[0]
    row.pk, row.event_id, row.ts_us = 10**9, "late", row.ts_us + 1
    row.save(force_insert=True)
    finish(stopped_clock)
    found = text_of(played("get", f"exports/{begun['id']}/file")).split()[1:]
    assert sorted(found) == sorted({f"p{i}" for i in range(ROWS)} | {"late"})


def test_every_column_that_an_event_can_have_is_there() -> None:
    for kind, item in ITEM_TYPES.items():
        elsewhere = {"end_us"} if kind == "span" else set()  # as duration_ms
        assert set(item.__struct_fields__) - elsewhere <= set(COLUMNS[kind]), kind


def test_series_are_those_of_the_api(played: Call, stopped_clock: datetime) -> None:
    asked = {"model": "credit-risk", "step": "1h"}
    filters = {**asked, "measure": "requests,error_rate"}
    lines = exported(played, stopped_clock, dataset="series", format="jsonl", filters=filters).splitlines()
    rows = [json.loads(line) for line in lines]
    for measure in ("requests", "error_rate"):
        points = played("get", "series", data={**asked, "measure": measure}).json()["points"]
        mine = [row for row in rows if row["measure"] == measure]
        assert [{name: row[name] for name in points[0]} for row in mine] == points
    parted = exported(played, stopped_clock, dataset="series", filters={**filters, "by": "version"})
    assert {row["part"] for row in csv.DictReader(io.StringIO(parted))} == {"1"}


def test_incidents_alerts_and_the_fatigue_report_are_files_too(
    call: Call, credit_risk: Model, stopped_clock: datetime
) -> None:
    project = credit_risk.project
    incident = make_incident(project, model=credit_risk)
    make_incident(project, 8, state="resolved")
    rule = AlertRule.objects.create(
        project=project, slug="r", name="R", kind="heartbeat", model=credit_risk, window=HOUR
    )
    Alert.objects.create(rule=rule, fingerprint="1", state="firing", severity="page", incident=incident)
    opened = exported(call, stopped_clock, dataset="incidents", filters={"state": "open"}, fields=["number", "model"])
    assert opened == "number,model\r\n7,credit-risk\r\n"
    alerts = exported(call, stopped_clock, dataset="alerts", format="jsonl", fields=["rule", "state", "incident"])
    assert json.loads(alerts) == {"rule": "r", "state": "firing", "incident": 7}
    fatigue = exported(call, stopped_clock, dataset="fatigue")
    assert fatigue.startswith("of,name,n,pages,at_night")


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({"dataset": "secrets"}, "/dataset"),
        ({"dataset": "predictions", "format": "xlsx"}, "/format"),
        ({"dataset": "predictions", "fields": ["income"]}, "/fields"),
        ({"dataset": "predictions", "filters": {"modle": "m"}}, "/filters/modle"),
        ({"dataset": "predictions", "filters": {"limit": "5"}}, "/filters/limit"),
        ({"dataset": "predictions", "filters": {"from": "yesterday"}}, "/filters/from"),
        ({"dataset": "incidents", "filters": {"state": "sad"}}, "/filters/state"),
        ({"dataset": "incidents", "filters": {"from": "2026-01-02", "to": "2026-01-01"}}, "/filters/to"),
        ({"dataset": "fatigue", "filters": {"from": "2020-01-01"}}, "/filters/from"),
        ({"dataset": "series", "filters": {"measure": "requests"}}, "/filters/model"),
        ({"dataset": "series", "filters": {"model": "credit-risk"}}, "/filters/measure"),
        (
            {"dataset": "series", "filters": {"model": "credit-risk", "measure": "requests", "step": "1s"}},
            "/filters/step",
        ),
        ({"dataset": "series", "filters": {"model": "credit-risk", "measure": "requests", "by": "x"}}, "/filters/by"),
        ({"dataset": "predictions", "colour": "red"}, "/colour"),
    ],
)
def test_what_cannot_be_exported_is_refused_where_it_is(
    call: Call, credit_risk: Model, stopped_clock: datetime, asked: Any, pointer: str
) -> None:
    answer = call("post", "exports", asked)
    assert answer.status_code == 400, answer.content
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert not Job.objects.exists()


def test_a_foreign_export_is_not_found_and_keys_need_their_scope(call: Call, stopped_clock: datetime) -> None:
    number = call("post", "exports", {"dataset": "predictions"}).json()["id"]
    finish(stopped_clock)
    stranger = caller(make_project("boreal"), "read")
    assert stranger("get", f"exports/{number}").status_code == 404
    assert stranger("get", f"exports/{number}/file").status_code == 404
    assert stranger("get", "exports").json() == {"items": []}
    blind = caller(Project.objects.get(slug="aurora"), "ingest")
    assert blind("post", "exports", {"dataset": "predictions"}).status_code == 403
    assert blind("get", f"exports/{number}/file").status_code == 403


def test_people_export_what_they_may_read(project: Project, stopped_clock: datetime, as_caio: Client) -> None:
    viewer = Client()
    viewer.force_login(make_person("vera", "viewer"))
    body = {"data": json.dumps({"dataset": "logs"}), "content_type": "application/json"}
    assert viewer.post("/api/v1/exports?project=aurora", **body).status_code == 202
    assert as_caio.post("/api/v1/exports?project=aurora", **body).status_code == 403


def test_only_so_many_at_a_time(call: Call, stopped_clock: datetime) -> None:
    for _ in range(exports.MOST_OPEN):
        assert call("post", "exports", {"dataset": "logs"}).status_code == 202
    answer = call("post", "exports", {"dataset": "logs"})
    assert (answer.status_code, answer.json()["code"]) == (409, "refused")
    finish(stopped_clock)
    assert call("post", "exports", {"dataset": "logs"}).status_code == 202


def test_a_file_goes_after_its_time_and_says_so(call: Call, stopped_clock: datetime) -> None:
    number = call("post", "exports", {"dataset": "logs"}).json()["id"]
    finish(stopped_clock)
    assert exports.drop_exports(now=stopped_clock).written == 0
    Job.objects.update(stepped_at=real_now() - timedelta(hours=49))
    assert call("get", f"exports/{number}").json()["file"] is None
    answer = call("get", f"exports/{number}/file")
    assert (answer.status_code, answer.json()["code"]) == (410, "gone")
    assert exports.drop_exports(now=stopped_clock).written == 1
    assert call("get", f"exports/{number}/file").status_code == 410


def test_what_was_not_finished_leaves_nothing(
    played: Call, stopped_clock: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "PART_BYTES", 1)
    monkeypatch.setattr(exports, "MOST_BYTES", 2_000)
    number = played("post", "exports", {"dataset": "predictions", "format": "jsonl"}).json()["id"]
    finish(stopped_clock)
    told = played("get", f"exports/{number}").json()
    assert (told["state"], told["file"]) == ("failed", None)
    assert "Ask for less" in told["error"]
    assert played("get", f"exports/{number}/file").status_code == 409
    cancelled = played("post", "exports", {"dataset": "predictions"}).json()["id"]
    assert cancel_job(Job.objects.get(pk=cancelled))
    finish(stopped_clock)
    assert played("get", f"exports/{cancelled}/file").status_code == 409
    exports.drop_exports(now=stopped_clock)
    assert not ExportPart.objects.exists()
