"""Find a poison item by bisection and set it alone aside, as a dead letter with its reason; store everything else."""

from datetime import datetime

import msgspec
from django.db import InterfaceError, OperationalError, transaction

from lib.stage import Summary
from monitoring.drain.claim import Body, ClaimLostError, claim_one, remove
from monitoring.drain.counts import Counts, count_bodies
from monitoring.drain.prepare import DRAINED, Piece, ReferencesMovedError, prepare, row_ids
from monitoring.drain.store import store
from monitoring.ingest.codes import Fault
from monitoring.ingest.moments import moment_us
from monitoring.items import Item
from monitoring.models import DeadLetter

# These say something of the moment (a lock, a lost connection, a full disk), never of an item.
TRANSIENT = (OperationalError, InterfaceError, ClaimLostError, ReferencesMovedError)
MAX_REASON = 2_000


def isolate(body_id: int, *, now: datetime) -> Summary:
    """Drain one body in a transaction of its own, item by item where it must be."""
    with transaction.atomic():
        body = claim_one(body_id)
        if body is None:
            return Summary()
        counts = count_bodies([body])
        piece = _read_items(body, counts, now)
        dead = body.accepted - len(piece.items)
        dead += _store_or_split(piece, counts, now)
        counts.write()
        remove([body])
    return Summary(seen=body.accepted, written=body.accepted - dead, skipped=dead)


def _read_items(body: Body, counts: Counts, now: datetime) -> Piece:
    """The items that can be read; each of the others becomes a dead letter, or the body if it is no list of items."""
    try:
        raws = msgspec.json.decode(body.items, type=list[msgspec.Raw])
    except msgspec.MsgspecError as error:
        _bury(body, body.items, error, counts, now, count=body.accepted)
        return Piece(body, [], [])
    if len(raws) != body.accepted:
        reason = ValueError(f"The body holds {len(raws)} items and was accepted as {body.accepted}.")
        _bury(body, body.items, reason, counts, now, count=body.accepted)
        return Piece(body, [], [])
    found: dict[int, Item] = {}
    for index, raw in enumerate(raws):
        try:
            found[index] = _read_item(body, raw)
        except (msgspec.MsgspecError, Fault) as error:
            _bury(body, bytes(raw), error, counts, now)
    return Piece(body, row_ids(body, found), list(found.values()))


def _read_item(body: Body, raw: msgspec.Raw) -> Item:
    item: Item = msgspec.json.decode(raw, type=DRAINED[body.kind])
    if body.as_sent:
        item.ts = moment_us(item.ts)
    return item


def _store_or_split(piece: Piece, counts: Counts, now: datetime) -> int:
    """Store a piece, or its halves if that fails, down to the item that is the cause; returns dead letters."""
    body, items = piece.body, piece.items
    if not items:
        return 0
    stored = Counts()
    try:
        with transaction.atomic():
            store(prepare([piece]), stored)
    except TRANSIENT:
        raise
    except Exception as error:  # noqa: BLE001 - whatever goes wrong with one item alone is that item's fault
        if len(items) == 1:
            _bury(body._replace(as_sent=False), msgspec.json.encode(items[0]), error, counts, now)
            return 1
        return sum(_store_or_split(half, counts, now) for half in piece.halves())
    counts.include(stored)
    return 0


def _bury(body: Body, item: bytes, error: Exception, counts: Counts, now: datetime, *, count: int = 1) -> None:
    reason = f"{type(error).__name__}: {error}"[:MAX_REASON]
    DeadLetter.objects.create(
        project_id=body.project_id,
        kind=body.kind,
        item=item,
        as_sent=body.as_sent,
        count=count,
        error=reason.replace("\0", ""),
        at=now,
    )
    counts.item((body.project_id, body.kind), "dead_lettered", count)
