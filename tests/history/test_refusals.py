"""A file or an option that cannot be used: said at once, with what would help, and nothing is stored."""

import gzip
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from models_registry.models import Project
from monitoring.ingest.history import files
from monitoring.models import HistoryImport, InboxBody
from tests.history import rows
from tests.history.rows import bring, bring_refused, flat, prediction, waiting

pytestmark = pytest.mark.django_db
HEAD = b"ts,model,prediction,score\n"
GOOD = b"2026-03-01T10:00:00Z,credit-risk,paid,0.5\n"


@pytest.mark.parametrize(
    ("name", "data", "mend"),
    [
        ("gone.csv", None, "There is no such file."),
        ("h.xlsx", b"PK", "Its name must end in .csv"),
        ("h.csv", b"", "its first line names the columns"),
        ("h.csv", b"ts;model;prediction\n1;2;3\n", "--delimiter ';'"),
        ("h.csv", HEAD + GOOD + b'2026-03-01T10:00:00Z,"open\n' + GOOD, "line 4: this is no CSV from here on"),
        ("h.csv", b"ts,model,score,score\n", "there are two columns 'score'"),
        (
            "h.csv",
            b"when,model,score\n",
            "no column is 'ts': --map ts=COLUMN or --set ts=VALUE; there are: when, model",
        ),
        ("h.csv.gz", gzip.compress(HEAD + GOOD * 9_000, mtime=0)[:-60], "this is no CSV from here on"),
        ("h.csv.gz", b"no gzip", "line 1 cannot be read"),
        ("h.jsonl", b' [{"a": 1}]', "jq -c '.[]'"),
        ("h.jsonl.gz", gzip.compress(b"{}\n" * 9_000, mtime=0)[:-9], "cannot be read on"),
        ("h.parquet", b"nothing", "This is no Parquet file"),
        ("h.parquet", b"PAR1 and nothing else", "This cannot be read as Parquet"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_before_anything_is_stored(
    tmp_path: Path, name: str, data: bytes | None, mend: str
):
    if data is not None:
        (tmp_path / name).write_bytes(data)
    code, said, _ = bring_refused("predictions", str(tmp_path / name))
    assert code == 2
    assert mend in said
    assert (InboxBody.objects.count(), HistoryImport.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("words", "mend"),
    [
        (["--map", "ts"], "--map takes FIELD=…"),
        (["--map", "when=ts"], "'when' is no field of these: batch_run, environment"),
        (["--map", "ts=when"], "there is no column 'when' for 'ts'; there are: ts, model, prediction, score"),
        (["--feature", "x_*"], "there is no column 'x_*'"),
        (["--map", "model=prediction", "--ignore", "ts"], "no column is 'ts'"),
        (["--timezone", "Mars/Olympus"], "there is no 'Mars/Olympus'"),
        (["--encoding", "klingon"], "'klingon' is not known"),
        (["--delimiter", "::"], "--delimiter is one character"),
        (["--project", "gone"], "there is no project 'gone'; there are: aurora"),
    ],
)
def test_an_option_that_does_not_fit_says_what_does(tmp_path: Path, words: list[str], mend: str):
    (tmp_path / "h.csv").write_bytes(HEAD + GOOD)
    code, said, _ = bring_refused("predictions", str(tmp_path / "h.csv"), *words)
    assert code == 2
    assert mend in said


def test_only_predictions_have_features(tmp_path: Path):
    (tmp_path / "h.csv").write_bytes(b"ts,prediction_id,label,x\n")
    code, said, _ = bring_refused("outcomes", str(tmp_path / "h.csv"), "--feature", "x")
    assert (code, "only predictions have features" in said) == (2, True)


def test_odd_rows_cost_themselves_alone(
    project: Project, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
):
    """Too few cells, bytes that are no UTF-8, NUL, integers without end, lines without end, blank lines."""
    odd = [
        b"1,2\n",
        GOOD.replace(b"paid", b"\xe7"),
        GOOD.replace(b"paid", b"a\0"),
        GOOD.replace(b"paid", b"9" * 22),
        b"\n",
    ]
    (tmp_path / "h.csv").write_bytes(b"\xef\xbb\xbf" + HEAD + GOOD + b"".join(odd) + GOOD)
    code, _, said = bring_refused("predictions", str(tmp_path / "h.csv"))
    assert code == 1
    found = {line.split()[1]: line for line in said.splitlines() if line.startswith("1 ")}
    assert set(found) == {"wrong_type", "lone_surrogate", "nul_character", "integer_out_of_range"}
    assert "There are 2 cells, and the first line names 4 columns." in found["wrong_type"]
    assert "--encoding NAME" in said
    assert [item["id"][-2:] for item in waiting(project)] == ["02", "08"]
    monkeypatch.setattr(files, "LONGEST", 100)
    lines = [prediction(1, now), b'{"a": "' + b"x" * 500 + b'"}', b"", b"7", b'{"a":\r1']
    code, _, said = bring_refused(
        "logs", str(rows.write_lines(tmp_path / "h.jsonl", [{"ts": 1, "message": "m"}, *lines[1:]]))
    )
    told = {line.split()[1]: line.split()[3] for line in said.splitlines() if line.startswith("1  ")}
    assert told == {"too_long": "2", "not_an_object": "4", "invalid_json": "5"}


def test_a_table_in_another_encoding(project: Project, tmp_path: Path):
    (tmp_path / "h.csv").write_bytes(HEAD + GOOD.replace(b"paid", "não".encode("cp1252")))
    bring("predictions", str(tmp_path / "h.csv"), "--encoding", "cp1252")
    assert waiting(project)[0]["prediction"] == "não"


def test_quoted_cells_hold_lines_and_rows_keep_their_numbers(project: Project, tmp_path: Path, now: datetime):
    table = [{**flat(prediction(place, now)), "id": "", "extra.note": "one\ntwo"} for place in range(3)]
    bring("predictions", str(rows.write_csv(tmp_path / "h.csv", table)))
    assert [item["id"][-2:] for item in waiting(project)] == ["02", "04", "06"]
    assert waiting(project)[0]["extra"] == {"note": "one\ntwo"}


def test_keys_of_lines_are_mapped_too(project: Project, tmp_path: Path, now: datetime):
    at = "2026-03-01 09:00:00"
    line: dict[str, Any] = {"when": at, "m": "credit-risk", "prediction": "paid", "age": 3, "features": {"b": 1}}
    words = ["--map", "ts=when", "model=m", "--feature", "age", "--timezone", "America/Sao_Paulo", "--set", "version=7"]
    bring("predictions", str(rows.write_lines(tmp_path / "h.jsonl", [line])), *words)
    (item,) = waiting(project)
    assert (item["features"], item["version"], item["ts"]) == ({"age": 3, "b": 1}, "7", 1_772_366_400_000_000)
