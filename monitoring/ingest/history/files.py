"""Files of history, block by block: CSV, Parquet and JSON lines, the first and the last also as gzip. Memory holds one block.

Rows have numbers by which people find them and which stay the same whenever the file is read: the line on which they begin,
in Parquet their place.
"""

import csv
import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b, file_digest
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final, Protocol, cast

from arro3.io import read_parquet

from monitoring.ingest.codes import Rejection

ROWS: Final = 2_000
CHARACTERS: Final = 4 * 1024 * 1024
LONGEST: Final = 8 * 1024 * 1024  # characters of a cell or bytes of a line
MAGIC: Final = b"PAR1"
DIGEST_BYTES: Final = 12
TABLES: Final = {".csv": ",", ".tsv": "\t"}
LINES: Final = frozenset({".jsonl", ".ndjson", ".json", ".jsonlines"})
PARQUET: Final = frozenset({".parquet", ".pq"})
TOO_LONG: Final = Rejection("too_long", "", f"A line has at most {LONGEST} bytes.")
BROKEN: Final = (csv.Error, UnicodeError, EOFError, gzip.BadGzipFile, OSError)


class FileError(ValueError):
    """A file that cannot be read as what its name says; the message says what would help."""


@dataclass(slots=True)
class Block:
    """Rows with their numbers, by columns or as lines; `through` is the number up to which all is here or before.

    `broken` are rows of which nothing can be made: number, why, and what they hold.
    """

    numbers: list[int] = field(default_factory=list)
    columns: Sequence[Sequence[Any]] = ()
    lines: list[bytes] = field(default_factory=list)
    broken: list[tuple[int, Rejection, str]] = field(default_factory=list)
    through: int = 0


class Source(Protocol):
    """A file: the names of its columns (none where every line has its own), and its rows."""

    @property
    def names(self) -> Sequence[str] | None: ...

    @property
    def typed(self) -> bool: ...

    def blocks(self, *, after: int = 0) -> Iterator[Block]:
        """The rows whose number is above `after`; `FileError` where it cannot be read on."""
        ...


def open_source(path: Path, *, encoding: str = "utf-8-sig", delimiter: str = "") -> Source:
    """The file as its name says what it is; `FileError` if nothing of it can be read."""
    if not path.is_file():
        raise FileError("There is no such file.")
    packed = path.suffix.lower() == ".gz"
    suffix = (path.with_suffix("") if packed else path).suffix.lower()
    if suffix in PARQUET and not packed:
        return Parquet(path)
    if suffix in TABLES:
        return Table(path, packed, encoding, delimiter or TABLES[suffix])
    if suffix in LINES:
        return Lines(path, packed)
    raise FileError("Its name must end in .csv, .tsv or .jsonl (or one of them and .gz), or in .parquet.")


def digest_of(path: Path) -> str:
    """What tells the file from every other, whatever it is called."""
    with path.open("rb") as file:
        return file_digest(file, _hash).hexdigest()


def _hash() -> Any:
    return blake2b(digest_size=DIGEST_BYTES)


def last_number(source: Source) -> int:
    """Read all of it, once: the number of its last row, or `FileError` where it breaks off, before anything was stored."""
    last = 0
    for block in source.blocks():
        last = block.through
    return last


def _open(path: Path, packed: bool) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path, "rb")) if packed else path.open("rb")


class Table:
    """CSV: the first line names the columns."""

    typed = False

    def __init__(self, path: Path, packed: bool, encoding: str, delimiter: str) -> None:
        self._path, self._packed, self._encoding, self._delimiter = path, packed, encoding, delimiter
        with self._text() as text:
            try:
                self.names: Sequence[str] = next(self._reader(text), [])
            except BROKEN as error:
                message = f"line 1 cannot be read ({error})"
                raise FileError(message) from error
        if not self.names:
            raise FileError("The file is empty; its first line names the columns.")
        other = next((mark for mark in ";\t|," if mark in self.names[0] and len(self.names) == 1), None)
        if other:
            message = f"There is one column, {self.names[0]!r}: are they parted by --delimiter {other!r}?"
            raise FileError(message)

    def _text(self) -> TextIOWrapper:
        csv.field_size_limit(LONGEST)
        return TextIOWrapper(_open(self._path, self._packed), self._encoding, "surrogateescape", newline="")

    def _reader(self, text: TextIOWrapper) -> Any:
        return csv.reader(text, delimiter=self._delimiter, strict=True)

    def blocks(self, *, after: int = 0) -> Iterator[Block]:
        """By rows, and by characters where these are many."""
        with self._text() as text:
            reader = self._reader(text)
            rows = self._rows(reader)
            next(rows, None)
            while True:
                block, held, size = Block(), list[list[str]](), 0
                try:
                    for start, row in rows:
                        if start > after:
                            size += self._take(block, held, start, row)
                            if len(held) == ROWS or size >= CHARACTERS:
                                break
                except BROKEN as error:
                    message = f"line {reader.line_num}: this is no CSV from here on ({error})"
                    raise FileError(message) from error
                if not held and not block.broken:
                    return
                block.columns, block.through = list(zip(*held, strict=True)), reader.line_num
                yield block

    def _rows(self, reader: Any) -> Iterator[tuple[int, list[str]]]:
        """Rows with the line on which they begin; empty lines are none."""
        start = 1
        for row in reader:
            if row:
                yield start, row
            start = reader.line_num + 1

    def _take(self, block: Block, held: list[list[str]], start: int, row: list[str]) -> int:
        if len(row) != len(self.names):
            detail = f"There are {len(row)} cells, and the first line names {len(self.names)} columns."
            block.broken.append((start, Rejection("wrong_type", "", detail), self._delimiter.join(row)))
        else:
            held.append(row)
            block.numbers.append(start)
        return sum(map(len, row))


class Lines:
    """One JSON object a line."""

    typed = True
    names: Sequence[str] | None = None

    def __init__(self, path: Path, packed: bool) -> None:
        self._path, self._packed = path, packed
        try:
            with _open(path, packed) as file:
                first = file.read(1_000).lstrip(b"\xef\xbb\xbf \t\r\n")
        except BROKEN as error:
            raise FileError(str(error)) from error
        if first.startswith(b"["):
            raise FileError("This is one array, not an object a line: jq -c '.[]' makes lines of it.")

    def blocks(self, *, after: int = 0) -> Iterator[Block]:
        """By lines, and by bytes where these are many."""
        number = 0
        with _open(self._path, self._packed) as file:
            while True:
                block, size, before = Block(), 0, number
                try:
                    for line in iter(lambda: _line(file), b""):
                        number += 1
                        size += self._take(block, number, line.strip(), number > after)
                        if len(block.lines) == ROWS or size >= CHARACTERS:
                            break
                except BROKEN as error:
                    message = f"line {number + 1}: the file cannot be read on ({error})"
                    raise FileError(message) from error
                if number == before:
                    return
                block.through = number
                if number > after:
                    yield block

    def _take(self, block: Block, number: int, line: bytes, wanted: bool) -> int:
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not line or not wanted:
            return 0
        if len(line) > LONGEST:
            block.broken.append((number, TOO_LONG, line[:1_000].decode("utf-8", "replace")))
        else:
            block.lines.append(line)
            block.numbers.append(number)
        return len(line)


def _line(file: IO[bytes]) -> bytes:
    """The next line, of which no more is kept than shows that it is too long."""
    line = file.readline(LONGEST + 2)
    while line and not line.endswith(b"\n"):
        more = file.readline(LONGEST)
        if not more:
            break
        line = line[: LONGEST + 1] + (b"\n" if more.endswith(b"\n") else b"")
    return line


class Parquet:
    """A Parquet file, row group by row group."""

    typed = True

    def __init__(self, path: Path) -> None:
        self._path = path
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise FileError("This is no Parquet file, though its name says so. Write it again, or give CSV.")
        self.names: Sequence[str] = self._guarded(lambda: list(read_parquet(path).schema.names))

    def blocks(self, *, after: int = 0) -> Iterator[Block]:
        """As many rows at a time as make a block."""
        batches = iter(self._guarded(lambda: read_parquet(self._path, batch_size=ROWS)))
        number = 0
        while (batch := self._guarded(lambda: next(batches, None))) is not None:
            first, number = number + 1, number + batch.num_rows
            if number <= after:
                continue
            start = max(0, after + 1 - first)
            columns = self._guarded(lambda batch=batch: [batch.column(name).to_pylist() for name in self.names])
            rows = [list(islice(column, start, None)) for column in columns]
            yield Block(list(range(first + start, number + 1)), rows, through=number)

    def _guarded(self, read: Any) -> Any:
        try:
            return read()
        except BaseException as error:  # a broken footer makes the reader panic, which is no Exception
            if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                raise
            message = f"This cannot be read as Parquet ({error}). Write it again, or give CSV."
            raise FileError(message) from error
