"""The background thread: takes what waits, sends it in batches, tries again later, and knows when to give up."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

from atalaia.batch import Batch, batches, halves, pack
from atalaia.buffer import Buffer, TooLargeError, Waiting
from atalaia.encode import encode
from atalaia.frozen import line
from atalaia.ids import fraction, new_id
from atalaia.options import Options
from atalaia.spool import Spool
from atalaia.tally import Tally
from atalaia.transport import DELIVERED, RETRY, SPLIT, Transport, Verdict

FIRST_WAIT = 0.5
LONGEST_WAIT = 60.0
REPORT_EVERY = 30.0
NOT_ANSWERING = "retry"
AT_A_STRETCH = 50  # items, which take some half a millisecond to write


class _Flush(NamedTuple):
    """Somebody waits until then."""

    done: threading.Event
    until: float


class Sender:
    """Everything but `wake`, `hurry`, `flush` and `stop` runs in the thread alone."""

    def __init__(self, options: Options, buffer: Buffer, tally: Tally, agent: str) -> None:
        self._options = options
        self._buffer = buffer
        self._tally = tally
        self._agent = agent
        self._transport = Transport(options.url, options.key, timeout=options.request_timeout, agent=agent)
        self.spool: Spool | None = None
        self._pending: deque[Batch] = deque()
        self._failures = 0
        self._not_before = 0.0  # by our own patience
        self._told_until = 0.0  # by the panel's Retry-After
        self._reported_at = -REPORT_EVERY
        # A lock as a binary semaphore: releasing it is one step that neither signals nor finalisers can tear.
        self._alarm = threading.Lock()
        self._alarm.acquire()
        self._hurried = False
        self._flushes: deque[_Flush] = deque()
        self._stop_by: float | None = None
        self.thread = threading.Thread(target=self._run, name="atalaia-sender", daemon=True)

    def start(self) -> None:
        """Begin; the folder of the spool is made here, so that a crash right after loses as little as can be."""
        if self._options.spool:
            try:
                self.spool = Spool(self._options.spool, max_bytes=self._options.spool_bytes)
            except OSError as error:
                self._tally.warn_once("spool", f"nothing can be kept in ATALAIA_SPOOL, so a crash loses it: {error}")
        self.thread.start()

    def wake(self) -> None:
        """Do not wait for the interval."""
        try:
            self._alarm.release()
        except RuntimeError:  # it is awake
            pass

    def hurry(self) -> None:
        """Much waits. Said once until something is taken: while the panel does not answer, waking is for nothing."""
        if not self._hurried:
            self._hurried = True
            self.wake()

    def flush(self, timeout: float) -> bool:
        """Wait until everything recorded before has been answered; False if it was not within `timeout` seconds."""
        if threading.current_thread() is self.thread or not self.thread.is_alive():
            return False
        asked = _Flush(threading.Event(), time.monotonic() + timeout)
        self._flushes.append(asked)
        self.wake()
        return asked.done.wait(timeout)

    def stop(self, timeout: float) -> int:
        """Send what can be sent within `timeout` seconds, keep the rest in the spool; the number of items lost."""
        self._stop_by = time.monotonic() + timeout
        self.wake()
        if threading.current_thread() is not self.thread:
            self.thread.join(timeout)
        if self.thread.is_alive() and self.spool is not None:  # it hangs in a request, whose batch is on disk
            self._collect(self._buffer.take(max_items=self._options.queue_items, max_bytes=self._options.queue_bytes))
        lost = len(self._buffer) + sum(batch.count for batch in list(self._pending) if batch.file is None)
        if self.spool is not None:
            self.spool.close()
        return lost

    def _run(self) -> None:
        if self.spool is not None:
            self._pending.extend(self.spool.adopt())
        while True:
            self._alarm.acquire(timeout=self._patience())
            asked = [self._flushes.popleft() for _ in range(len(self._flushes))]
            stop_by = self._stop_by
            if asked or stop_by is not None:
                self._not_before = 0.0
            self._pass()
            idle = not self._pending and not len(self._buffer)
            self._answer(asked, idle)
            if stop_by is not None and (idle or self._hopeless(stop_by)):
                return

    def _answer(self, asked: list[_Flush], idle: bool) -> None:
        for flush in asked:
            if idle:
                flush.done.set()
            elif time.monotonic() < flush.until:
                self._flushes.append(flush)

    def _hopeless(self, stop_by: float) -> bool:
        """Nothing more will arrive in time; with a spool nothing needs to."""
        return self.spool is not None or max(time.monotonic(), self._told_until) >= stop_by

    def _patience(self) -> float:
        """How long to sleep: the interval, or until the next attempt."""
        now = time.monotonic()
        until = max(self._not_before, self._told_until) if self._pending else now + self._options.flush_interval
        if self._stop_by is not None:
            until = min(until, self._stop_by)
        return min(max(until - now, 0.01), self._options.flush_interval)

    def _pass(self) -> None:
        """Send until nothing waits, or until it is not yet time to try again."""
        while True:
            if not self._pending or self.spool is not None:
                self._report()
                while self._take() and self.spool is not None:
                    pass  # with a spool nothing needs to wait in memory
            if not self._pending or time.monotonic() < max(self._not_before, self._told_until):
                return
            batch = self._pending[0]
            try:
                self._attempt(batch)
            except Exception as error:  # a file of the spool that is not whole, say
                self._settle(batch)
                self._tally.drop("client_fault", batch.count)
                self._tally.warn_once("fault", f"{batch.count} items could not be sent: {error!r}")

    def _take(self) -> bool:
        options = self._options
        self._hurried = False
        taken = self._buffer.take(max_items=options.batch_items, max_bytes=options.batch_bytes)
        self._collect(taken)
        return bool(taken)

    def _collect(self, taken: list[Waiting]) -> None:
        """What was taken, written as JSON and seen by `before_send`, as batches that wait their turn."""
        for batch in batches(self._lines(taken), max_bytes=self._options.batch_bytes):
            self._enqueue(batch)

    def _lines(self, taken: list[Waiting]) -> Iterator[tuple[str, bytes]]:
        for place, (kind, frozen) in enumerate(taken, start=1):
            written = self._written(kind, frozen)
            if written is not None:
                yield kind, written
            if place % AT_A_STRETCH == 0:
                time.sleep(0)  # lets the interpreter go, for which the program would else wait 5 ms

    def _written(self, kind: str, frozen: bytes) -> bytes | None:
        try:
            return self._redacted(kind, line(frozen))
        except TooLargeError:
            self._tally.drop("item_too_large")
        except Exception:
            self._tally.drop("client_fault")
        return None

    def _enqueue(self, batch: Batch) -> None:
        self._pending.append(batch)
        if self.spool is None:
            return
        try:
            gone = self.spool.keep(batch)
        except OSError as error:
            self._tally.warn_once("spool", f"nothing more can be kept in ATALAIA_SPOOL: {error}")
            return
        for old in gone:
            self._pending.remove(old)
            self._tally.drop("spool_full", old.count)

    def _redacted(self, kind: str, written: bytes) -> bytes | None:
        """As `before_send` leaves it. What the hook fails at is not sent: better nothing than what should not leave."""
        hook = self._options.before_send
        if hook is None:
            return written
        try:
            item = hook(kind, json.loads(written))
            allowed = None if item is None else encode(item)
        except Exception as error:
            self._tally.drop("before_send_failed")
            self._tally.warn_once("before_send", f"before_send failed, so what it was given is not sent: {error!r}")
            return None
        if allowed is None:
            self._tally.drop("before_send", wanted=True)
        return allowed

    def _attempt(self, batch: Batch) -> None:
        try:
            body = batch.read()
        except OSError:  # its file is gone: whoever took it sends it
            self._settle(batch)
            return
        verdict = self._transport.post(batch, body)
        if verdict.action == RETRY:
            self._postpone(verdict)
            return
        self._failures, self._told_until = 0, 0.0
        self._tally.over(NOT_ANSWERING)
        parts = halves(batch) if verdict.action == SPLIT else []
        self._settle(batch)
        if verdict.action == SPLIT:
            for part in parts:
                self._enqueue(part)
        elif verdict.action == DELIVERED:
            self._tally.delivered(batch.count - len(verdict.rejected))
            self._tell_rejections(batch, verdict)
        else:
            self._tally.drop(f"http_{verdict.status}", batch.count, wanted=batch.report)
            self._tally.warn_once(f"http_{verdict.status}", _refused(batch, verdict))

    def _settle(self, batch: Batch) -> None:
        """The batch is done with."""
        if batch in self._pending:
            self._pending.remove(batch)
        if self.spool is not None:
            self.spool.forget(batch)

    def _postpone(self, verdict: Verdict) -> None:
        """Exponential, jittered, never before the panel said; another batch goes first the next time."""
        now = time.monotonic()
        self._failures += 1
        longest = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(self._failures - 1, 10))
        self._not_before = now + longest * (0.5 + fraction() / 2)
        if verdict.retry_after:
            self._told_until = now + verdict.retry_after + 0.1 * fraction()
        self._pending.rotate(-1)
        kept = "on disk" if self.spool is not None else f"in memory, up to {self._options.queue_items} of them"
        self._tally.warn_once(NOT_ANSWERING, f"{verdict.told}; trying again, items wait {kept}")

    def _tell_rejections(self, batch: Batch, verdict: Verdict) -> None:
        self._tally.over(f"http_{verdict.status}")
        for item in verdict.rejected:
            code, where = str(item.get("code", "")), str(item.get("pointer", "")).partition("/")[2].partition("/")[2]
            told = f"the panel refused a {batch.kind} ({code}, field {where or '-'}): {item.get('detail', '')}"
            self._tally.warn_once(f"rejected_{code}", told)

    def _report(self) -> None:
        """Tell the panel of drops, as a log record that can be searched and counted there."""
        now = time.monotonic()
        if self._failures or (now - self._reported_at < REPORT_EVERY and self._stop_by is None):
            return
        dropped = self._tally.take_unreported()
        if not dropped:
            return
        self._reported_at = now
        lines = [encode(_drop_report(reason, count, self._agent)) for reason, count in dropped.items()]
        report = pack("log", lines)
        report.report = True
        self._enqueue(report)


def _refused(batch: Batch, verdict: Verdict) -> str:
    return f"{batch.count} items ({batch.kind}) were refused with status {verdict.status} and dropped: {verdict.told}"


def _drop_report(reason: str, count: int, agent: str) -> dict[str, Any]:
    return {
        "id": new_id(),
        "ts": time.time(),
        "level": "warning",
        "logger": "atalaia.client",
        "message": f"the client dropped {count} items: {reason}",
        "dropped": count,
        "reason": reason,
        "client": agent,
    }
