"""Rows of history as people have them in files, and as they would be posted."""

import csv
import gzip
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

from arro3.core import Array, DataType, Table
from arro3.io import write_parquet
from django.core.management import call_command
from django.core.management.base import CommandError

from models_registry.models import Project
from monitoring.models import BusinessEvent, InboxBody, LLMCall, LogRecord, Outcome, Prediction

Item = dict[str, Any]
EVENTS = (Prediction, LLMCall, Outcome, BusinessEvent, LogRecord)


def prediction(place: int, now: datetime, **more: Any) -> Item:
    """A prediction of an hour ago or so, as it is posted; features of all kinds."""
    features = {"age": 20 + place, "income": 1000.5 + place, "region": ["north", "sul"][place % 2], "zip": f"0{place}"}
    told = {"model": "credit-risk", "version": "1", "prediction": "paid", "score": 0.25, "latency_ms": 12.5}
    ts = (now - timedelta(hours=1) + timedelta(seconds=place)).isoformat()
    return {"id": f"p{place}", "ts": ts, **told, "features": features, **more}


def flat(item: Item) -> dict[str, Any]:
    """The same with dots, as the columns of a table."""
    rows = {name: value for name, value in item.items() if not isinstance(value, dict)}
    return rows | {f"{group}.{name}": value for group in item for name, value in inner(item, group)}


def inner(item: Item, group: str) -> list[tuple[str, Any]]:
    return list(item[group].items()) if isinstance(item[group], dict) else []


def write_csv(path: Path, rows: Sequence[dict[str, Any]], delimiter: str = ",") -> Path:
    out = StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    data = out.getvalue().encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def packed(path: Path, target: Path) -> Path:
    """The same file as gzip."""
    target.write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    path.unlink()
    return target


def write_lines(path: Path, items: Sequence[Any]) -> Path:
    """Objects, or lines as they are."""
    lines = [item if isinstance(item, bytes) else json.dumps(item).encode() for item in items]
    data = b"\n".join(lines) + b"\n"
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def write_table(path: Path, columns: dict[str, tuple[list[Any], DataType]], **more: Any) -> Path:
    write_parquet(
        Table.from_pydict({name: Array(values, kind) for name, (values, kind) in columns.items()}), path, **more
    )
    return path


def bring(*words: str) -> str:
    """What the command says on standard output."""
    out = StringIO()
    call_command("import", *words, stdout=out, stderr=StringIO())
    return out.getvalue()


def bring_refused(*words: str) -> tuple[int, str, str]:
    """The exit code, the last word, and what was said before."""
    out = StringIO()
    try:
        call_command("import", *words, stdout=out, stderr=StringIO())
    except CommandError as error:
        return error.returncode, str(error), out.getvalue()
    raise AssertionError(out.getvalue())


def waiting(project: Project) -> list[Item]:
    """Every item in the inbox, in order."""
    bodies = InboxBody.objects.filter(project=project).order_by("id")
    return [item for body in bodies for item in json.loads(bytes(body.items))]


def stored(project: Project) -> list[Any]:
    """Every stored event without the marks of when and in which body it came."""
    own = {"id", "ingested_us", "project_id", "version_id", "target", "target_ref", "outcome_ref"}
    return [
        (model.__name__, sorted((name, str(value)) for name, value in row.items() if name not in own))
        for model in EVENTS
        for row in model.objects.filter(project=project).order_by("ts_us", "event_id").values()
    ]
