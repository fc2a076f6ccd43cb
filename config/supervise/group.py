"""The supervisor's loop: start in order, restart what dies, tell the database, stop in order."""

import os
import select
import signal
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from config.supervise.child import Child, Plan
from config.supervise.leftovers import remember

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
HEARTBEAT_SECONDS = 15.0
PROBE_SECONDS = 0.1
RETRY_SECONDS = 1.0
STOP_SECONDS = 15.0


class Group:
    """The children of one `manage.py up`. `tell` is called with all of them at every change and every 15 s, sooner if it failed."""

    def __init__(self, plans: list[Plan], *, list_path: Path, tell: Callable[[list[Child]], bool]) -> None:
        self.children = [Child(plan) for plan in plans]
        self.by_name = {child.plan.name: child for child in self.children}
        self.when_ready: dict[str, Callable[[], None]] = {}
        self._list_path = list_path
        self._tell = tell
        self._told_at = 0.0
        self._stops = 0
        self._waker = os.pipe()

    def start_early(self, name: str) -> Child:
        """Start one before all others, whatever it comes after; until `run`, the caller answers for it."""
        child = self.by_name[name]
        child.start()
        self._remember()
        return child

    def run(self) -> None:
        """Until a stop signal; then everything is stopped."""
        self._listen()
        try:
            while not self._stops:
                changed = self._step()
                if changed or time.monotonic() - self._told_at >= HEARTBEAT_SECONDS:
                    self._report()
                self._sleep(self._pause())
        finally:
            self._stop_all()
            self._report()

    def _step(self) -> bool:
        changed = False
        for child in self.children:
            changed |= child.reap()
            if child.check_ready():
                changed = True
                self.when_ready.pop(child.plan.name, _nothing)()
            if self._may_start(child):
                child.start()
                changed = True
        return changed

    def _may_start(self, child: Child) -> bool:
        if child.process or child.done or time.monotonic() < child.due:
            return False
        started_before = bool(child.last_exit)
        return started_before or all(self.by_name[name].ready for name in child.plan.after)

    def _pause(self) -> float:
        """Short while something is about to happen, else until the next heartbeat; a signal wakes us anyway."""
        if any(child.process and not child.ready and not child.plan.once for child in self.children):
            return PROBE_SECONDS
        now = time.monotonic()
        dues = [child.due for child in self.children if child.due > now and not child.process]
        return max(0.01, min([self._told_at + HEARTBEAT_SECONDS, *dues]) - now)

    def _report(self) -> None:
        self._remember()
        told = self._tell(self.children)
        self._told_at = time.monotonic() - (0 if told else HEARTBEAT_SECONDS - RETRY_SECONDS)

    def _remember(self) -> None:
        remember(self._list_path, {child.plan.name: child.pid for child in self.children if child.pid})

    def _listen(self) -> None:
        """Signals write into a pipe, so that waiting for one costs nothing and loses none."""
        for end in self._waker:
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._waker[1], warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, _noted)
        for number in STOP_SIGNALS:
            signal.signal(number, self._on_stop)

    def _on_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stops += 1

    def _sleep(self, seconds: float) -> None:
        if select.select([self._waker[0]], [], [], seconds)[0]:
            os.read(self._waker[0], 512)

    def _stop_all(self) -> None:
        """Everybody at once but the broker, which the others may still be talking to; impatience is respected."""
        others = [child for child in self.children if child.plan.name != "broker"]
        for wave in (others, [child for child in self.children if child not in others]):
            for child in wave:
                child.ask_to_stop()
            until = time.monotonic() + STOP_SECONDS
            while self._living(wave) and time.monotonic() < until and self._stops < 2:
                self._sleep(0.1)
            for child in wave:
                child.end_group(signal.SIGKILL)
                if child.process:
                    child.process.wait()
                child.process, child.stopped = None, True

    def _living(self, wave: list[Child]) -> bool:
        return any(child.process and child.process.poll() is None for child in wave)


def _noted(_number: int, _frame: FrameType | None) -> None:
    """SIGCHLD only has to wake the loop."""


def _nothing() -> None:
    """Nobody waits for this child."""
