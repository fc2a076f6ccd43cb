"""A body's items, each accepted or refused: one bad item never costs its neighbours."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import msgspec

from lib.ids import uuid7
from monitoring.ingest.codes import Fault, Refusal, Rejection
from monitoring.ingest.decode import MALFORMED, Read, decode, decode_apart, untyped
from monitoring.ingest.log_dialects import translate
from monitoring.ingest.moments import Window
from monitoring.ingest.normalise import Normaliser
from monitoring.ingest.plain import Held, gather, needs_nothing
from monitoring.ingest.redact import Redactor
from monitoring.ingest.require import REQUIRE
from monitoring.ingest.verbatim import may_stay
from monitoring.items import ITEM_TYPES, Columns, Item, LogItem, columns_of

Entry = Item | bytes | dict[str, Any]
BLOCK = 16
NOTHING_CUT: dict[str, int] = {}
NOTHING_MOVED: Mapping[str, str] = {}
ENCODER = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Rules:
    """What applies to this body: the key's window, the project's redaction, the limits."""

    window: Window
    redact: Redactor | None
    joinable: bool
    max_text: int
    max_items: int
    idempotency_key: str = ""


@dataclass(slots=True)
class Verdict:
    """What happened to each item; received = accepted + rejected."""

    received: int = 0
    accepted: list[Item] = field(default_factory=list)
    rejections: dict[str, list[Any]] = field(default_factory=dict)
    notes: list[dict[str, Any]] = field(default_factory=list)
    as_sent: bytes | None = None

    @property
    def rejected(self) -> int:
        """How many were refused."""
        return self.received - len(self.accepted)

    def stored(self) -> bytes:
        """The accepted items as the inbox keeps them."""
        return ENCODER.encode(self.accepted) if self.as_sent is None else self.as_sent

    def answer(self) -> bytes:
        """The body of the 202."""
        counts = {"received": self.received, "accepted": len(self.accepted), "rejected": self.rejected}
        return ENCODER.encode({**counts, "items": self.notes})

    def reject(self, index: int, rejection: Rejection) -> None:
        """Note a refusal for its sender, and for the ledger by code."""
        self.notes.append(
            {
                "index": index,
                "status": "rejected",
                "code": rejection.code,
                "pointer": f"/{index}{rejection.pointer}",
                "detail": rejection.detail,
            }
        )
        count = self.rejections.get(rejection.code, [0, ""])[0]
        self.rejections[rejection.code] = [count + 1, rejection.detail]

    def note(self, index: int, item: Item, cut: dict[str, int]) -> None:
        """Tell the sender of an accepted item whose id was made here or whose texts were cut."""
        note: dict[str, Any] = {"index": index, "status": "accepted", "id": item.id}
        if cut:
            detail = f"{len(cut)} text(s) cut at the limit; `extra._truncated` holds their original lengths."
            note |= {"code": "truncated", "pointer": f"/{index}{next(iter(cut))}", "detail": detail}
        self.notes.append(note)


def judge(data: bytes, kind: str, *, lines: bool, rules: Rules) -> Verdict:
    """Every item of the body normalised or refused; `Refusal` where nothing of it can be read."""
    verdict = _judged(decode(data, ITEM_TYPES[kind], lines=lines, limit=rules.max_items), kind, rules)
    _refuse_noise(verdict)
    return verdict


def judge_apart(items: Sequence[bytes], kind: str, *, rules: Rules) -> Verdict:
    """The same of items that came apart, as the lines of a file do: each is judged alone, whatever the others are."""
    return _judged(decode_apart(items, ITEM_TYPES[kind]), kind, rules)


def _judged(read: Read, kind: str, rules: Rules) -> Verdict:
    item_type = ITEM_TYPES[kind]
    if not read.typed:
        return _one_by_one(read.entries, kind, rules)
    columns, held = columns_of(read.typed), Held()
    if not gather(columns, item_type, held) or not _is_clean(held.texts, rules):
        found = _escalate(read.typed, rules)
        return _one_by_one([next(found) if isinstance(e, Item) else e for e in read.entries], kind, rules)
    times = _times_if_good(read.typed, columns, rules.window) if len(read.typed) == len(read.entries) else None
    if times is None:
        return _one_by_one(read.entries, kind, rules)
    verdict = Verdict(len(times), list(read.typed))
    if read.array is not None and may_stay(read.array, columns, item_type, held):
        verdict.as_sent = read.array
        return verdict
    for item, epoch_us in zip(read.typed, times, strict=True):
        item.ts = epoch_us
    return verdict


def _times_if_good(items: Sequence[Item], columns: Columns, window: Window) -> list[int] | None:
    """The times of items that are all accepted as they are; None where one of them needs a look of its own."""
    if not all(columns["id"]):
        return None
    require = REQUIRE[type(items[0])]
    try:
        for item in items:
            require(item)
        return window.place_all(columns["ts"])
    except Fault:
        return None


def _one_by_one(entries: Sequence[Entry], kind: str, rules: Rules) -> Verdict:
    item_type = ITEM_TYPES[kind]
    normaliser = Normaliser(redact=rules.redact, max_text=rules.max_text)
    require, place, make_id = REQUIRE[item_type], rules.window.place, _id_maker(kind, rules.idempotency_key)
    verdict = Verdict(received=len(entries))
    for index, entry in enumerate(entries):
        cut, paths = NOTHING_CUT, NOTHING_MOVED
        try:
            if isinstance(entry, Item):
                item = entry
            else:
                value, paths = _in_our_words(untyped(entry) if isinstance(entry, bytes) else entry, item_type, rules)
                item = normaliser.normalise(value, item_type)
                cut = normaliser.cut
            require(item)
            item.ts = place(item.ts)
        except Fault as fault:
            verdict.reject(index, fault.rejection.at_source(paths))
            continue
        verdict.accepted.append(item)
        if cut or not item.id:
            item.id = item.id or make_id(index)
            verdict.note(index, item, cut)
    return verdict


def _in_our_words(value: Any, item_type: type[Item], rules: Rules) -> tuple[Any, Mapping[str, str]]:
    """A line of a log library in the words of the contract, and where its fields stood; anything else as it is."""
    if item_type is LogItem and isinstance(value, dict):
        return translate(value, rules.window)
    return value, NOTHING_MOVED


def _refuse_noise(verdict: Verdict) -> None:
    """A body of which not one item is JSON is no body of items."""
    if verdict.received and verdict.rejections.get("invalid_json", [0])[0] == verdict.received:
        raise Refusal("malformed", MALFORMED)


def _escalate(items: Sequence[Item], rules: Rules) -> Iterator[Entry]:
    """Items that must be cut or redacted go back to plain objects, for the normaliser; mostly they are few."""
    for start in range(0, len(items), BLOCK):
        block = items[start : start + BLOCK]
        if _needs_nothing(block, rules):
            yield from block
        else:
            yield from (item if _needs_nothing([item], rules) else msgspec.to_builtins(item) for item in block)


def _needs_nothing(items: Sequence[Item], rules: Rules) -> bool:
    held = Held()
    return gather(columns_of(items), type(items[0]), held) and _is_clean(held.texts, rules)


def _is_clean(texts: set[str], rules: Rules) -> bool:
    return needs_nothing(texts, redact=rules.redact, joinable=rules.joinable, max_text=rules.max_text)


def _id_maker(kind: str, idempotency_key: str) -> Callable[[int], str]:
    """Ids for items without one: the same for the same key, kind and place, else time-ordered and new."""
    if not idempotency_key:
        return lambda index: str(uuid7())
    return lambda index: blake2b(f"{idempotency_key}\x1f{kind}\x1f{index}".encode(), digest_size=16).hexdigest()
