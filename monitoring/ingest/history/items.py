"""Rows to items, as their senders would have posted them; those without an id of their own get one from file and place."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from monitoring.ingest.codes import Rejection
from monitoring.ingest.history import cells
from monitoring.ingest.history.files import Block, Source
from monitoring.ingest.history.wanted import REFUSED, Path, Plan, Wanted, plan_of
from monitoring.ingest.judge import Rules, Verdict, judge_apart
from monitoring.items import Item

KEEPS_NULLS: Final = frozenset({"features"})  # a null is a value of a feature, and nothing elsewhere
ENCODER: Final = msgspec.json.Encoder()
OBJECT: Final = msgspec.json.Decoder(dict[str, Any])
Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Refused:
    """One row that was not taken: as it was read, or its text where nothing could be made of it."""

    number: int
    why: Rejection
    item: Fields | None = None
    text: str = ""


@dataclass(slots=True)
class Judged:
    """A block as ingest sees it. `items` are its rows as they were read, in order; `verdict` is ingest's own."""

    through: int
    received: int
    items: Sequence[Fields | None]
    verdict: Verdict
    refused: list[Refused] = field(default_factory=list)

    @property
    def accepted(self) -> Sequence[Item]:
        """What is to be stored."""
        return self.verdict.accepted


class Reading:
    """How a file is read: its columns or keys to fields, its rows to ids."""

    def __init__(self, source: Source, wanted: Wanted, digest: str) -> None:
        """`WantedError` where the columns do not fit what is wanted."""
        self._wanted, self._digest = wanted, digest
        self.plan: Plan | None = None
        if source.names is None:
            wanted.check_fields()
        else:
            self.plan = plan_of(source.names, wanted, typed=source.typed)
        self._constants = wanted.constants()
        self._moment = cells.moment_in(wanted.zone) if wanted.zone is not None else None

    def judge(self, block: Block, rules: Rules) -> Judged:
        """Every row as an item, accepted or refused."""
        items, entries = self._from_lines(block) if self.plan is None else self._from_table(block, self.plan)
        verdict = judge_apart(entries, self._wanted.kind, rules=rules)
        judged = Judged(block.through, len(entries) + len(block.broken), items, verdict)
        judged.refused += [Refused(number, why, text=text) for number, why, text in block.broken]
        for note in verdict.notes:
            if note["status"] == "rejected":
                place = note["index"]
                why = Rejection(note["code"], note["pointer"].removeprefix(f"/{place}"), note["detail"])
                item = items[place]
                text = "" if item is not None else entries[place].decode("utf-8", "replace")
                judged.refused.append(Refused(block.numbers[place], why, item, text))
        judged.refused.sort(key=lambda one: one.number)
        return judged

    def _from_table(self, block: Block, plan: Plan) -> tuple[Sequence[Fields | None], list[bytes]]:
        items = _from_columns(block, plan)
        self._name(items, block)
        return items, _encoded(items, odd=cells.is_odd(block.columns))

    def _name(self, items: Sequence[Fields], block: Block) -> None:
        head = f"{self._wanted.kind}-{self._digest}-"
        for number, item in zip(block.numbers, items, strict=True):
            if item.get("id") in (None, ""):
                item["id"] = f"{head}{number:010d}"
            for path, value in self._constants:
                _put_if_silent(item, path, value)

    def _from_lines(self, block: Block) -> tuple[Sequence[Fields | None], list[bytes]]:
        """Objects with their fields where the contract has them; a line that is no object goes on as it is, to be refused."""
        found = [_object(line) for line in block.lines]
        whole = [number for number, item in zip(block.numbers, found, strict=True) if item is not None]
        items = [self._in_place(item) for item in found if item is not None]
        self._name(items, Block(whole))
        encoded = iter(zip(items, _encoded(items, odd=False), strict=True))
        pairs = [(None, line) if item is None else next(encoded) for item, line in zip(found, block.lines, strict=True)]
        return [item for item, _ in pairs], [entry for _, entry in pairs]

    def _in_place(self, given: Fields) -> Fields:
        item: Fields = {}
        for column, value in given.items():
            path = self._wanted.target(column)
            if path is not None:
                _put(item, path, value)
        if self._moment is not None and "ts" in item:
            item["ts"] = self._moment(item["ts"])
        return item


def _object(line: bytes) -> Fields | None:
    try:
        return OBJECT.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _put(item: Fields, path: Path, value: Any) -> None:
    if not path.group:
        before = item.get(path.name)
        item[path.name] = {**value, **before} if isinstance(before, dict) and isinstance(value, dict) else value
        return
    inner = item.setdefault(path.group, {})
    if isinstance(inner, dict):
        inner[path.name] = value


def _put_if_silent(item: Fields, path: Path, value: Any) -> None:
    holder = item.get(path.group, {}) if path.group else item
    if isinstance(holder, dict) and holder.get(path.name) in (None, ""):
        _put(item, path, value)


def _from_columns(block: Block, plan: Plan) -> list[Fields]:
    """A dict for each row; columns of one group are put together at once, for they are many."""
    items: list[Fields] = [{} for _ in block.numbers]
    groups: defaultdict[str, list[tuple[str, list[Any]]]] = defaultdict(list)
    for column in plan.columns:
        values = list(map(column.read, block.columns[column.place])) if items else []
        if column.path.group:
            groups[column.path.group].append((column.path.name, values))
            continue
        for item, value in zip(items, values, strict=True):
            if value is not None:
                item[column.path.name] = value
    for group, parts in groups.items():
        _put_group(items, group, parts)
    return items


def _put_group(items: Sequence[Fields], group: str, parts: Sequence[tuple[str, list[Any]]]) -> None:
    names, held = [name for name, _ in parts], [values for _, values in parts]
    for item, row in zip(items, zip(*held, strict=True), strict=True):
        inner = dict(zip(names, row, strict=True))
        if group not in KEEPS_NULLS:
            inner = {name: value for name, value in inner.items() if value is not None}
        if inner:
            _put(item, Path("", group), inner)


def _encoded(items: Sequence[Fields], *, odd: bool) -> list[bytes]:
    """As JSON; what JSON forbids stands there all the same, for ingest to name it."""
    if not odd:
        try:
            return [ENCODER.encode(item) for item in items]
        except (UnicodeEncodeError, OverflowError):
            pass
    return [json.dumps(item, default=str).encode() for item in items]


def as_line(refused: Refused) -> bytes:
    """A line for the file of refused rows: mended, it can be imported as it stands, and has the id that it had."""
    why: Fields = {"line": refused.number, "code": refused.why.code}
    why |= {"pointer": refused.why.pointer, "detail": refused.why.detail}
    if refused.item is None:
        why["text"] = refused.text
    return _encoded([{REFUSED: why, **(refused.item or {})}], odd=True)[0]
