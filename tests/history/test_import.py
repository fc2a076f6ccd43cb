"""Files of history go in as if each of their rows had been posted: once, whatever they are written in."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from arro3.core import DataType
from django.test import Client

from models_registry.keys import create_key
from models_registry.models import Project
from monitoring.drain import drain_until_empty
from monitoring.models import Bucket, Feedback, HistoryImport, InboxBody, Prediction
from monitoring.selectors.ledger import read_ledger
from tests.history import rows
from tests.history.rows import bring, bring_refused, flat, prediction, stored, waiting

pytestmark = pytest.mark.django_db


def post(project: Project, path: str, items: list[Any]) -> None:
    _, token = create_key(project=project, name="history", scopes=["ingest", "backfill"])
    body = b"\n".join(item if isinstance(item, bytes) else json.dumps(item).encode() for item in items)
    headers = {"Authorization": f"Bearer {token}"}
    answer = Client().post(f"/api/v1/{path}", body, content_type="application/x-ndjson", headers=headers)
    assert answer.status_code == 202


def sums(project: Project) -> dict[Any, Any]:
    found = Bucket.objects.filter(series__project=project).select_related("series__version__model")
    return {
        (row.series.metric, row.series.key, row.series.segment, row.tier, row.start): (
            row.n,
            row.total,
            bytes(row.bins),
        )
        for row in found
    }


def test_what_is_imported_equals_what_is_posted(
    project: Project, other_project: Project, tmp_path: Path, now: datetime
):
    """Old and new, labelled, corrected, said twice and refused, of every kind."""
    items = [prediction(place, now) for place in range(30)]
    items += [prediction(place, now, ts=(now - timedelta(days=200 + place)).isoformat()) for place in range(40, 50)]
    items += [
        {**items[3], "score": 0.9},
        {**prediction(60, now), "score": 2},
        b"{nothing",
        prediction(61, now, odd=[1]),
    ]
    labels = [
        {
            "id": f"o{place}",
            "prediction_id": f"p{place}",
            "label": label,
            "ts": (now - timedelta(minutes=9)).isoformat(),
        }
        for place, label in ((1, "paid"), (2, "default"), (41, 1), (99, "paid"))
    ]
    logs = [{"levelname": "WARNING", "msg": "slow", "asctime": "2026-03-10 10:00:00,5", "name": "app", "id": "l1"}]
    markers = [
        {"id": "e", "kind": "deploy", "model": "credit-risk", "version": "1", "ts": (now - timedelta(1)).isoformat()}
    ]
    calls = [{"id": "c", "model": "support", "request_model": "gpt-4o", "usage": {"input": 9}, "ts": now.isoformat()}]
    said = [{"id": "f", "target_id": "p4", "value": "up", "ts": now.isoformat()}]
    everything = {
        "predictions": items,
        "outcomes": labels,
        "logs": logs,
        "events": markers,
        "llm-calls": calls,
        "feedback": said,
    }
    for name, these in everything.items():
        post(other_project, name, these)
        path = rows.write_lines(tmp_path / f"{name}.jsonl", these)
        if name == "predictions":
            assert bring_refused(name, str(path), "--project", project.slug)[0] == 1
        else:
            bring(name, str(path), "--project", project.slug)
        drain_until_empty(now=now)
    assert stored(project) == stored(other_project)
    assert len(stored(project)) > 40
    assert sums(project) == sums(other_project)
    assert read_ledger(project_id=project.pk) == read_ledger(project_id=other_project.pk)
    assert Feedback.objects.filter(project=project).count() == 1


def test_every_format_says_the_same(project: Project, tmp_path: Path, now: datetime):
    items = [prediction(place, now) for place in range(5)]
    table = [flat(item) for item in items]
    ready = {
        "a.csv": lambda path: rows.write_csv(path, table),
        "b.tsv": lambda path: rows.write_csv(path, table, "\t"),
        "c.csv.gz": lambda path: rows.write_csv(path, table),
        "d.jsonl": lambda path: rows.write_lines(path, items),
        "e.ndjson.gz": lambda path: rows.write_lines(path, table),
        "f.parquet": lambda path: rows.write_table(
            path,
            {
                name: (
                    [row[name] for row in table],
                    {int: DataType.int64(), float: DataType.float64()}.get(type(value), DataType.string()),
                )
                for name, value in table[0].items()
            },
        ),
    }
    found = []
    for name, write in ready.items():
        write(tmp_path / name)
        InboxBody.objects.all().delete()
        assert f"{name}: imported: 5 rows accepted, 0 refused" in bring("predictions", str(tmp_path / name))
        found.append(waiting(project))
    assert all(each == found[0] for each in found)
    assert found[0][1]["features"] == items[1]["features"]


def test_columns_are_mapped_set_left_out_and_given_their_zone(project: Project, tmp_path: Path):
    table = [
        {"": 0, "when": "2026-03-01 09:00", "answer": "paid", "x_age": 30, "x_zip": 13100, "note": "", "secret": "s"},
        {"": 1, "when": "2026-03-01 10:00", "answer": "", "x_age": "", "x_zip": "01310", "note": "hm", "secret": "s"},
    ]
    path = rows.write_csv(tmp_path / "h.csv", table, ";")
    words = ["--delimiter", ";", "--map", "ts=when", "prediction=answer", "--feature", "x_*", "--text", "x_zip"]
    words += ["--set", "model=credit-risk", "version=1", "prediction=none", "--ignore", "secret"]
    bring("predictions", str(path), *words, "--timezone", "America/Sao_Paulo")
    first, second = waiting(project)
    assert first["ts"] == 1_772_366_400_000_000
    assert (first["features"], second["features"]) == (
        {"x_age": 30, "x_zip": "13100"},
        {"x_age": None, "x_zip": "01310"},
    )
    assert (first["prediction"], second["prediction"], second["extra"]) == ("paid", "none", {"note": "hm"})
    assert "extra" not in first


def test_parquet_with_times_structs_and_gaps(project: Project, tmp_path: Path, now: datetime):
    at = DataType.timestamp("us")
    columns = {
        "ts": ([(now - timedelta(hours=1)).replace(tzinfo=None)] * 3, at),
        "model": (["credit-risk"] * 3, DataType.string()),
        "score": ([0.5, float("nan"), 0.25], DataType.float64()),
        "prediction": (["paid", "paid", None], DataType.string()),
        "features.balance": ([1.5, None, float("inf")], DataType.float64()),
    }
    micros = [int((now - timedelta(hours=1)).timestamp() * 1e6)] * 3
    naive = rows.Array(micros, DataType.int64()).cast(at)
    made = {name: rows.Array(values, kind) for name, (values, kind) in columns.items() if name != "ts"}
    rows.write_parquet(rows.Table.from_pydict({"ts": naive, **made}), tmp_path / "h.parquet", max_row_group_size=2)
    code, _, said = bring_refused("predictions", str(tmp_path / "h.parquet"), "--timezone", "UTC")
    assert code == 1
    assert "not_a_number  features.balance  3" in said
    first, second = waiting(project)
    assert (first["ts"], first["features"], second["features"]) == (micros[0], {"balance": 1.5}, {"balance": None})
    assert "score" not in second


def test_a_file_is_stored_once_whatever_it_is_called(project: Project, tmp_path: Path, now: datetime):
    table = [{**flat(prediction(place, now)), "id": ""} for place in range(6)]
    first = rows.write_csv(tmp_path / "a.csv", table)
    bring("predictions", str(first))
    drain_until_empty(now=now)
    before = stored(project)
    first.rename(tmp_path / "b.csv")
    assert "6 rows accepted, 0 refused, all of them by an earlier run" in bring("predictions", str(tmp_path / "b.csv"))
    assert InboxBody.objects.count() == 0
    bring("predictions", str(tmp_path / "b.csv"), "--again")
    drain_until_empty(now=now)
    assert stored(project) == before
    assert read_ledger(project_id=project.pk)["total"]["duplicate"] == 6
    code, said, _ = bring_refused("predictions", str(tmp_path / "b.csv"), "--ignore", "score")
    assert code == 2
    assert "it was imported with other options ({}); --again" in said


def test_refused_rows_are_mended_beside_the_file_and_stored_once(project: Project, tmp_path: Path, now: datetime):
    table = [{**flat(prediction(place, now)), "id": ""} for place in range(4)]
    table[1]["score"], table[2]["score"] = "2", "high"
    path = rows.write_csv(tmp_path / "h.csv", table)
    code, last, said = bring_refused("predictions", str(path))
    assert (code, last) == (1, "2 rows refused")
    (beside,) = tmp_path.glob("h.refused-*.jsonl")
    assert f"to be mended and imported: {beside}" in said
    lines = [json.loads(line) for line in beside.read_text().splitlines()]
    assert [(one["_refused"]["line"], one["_refused"]["code"]) for one in lines] == [
        (3, "out_of_range"),
        (4, "wrong_type"),
    ]
    for half in (1, 2):
        mended = [{**one, "score": 0.5} if place < half else one for place, one in enumerate(lines)]
        rows.write_lines(beside, mended)
        if half == 1:
            assert bring_refused("predictions", str(beside))[0] == 1
        else:
            bring("predictions", str(beside))
    drain_until_empty(now=now)
    assert Prediction.objects.filter(project=project).count() == 4
    assert "_refused" not in str(stored(project))


def test_history_says_when_it_was(tmp_path: Path, now: datetime):
    items = [prediction(1, now), {**prediction(2, now), "ts": None}]
    code, _, said = bring_refused("predictions", str(rows.write_lines(tmp_path / "h.jsonl", items)))
    assert code == 1
    assert "missing_field  ts     2      Say when it was" in said
    assert "--set FIELD=VALUE" in said


def test_what_is_older_than_what_is_kept_is_told(project: Project, tmp_path: Path, now: datetime):
    old = (now - timedelta(days=300)).isoformat()
    path = rows.write_lines(tmp_path / "h.jsonl", [prediction(1, now, ts=old), prediction(2, now)])
    limit = f"{now.astimezone(UTC) - timedelta(days=35):%Y-%m-%d %H:%M}"
    said = f"1 are from before {limit} UTC: they count in sums by the hour or day"
    assert said in bring("predictions", str(path), "--dry-run")
    assert said in bring("predictions", str(path))
    (told,) = json.loads(bring("predictions", str(path), "--dry-run", "--json"))
    assert (told["not_kept"], told["oldest"]) == (1, (now - timedelta(days=300)).astimezone(UTC).isoformat())


def test_a_dry_run_shows_rows_and_every_reason_and_stores_nothing(project: Project, tmp_path: Path, now: datetime):
    table = [{**flat(prediction(place, now)), "extra.note": "n"} for place in range(20)]
    for row in table[10:]:
        row["score"] = "high"
    table[19]["features.zip"] = "77"
    path = rows.write_csv(tmp_path / "h.csv", table)
    code, _, said = bring_refused("predictions", str(path), "--dry-run", "--rows", "1")
    assert code == 1
    assert "features.age     features.age" in said
    assert 'row 2  {"id": "p0"' in said
    assert "row 3" not in said
    assert "10 rows would be accepted, 10 refused" in said
    assert "10    wrong_type  score  12, 13, 14, 15, 16, 17, 18, 19, …" in said
    assert "zip: 1 numbers and 19 texts; --text" in said
    (told,) = json.loads(bring_refused("predictions", str(path), "--dry-run", "--json")[2])
    assert (told["columns"]["score"], told["refusals"][0]["rows"], len(told["rows"])) == ("score", 10, 5)
    assert (InboxBody.objects.count(), HistoryImport.objects.count()) == (0, 0)
    assert list(tmp_path.iterdir()) == [path]
