"""The durable write: one inbox row a request, many requests a commit.

Whoever comes while a commit is under way queues its row and waits; the first to get the lock then writes the rows of
all who wait in one statement, and they return when it has committed. So threads share the price of a commit, SQLite
sees one writer from this process, and nobody hears 202 before its row is on disk.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any

import msgspec
from django.db import DatabaseError, DataError, IntegrityError, connection, transaction

from lib import clock
from monitoring.storage.postgres import binary_cursor
from monitoring.storage.turn import write_turn

COLUMNS = "project_id, kind, received_us, arrived_at, items, accepted, rejected, rejections, replayed, as_sent"
ROW = "(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
POSTGRES_ROW = "(%s, %s, %s, %s, %b, %s, %s, %s::jsonb, %s, %s)"
INSERT = f"INSERT INTO monitoring_inboxbody ({COLUMNS}) VALUES "
MAX_ROWS = 200
MAX_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Body:
    """What one request adds to the inbox."""

    project_id: int
    kind: str
    received_us: int
    items: bytes
    accepted: int
    rejected: int
    rejections: dict[str, list[Any]]
    as_sent: bool = False

    def row(self, arrived_at: datetime) -> list[Any]:
        """The parameters of `ROW`."""
        arrived = connection.ops.adapt_datetimefield_value(arrived_at)
        rejections = msgspec.json.encode(self.rejections).decode()
        counts = [self.accepted, self.rejected, rejections, False, self.as_sent]
        return [self.project_id, self.kind, self.received_us, arrived, self.items, *counts]


@dataclass(eq=False, slots=True)
class Ticket:
    """One waiting request; it is stored only where a commit said so."""

    body: Body
    done: bool = False
    error: Exception | None = field(default_factory=lambda: DatabaseError("not written"))


@dataclass
class Committer:
    """Group commit among the threads of this process."""

    waiting: deque[Ticket] = field(default_factory=deque)
    lock: Lock = field(default_factory=Lock)
    failed_at: datetime | None = None

    def commit(self, body: Body) -> None:
        """Return when the row is committed; `DatabaseError` if it could not be."""
        ticket = self.ticket(body)
        while not ticket.done:
            self.flush(unless=ticket)
        if ticket.error is not None:
            raise ticket.error

    def commit_with(self, body: Body, also: Callable[[], None]) -> None:
        """This body alone, in one transaction with what `also` writes; `DatabaseError` if that could not be."""
        with write_turn(), transaction.atomic():
            _execute([body])
            also()

    def ticket(self, body: Body) -> Ticket:
        """A place in the queue; the next flush writes it."""
        ticket = Ticket(body)
        self.waiting.append(ticket)
        return ticket

    def flush(self, *, unless: Ticket | None = None) -> None:
        """Wait for the commit under way, then write those who wait, `unless` that commit has served this ticket."""
        with self.lock:
            if unless is None or not unless.done:
                self._write(self._take())

    def _take(self) -> list[Ticket]:
        """The oldest waiting tickets, as many as one statement should hold, at least one."""
        taken = [self.waiting.popleft()]
        size = len(taken[0].body.items)
        while self.waiting and len(taken) < MAX_ROWS and size + len(self.waiting[0].body.items) <= MAX_BYTES:
            taken.append(self.waiting.popleft())
            size += len(taken[-1].body.items)
        return taken

    def _write(self, tickets: list[Ticket]) -> None:
        try:
            self._insert([ticket.body for ticket in tickets])
            for ticket in tickets:
                ticket.error = None
        except (IntegrityError, DataError) as error:
            self._write_alone(tickets, error)
        except DatabaseError as error:
            self._fail(tickets, error)
        finally:
            for ticket in tickets:
                ticket.done = True

    def _write_alone(self, tickets: list[Ticket], error: DatabaseError) -> None:
        """One row spoils the statement (its project was just deleted): the others must not pay for it."""
        if len(tickets) == 1:
            tickets[0].error = error
            return
        for ticket in tickets:
            self._write([ticket])

    def _fail(self, tickets: list[Ticket], error: DatabaseError) -> None:
        for ticket in tickets:
            ticket.error = error
        self.failed_at = clock.real_now()
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()

    def _insert(self, bodies: list[Body]) -> None:
        """One statement is one transaction, so there is nothing to begin and nothing to roll back."""
        with write_turn():
            _execute(bodies)
        self.failed_at = None


def _execute(bodies: list[Body]) -> None:
    arrived_at = clock.real_now()
    values = [value for body in bodies for value in body.row(arrived_at)]
    if connection.vendor == "postgresql":
        with binary_cursor() as cursor:
            cursor.execute((INSERT + ", ".join([POSTGRES_ROW] * len(bodies))).encode(), values, prepare=True)
    else:
        with connection.cursor() as plain:
            plain.execute(INSERT + ", ".join([ROW] * len(bodies)), values)


committer = Committer()
