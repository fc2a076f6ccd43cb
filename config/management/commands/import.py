"""`manage.py import KIND FILE…`: history out of CSV, Parquet and JSON lines, by the same way as what is sent to ingest."""

import codecs
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.core.management.base import CommandError, CommandParser
from django.db import DatabaseError

from config.history.bring import Asked, Done, bring, in_words, rehearse, until_told
from config.named import UNKNOWN, project_named
from config.terminal import Spoken, as_json, cut, plain, width_of
from monitoring.ingest.history.admit import MovedOnError, OtherReadingError
from monitoring.ingest.history.files import FileError
from monitoring.ingest.history.items import Reading
from monitoring.ingest.history.wanted import Wanted, WantedError
from monitoring.ingest.views import PATHS
from monitoring.models import HistoryImport

KINDS: Final = {path.rpartition("/")[2]: kind for path, kind in PATHS.items()}
REFUSALS: Final = ("rows", "code", "field", "lines", "why")
COLUMNS: Final = ("column", "becomes")
# What else mends it, where that is an option of this command.
MENDS: Final = {
    "naive_timestamp": "--timezone NAME says in which zone times without offset are, such as America/Sao_Paulo",
    "lone_surrogate": "the file is not in UTF-8 there: --encoding NAME says what it is in, such as cp1252",
    "missing_field": "--set FIELD=VALUE says it for all rows that say nothing",
}
STOPPED: Final = 130  # as a shell tells of Ctrl-C


class Command(Spoken):
    """Goes on where an earlier run was stopped; ends with 1 where rows were refused, with 2 where a file cannot be read."""

    help = "Import history from CSV, Parquet or JSON lines. The same file is never stored twice."

    def add_arguments(self, parser: CommandParser) -> None:
        """What, and how its columns are read."""
        parser.add_argument("kind", choices=KINDS)
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--project", help="Its slug; may be left out where there is only one.")
        parser.add_argument("--dry-run", action="store_true", help="Read all of it, say how, and store nothing.")
        parser.add_argument("--rows", type=int, default=5, help="How many rows a dry run shows.")
        several: dict[str, Any] = {"nargs": "+", "action": "extend", "default": [], "metavar": "COLUMN"}
        pairs: dict[str, Any] = {"nargs": "+", "action": "extend", "default": []}
        parser.add_argument("--map", **pairs, metavar="FIELD=COLUMN", help="The column that a field is read from.")
        parser.add_argument("--set", **pairs, metavar="FIELD=VALUE", help="For rows that do not say it themselves.")
        parser.add_argument("--feature", **several, help="Columns that are features; patterns such as 'x_*' too.")
        parser.add_argument("--text", **several, help="Columns that are text though they look like numbers.")
        parser.add_argument("--ignore", **several, help="Columns to leave out.")
        parser.add_argument("--timezone", help="The zone of times without an offset, such as America/Sao_Paulo.")
        parser.add_argument("--encoding", default="", help="Of CSV, such as cp1252; UTF-8 unless given.")
        parser.add_argument("--delimiter", default="", help="Of CSV; a comma unless given.")
        parser.add_argument("--refused", type=Path, help="The file of refused rows; beside FILE unless given.")
        parser.add_argument("--again", action="store_true", help="From the first row, though it was imported already.")
        parser.add_argument("--drain", action="store_true", help="Store here what waits; for a panel that is not up.")

    def handle(self, *args: Any, **options: Any) -> None:
        """One file after the other."""
        asked = [_asked(path, options) for path in options["files"]]
        told, refused = [], 0
        for one in asked:
            try:
                document = self._rehearse(one, options) if options["dry_run"] else self._bring(one, options)
            except (FileError, WantedError, OtherReadingError) as error:
                raise CommandError(f"{one.path}: {_in_words(error)}", returncode=UNKNOWN) from error
            except (MovedOnError, DatabaseError, OSError) as error:
                raise CommandError(f"{one.path}: {_in_words(error)}", returncode=1) from error
            told.append(document)
            refused += document["rejected"]
            if document.get("stopped"):
                break
        if options["json"]:
            self.say_json(told)
        if told[-1].get("stopped"):
            raise CommandError("stopped; the same command goes on from here", returncode=STOPPED)
        if refused:
            raise CommandError(f"{refused} rows refused", returncode=1)

    def _bring(self, asked: Asked, options: dict[str, Any]) -> dict[str, Any]:
        with until_told() as stop:
            done = bring(asked, self.stderr, stop)
        document = _document(asked, done)
        if not options["json"]:
            before = ", all of them by an earlier run" if done.was_done else ""
            state = f"stopped at row {document['through']}" if done.stopped else "imported"
            counts = f"{document['accepted']} rows accepted, {document['rejected']} refused{before}"
            self.stdout.write(f"{asked.path}: {state}: {counts}")
            self._notes(done, asked)
            if done.refused is not None:
                self.stdout.write(f"Refused rows, to be mended and imported: {done.refused}")
        return document

    def _rehearse(self, asked: Asked, options: dict[str, Any]) -> dict[str, Any]:
        done, reading, first = rehearse(asked, rows=max(0, options["rows"]))
        columns = _columns(reading)
        if not options["json"]:
            self.stdout.write(f"{asked.path}: dry run: nothing is stored")
            if columns:
                self.say_table(COLUMNS, columns.items())
            for number, item in first:
                self.stdout.write(cut(f"row {number}  {plain(as_json(item))}", width_of(self.stdout)))
            account = done.account
            self.stdout.write(f"{account.accepted} rows would be accepted, {account.refused} refused")
            self._notes(done, asked)
            for name, (numbers, texts) in account.mixed().items():
                self.stdout.write(f"{name}: {numbers} numbers and {texts} texts; --text makes all of them texts")
        rows = [{"row": number, "item": item} for number, item in first]
        mixed = {name: {"numbers": counts[0], "texts": counts[1]} for name, counts in done.account.mixed().items()}
        return {**_document(asked, done), "dry_run": True, "columns": columns, "rows": rows, "mixed": mixed}

    def _notes(self, done: Done, asked: Asked) -> None:
        """Why rows were refused, and what is too old to be kept."""
        account = done.account
        if account.reasons:
            self.say_table(REFUSALS, [tuple(_told(one).values()) for one in _reasons(done)])
        for code in {one["code"] for one in _reasons(done)} & MENDS.keys():
            self.stdout.write(f"{code}: {MENDS[code]}")
        if account.forgotten:
            self.stdout.write(
                f"{account.forgotten} are from before {done.kept_from:%Y-%m-%d %H:%M} UTC: they count in sums by the hour"
                " or day, and are not kept one by one (docs/command-line.md)"
            )


def _asked(path: Path, options: dict[str, Any]) -> Asked:
    wanted = Wanted(
        kind=KINDS[options["kind"]],
        maps=_pairs("--map", options["map"]),
        features=options["feature"],
        texts=options["text"],
        ignored=options["ignore"],
        sets=_pairs("--set", options["set"]),
        zone=_zone(options["timezone"]),
    )
    names = ("map", "set", "feature", "text", "ignore", "timezone", "encoding", "delimiter")
    return Asked(
        project=project_named(options["project"]),
        path=path,
        wanted=wanted,
        told=json.dumps({name: options[name] for name in names if options[name]}, ensure_ascii=False),
        encoding=_encoding(options["encoding"] or "utf-8-sig"),
        delimiter=_delimiter(options["delimiter"]),
        again=options["again"],
        drains=options["drain"],
        refused=options["refused"],
    )


def _pairs(option: str, given: Sequence[str]) -> dict[str, str]:
    found = dict(text.split("=", 1) for text in given if "=" in text)
    if len(found) < len(given):
        raise CommandError(f"{option} takes FIELD=…, each field once", returncode=UNKNOWN)
    return found


def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError) as error:
        message = f"--timezone: there is no {name!r}; write it as America/Sao_Paulo or UTC"
        raise CommandError(message, returncode=UNKNOWN) from error


def _encoding(name: str) -> str:
    try:
        codecs.lookup(name)
    except (LookupError, ValueError) as error:
        raise CommandError(f"--encoding: {name!r} is not known", returncode=UNKNOWN) from error
    return name


def _delimiter(text: str) -> str:
    mark = "\t" if text == "\\t" else text
    if len(mark) > 1 or mark in ('"', "\n", "\r"):
        raise CommandError("--delimiter is one character", returncode=UNKNOWN)
    return mark


def _in_words(error: Exception) -> str:
    if isinstance(error, OtherReadingError):
        return f"it was imported with other options ({error}); --again reads it anew, and rows that are here stay as they are"
    if isinstance(error, MovedOnError):
        return "another import of it is under way"
    return str(error)


def _document(asked: Asked, done: Done) -> dict[str, Any]:
    history, account = done.history, done.account
    counted = (history.accepted, history.rejected) if history else (account.accepted, account.refused)
    return {
        "file": str(asked.path),
        "kind": asked.wanted.kind,
        "state": _state(done, history),
        "stopped": done.stopped,
        "through": history.through if history else None,
        "accepted": counted[0],
        "rejected": counted[1],
        "oldest": in_words(account.oldest),
        "newest": in_words(account.newest),
        "kept_from": done.kept_from,
        "not_kept": account.forgotten,
        "refusals": _reasons(done),
        "refused_file": done.refused,
    }


def _state(done: Done, history: HistoryImport | None) -> str:
    if history is None:
        return "dry_run"
    return "stopped" if done.stopped else "done"


def _reasons(done: Done) -> list[dict[str, Any]]:
    found = sorted(done.account.reasons.values(), key=lambda one: -one.count)
    return [
        {
            "rows": one.count,
            "code": one.why.code,
            "field": one.why.pointer.removeprefix("/").replace("/", ".") or "-",
            "lines": one.lines,
            "why": one.why.detail,
        }
        for one in found
    ]


def _told(reason: dict[str, Any]) -> dict[str, Any]:
    more = ", …" if reason["rows"] > len(reason["lines"]) else ""
    return {**reason, "lines": ", ".join(map(str, reason["lines"])) + more}


def _columns(reading: Reading) -> dict[str, str]:
    plan = reading.plan
    if plan is None:
        return {}
    named = {column.name: str(column.path) for column in plan.columns}
    return named | {name: "-" for name in plan.left_out if name}
