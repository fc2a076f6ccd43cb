"""Rows of training data out of a file: CSV in UTF-8 or Parquet, by the file's name. One column per feature.

A column `scores.CLASS` is the probability of that class: together they are the reserved column `scores`.
"""

import csv
from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from arro3.io import read_parquet

from monitoring.stats.sample import MAX_ROWS, SCORES

PARQUET: Final = frozenset({".parquet", ".pq"})
MAGIC: Final = b"PAR1"
OF_CLASS: Final = f"{SCORES}."
Row = dict[str, Any]


class FileError(ValueError):
    """A file that cannot be read as what its name says; the message says what would help."""


def read_rows(path: Path, *, ignored: Collection[str] = (), texts: Collection[str] = ()) -> list[Row]:
    """The rows without the `ignored` columns; those in `texts` are texts whatever they look like."""
    columns = _parquet(path, ignored) if path.suffix.lower() in PARQUET else _csv(path, ignored, texts)
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    return [_gathered(row) for row in rows] if any(name.startswith(OF_CLASS) for name in columns) else rows


def _parquet(path: Path, ignored: Collection[str]) -> dict[str, list[Any]]:
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise FileError("This is no Parquet file, though its name says so. Write it again, or name it .csv.")
    try:
        reader = read_parquet(path)
        names = [name for name in reader.schema.names if name not in ignored]
        columns: dict[str, list[Any]] = {name: [] for name in names}
        for batch in reader:
            for name in names:
                columns[name] += map(_plain, batch.column(name).to_pylist())
            if len(columns[names[0]] if names else ()) > MAX_ROWS:
                break  # too many, which the profile will say; the rest is not read
    except BaseException as error:  # a broken footer makes the reader panic, which is no Exception
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        message = f"This cannot be read as Parquet ({error}). Write it again, or give CSV."
        raise FileError(message) from error
    return columns


def _plain(value: Any) -> Any:
    """What JSON would hold: dates as text, decimals as numbers."""
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, date) else value


def _csv(path: Path, ignored: Collection[str], texts: Collection[str]) -> dict[str, list[Any]]:
    """Numbers where a whole column reads as such and is not in `texts`, where 01310 stays 01310; empty cells are null."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        names = [name for name in reader.fieldnames or () if name and name not in ignored]
        cells: dict[str, list[str | None]] = {name: [] for name in names}
        for place, row in enumerate(reader):
            for name in names:
                cells[name].append(row[name] or None)
            if place == MAX_ROWS:
                break
    return {name: list(column) if name in texts else _numbers(column) for name, column in cells.items()}


def _numbers(cells: list[str | None]) -> list[Any]:
    try:
        return [float(cell) if cell and cell.strip() else None for cell in cells]
    except ValueError:
        return list(cells)


def _gathered(row: Mapping[str, Any]) -> Row:
    """`scores.yes` and `scores.no` as one `scores`; null where none of them is known."""
    scores = {name.removeprefix(OF_CLASS): value for name, value in row.items() if name.startswith(OF_CLASS)}
    known = {name: value for name, value in scores.items() if value is not None}
    return {**{name: value for name, value in row.items() if not name.startswith(OF_CLASS)}, SCORES: known or None}
