"""Block by block into the inbox, waiting for room, until the file ends or somebody asks to stop."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any, Final

from django.core.management.base import OutputWrapper
from django.db import OperationalError, connection

from config.history.progress import Progress
from lib import clock
from models_registry.models import Project
from monitoring.drain import drain, drain_until_empty
from monitoring.ingest.history.account import Account, kept_from
from monitoring.ingest.history.admit import admit, begin, finish, has_room, rules_of_history
from monitoring.ingest.history.files import Source, digest_of, last_number, open_source
from monitoring.ingest.history.items import Fields, Judged, Reading
from monitoring.ingest.history.refused import RefusedFile, path_beside
from monitoring.ingest.history.wanted import Wanted
from monitoring.ingest.judge import Rules
from monitoring.ingest.moments import epoch_us
from monitoring.models import HistoryImport

LOOK_S: Final = 0.25  # between looks for room in the inbox
TRIES: Final = 10
AGAIN_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Asked:
    """One file and what is to become of it. `told` says in words how it is read."""

    project: Project
    path: Path
    wanted: Wanted
    told: str
    encoding: str
    delimiter: str
    again: bool = False
    drains: bool = False
    refused: Path | None = None


@dataclass(slots=True)
class Done:
    """What became of it. `was_done` before this run, or `stopped` in it; `kept_from` is where raw events begin to be kept."""

    account: Account
    kept_from: datetime
    history: HistoryImport | None = None
    refused: Path | None = None
    was_done: bool = False
    stopped: bool = False


@contextmanager
def until_told() -> Iterator[threading.Event]:
    """Set by Ctrl-C or SIGTERM, so that the block under way is finished; a second Ctrl-C does not wait for it."""
    stop = threading.Event()

    def end(number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(number, before[number])

    before: dict[int, Any] = {}
    for told in (signal.SIGINT, signal.SIGTERM):
        before[told] = signal.signal(told, end)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _opened(asked: Asked) -> tuple[Source, Reading, str, Done]:
    source = open_source(asked.path, encoding=asked.encoding, delimiter=asked.delimiter)
    digest = digest_of(asked.path)
    limit = kept_from(asked.wanted.kind, now=clock.now())
    return source, Reading(source, asked.wanted, digest), digest, Done(Account(epoch_us(limit)), limit)


def bring(asked: Asked, out: OutputWrapper, stop: threading.Event) -> Done:
    """From the first row, or from where an earlier run had come to; progress goes to `out`."""
    source, reading, digest, done = _opened(asked)
    last = last_number(source)
    history = begin(
        asked.project,
        asked.wanted.kind,
        digest,
        name=asked.path.name,
        reading=asked.told,
        again=asked.again,
        now=clock.real_now(),
    )
    done.history, done.was_done = history, history.finished
    if not history.finished:
        kept = RefusedFile(asked.refused or path_beside(asked.path, digest))
        watch = Progress(out, asked.path.name, first=history.through, last=last, ticked=time.monotonic())
        done.stopped = not Way(asked, history, watch, stop).go(source, reading, kept, done.account)
        done.refused = kept.path if kept.written else None
        watch.end()
        if not done.stopped:
            finish(history, real_now=clock.real_now())
    if asked.drains:
        drain_until_empty(now=clock.now())
    return done


@dataclass(frozen=True, slots=True)
class Way:
    """The way of one file into the inbox."""

    asked: Asked
    history: HistoryImport
    watch: Progress
    stop: threading.Event

    def go(self, source: Source, reading: Reading, kept: RefusedFile, account: Account) -> bool:
        """Whether all of it is there."""
        for block in source.blocks(after=self.history.through):
            if not self._wait():
                return False
            rules = rules_of_history(self.asked.project, now=clock.now())
            judged = reading.judge(block, rules)
            if judged.refused:
                kept.keep(judged.refused)
            self._admit(judged, rules)
            account.add(judged)
            self._show(waits=False)
        return True

    def _wait(self) -> bool:
        """Until there is room; whether nobody asked to stop meanwhile."""
        while not self.stop.is_set() and not has_room(real_now=clock.real_now()):
            self._show(waits=True)
            if self.asked.drains:
                drain(now=clock.now())
            else:
                self.stop.wait(LOOK_S)
        return not self.stop.is_set()

    def _admit(self, judged: Judged, rules: Rules) -> None:
        """A database that is busy or away for a moment is tried again; nothing of the block was stored then."""
        for left in reversed(range(TRIES)):
            try:
                admit(self.history, judged, rules, real_now=clock.real_now())
            except OperationalError:
                if not left or self.stop.wait(AGAIN_S):
                    raise
                if not connection.in_atomic_block:
                    connection.close_if_unusable_or_obsolete()
            else:
                return

    def _show(self, *, waits: bool) -> None:
        history = self.history
        self.watch.show(history.through, refused=history.rejected, ticked=time.monotonic(), waits=waits)


def rehearse(asked: Asked, *, rows: int) -> tuple[Done, Reading, list[tuple[int, Fields]]]:
    """All of it judged and nothing stored; the first rows with their numbers, as they would be read."""
    source, reading, _digest, done = _opened(asked)
    rules = rules_of_history(asked.project, now=clock.now())
    first: list[tuple[int, Fields]] = []
    for block in source.blocks():
        judged = reading.judge(block, rules)
        done.account.add(judged)
        done.account.look_at_features(judged.items)
        pairs = zip(block.numbers, judged.items, strict=True)
        first += [(number, item) for number, item in pairs if item is not None][: rows - len(first)]
    return done, reading, first


def in_words(epoch: int | None) -> datetime | None:
    """Epoch µs as a moment."""
    return None if epoch is None else datetime.fromtimestamp(epoch / 1_000_000, UTC)
