"""The one client of a process: takes items from any thread, survives forks, and is done two seconds after the end."""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
from importlib import import_module
from typing import Any

from atalaia.buffer import Buffer, TooLargeError
from atalaia.ids import chance
from atalaia.options import Item, Options, read_options
from atalaia.tally import Tally

VERSION = "0.1.0"
AGENT = f"atalaia-python/{VERSION}"
# What a record is about: whoever samples decides alike for a prediction, its outcome and its feedback.
SUBJECTS = ("prediction_id", "target_id", "id")
ABOUT_MODELS = ("model", "version", "environment")
SAMPLED = frozenset({"prediction", "llm_call", "outcome", "feedback"})

logger = logging.getLogger("atalaia")


class Client:
    """Without a key it takes everything and does nothing."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.enabled = bool(options.key)
        # What goes with every prediction and call that says nothing else.
        self.about = {name: value for name in ABOUT_MODELS if (value := getattr(options, name))}
        # By name: writing JSON, HTTP and TLS are what a program without a key never pays for.
        self._freeze: Any = import_module("atalaia.frozen").freeze if self.enabled else None
        self._fresh()

    def _fresh(self) -> None:
        options = self.options
        self._lock = threading.RLock()
        self.buffer = Buffer(max_items=options.queue_items, max_bytes=options.queue_bytes)
        self.tally = Tally()
        self._sender: Any = None
        self._closed = False

    def capture(self, kind: str, item: Item) -> None:
        """Put one item in the queue. Never raises, never waits: what cannot be taken is counted and reported."""
        if not self.enabled or self._closed:
            return
        try:
            if self.options.sample_rate != 1.0 and not self._sampled(kind, item):
                return
            if not self.buffer.put(kind, self._freeze(item)):
                self.tally.drop("queue_full")
            if self._sender is None:
                self._start()
            elif self.buffer.pressing:
                self._sender.hurry()
        except TooLargeError:
            self.tally.drop("item_too_large")
        except Exception:
            self.tally.drop("client_fault")
            logger.debug("an item could not be recorded", exc_info=True)

    def _sampled(self, kind: str, item: Item) -> bool:
        rate = self.options.sample_rate
        if callable(rate):
            try:
                rate = float(rate(kind, item))
            except Exception as error:
                self.tally.warn_once("sample_rate", f"sample_rate failed, so everything is sent: {error!r}")
                return True
        elif kind not in SAMPLED:
            return True
        if rate < 1.0:
            about = next((str(item[name]) for name in SUBJECTS if name in item), "")
            item["sample_rate"] = rate
            return chance(about) < rate
        return True

    def prepare(self) -> None:
        """Load what sends, so that no request of the program waits for it; look for what a crash has left behind."""
        if self.enabled:
            _sender_class()
            if self.options.spool:
                self._start()

    def _start(self) -> None:
        with self._lock:
            if self._sender is None and not self._closed:
                sender = _sender_class()(self.options, self.buffer, self.tally, AGENT)
                sender.start()
                self._sender = sender
                _end_with_children(self)

    def flush(self, timeout: float = 2.0) -> bool:
        """Wait until all that was recorded has been answered; False if that took longer than `timeout` seconds."""
        sender = self._sender
        return bool(sender.flush(timeout)) if sender is not None else len(self.buffer) == 0

    def close(self, timeout: float | None = None) -> None:
        """Send what can be sent in time, keep or count the rest; afterwards nothing is recorded any more."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            sender = self._sender
        if sender is None:
            return
        wait = self.options.shutdown_timeout if timeout is None else timeout
        lost = sender.stop(wait)
        if lost:
            logger.warning("%d items were not sent within %.1f s; set ATALAIA_SPOOL to keep them", lost, wait)

    def after_fork(self) -> None:
        """In the child: what waits is the parent's to send, and so are its thread, its locks and its folder."""
        sender, closed = self._sender, self._closed
        self._fresh()
        self._closed = closed
        if sender is not None and sender.spool is not None:
            sender.spool.close_inherited()

    def stats(self) -> dict[str, Any]:
        """What became of the items of this process: `sent`, `queued`, and `dropped` by reason."""
        return {"sent": self.tally.sent, "queued": len(self.buffer), "dropped": dict(self.tally.dropped)}


def _sender_class() -> Any:
    """By name, as `freeze` is: HTTP and TLS come with it."""
    return import_module("atalaia.sender").Sender


def _end_with_children(client: Client) -> None:
    """Children of multiprocessing and of Celery end without `atexit`; they run finalisers of their own instead."""
    for name in ("multiprocessing.util", "billiard.util"):
        util: Any = sys.modules.get(name)
        if util is not None:
            util.Finalize(None, client.close, exitpriority=10)


_nobody = Client(Options())
_client = _nobody


def client() -> Client:
    """The client in use."""
    return _client


def start(given: dict[str, Any]) -> Client:
    """Read the options and take them into use; what cannot be used is told, and then nothing is recorded."""
    global _client
    before = _client
    try:
        options = read_options(given)
    except ValueError as error:
        logger.warning("atalaia.init: nothing will be recorded: %s", error)
        options = Options()
    else:
        if not options.key:
            logger.info("atalaia.init: no key (ATALAIA_KEY), so nothing is recorded")
    _client = Client(options)
    _client.prepare()
    before.close()
    return _client


def _after_fork() -> None:
    _client.after_fork()


def _at_exit() -> None:
    try:
        _client.close()
    except Exception:
        logger.debug("the end was not tidy", exc_info=True)


atexit.register(_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
