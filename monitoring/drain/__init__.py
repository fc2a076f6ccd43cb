"""The drain: inbox → events and summaries, exactly once.

A pass takes bodies by number of events, decodes and folds them, and stores keys, events, summaries and counts in one
transaction that also deletes the bodies: a kill at any point leaves all of it or nothing. Several drains may run at
once on PostgreSQL; on SQLite a second one is harmless.
"""

import gc
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection, transaction

from lib.stage import Summary
from monitoring.drain.claim import Body, claim, remove
from monitoring.drain.counts import count_bodies
from monitoring.drain.isolate import TRANSIENT, isolate
from monitoring.drain.prepare import Batch, confirm_plans, decode, prepare
from monitoring.drain.sql import is_postgres, unsynced
from monitoring.drain.store import store

__all__ = ["drain", "drain_until_empty"]

PASS_SECONDS = 2.0
TRIES = 5
logger = logging.getLogger(__name__)


class BatchFailedError(Exception):
    """Something in these bodies cannot be stored together with the rest."""

    def __init__(self, bodies: list[Body]) -> None:
        super().__init__(f"bodies {bodies[0].id} to {bodies[-1].id}")
        self.body_ids = [body.id for body in bodies]


def drain(*, now: datetime) -> Summary:
    """Drain for about two seconds or until the inbox is empty: seen items, written items, dead letters as skipped."""
    deadline = time.monotonic() + PASS_SECONDS
    done = Summary()
    while (step := _drain_batch(now)) is not None:
        done += step
        if time.monotonic() >= deadline:
            break
    return done


def drain_until_empty(*, now: datetime) -> Summary:
    """Drain everything that is in the inbox."""
    done = Summary()
    while (step := _drain_batch(now)) is not None:
        done += step
    return done


def _drain_batch(now: datetime) -> Summary | None:
    """One batch, whatever is in it; None when the inbox is empty. What is transient is tried again, then raised."""
    for left in reversed(range(TRIES)):
        try:
            with _no_collection():
                return _store_next()
        except BatchFailedError as failed:
            logger.warning("A batch could not be stored whole; isolating the cause", exc_info=failed)
            return sum((isolate(body_id, now=now) for body_id in failed.body_ids), Summary())
        except TRANSIENT as error:
            if not left:
                raise
            logger.info("Draining again after %s", error)
            if not connection.in_atomic_block:
                connection.close_if_unusable_or_obsolete()
    return None


def _store_next() -> Summary | None:
    """Claim and store the next bodies; on SQLite everything but the storing happens before the write lock."""
    if is_postgres():
        with unsynced():
            bodies = claim()
            return _store(bodies, _prepared(bodies)) if bodies else None
    bodies = claim()
    if not bodies:
        return None
    batch = _prepared(bodies)
    with unsynced():
        return _store(bodies, batch)


@contextmanager
def _no_collection() -> Iterator[None]:
    """No garbage collection while a batch is in memory: it makes no cycles, and looking for some costs a quarter."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _prepared(bodies: list[Body]) -> Batch:
    try:
        return prepare([decode(body) for body in bodies])
    except TRANSIENT:
        raise
    except Exception as error:
        raise BatchFailedError(bodies) from error


def _store(bodies: list[Body], batch: Batch) -> Summary:
    """Everything of one transaction. Removing the bodies first proves that they are ours."""
    remove(bodies)
    if not is_postgres():
        confirm_plans(batch)
    counts = count_bodies(bodies)
    try:
        with transaction.atomic():
            store(batch, counts)
    except TRANSIENT:
        raise
    except Exception as error:
        raise BatchFailedError(bodies) from error
    counts.write()
    seen = sum(body.accepted for body in bodies)
    return Summary(seen=seen, written=seen)
