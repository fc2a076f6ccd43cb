"""One child: started in a group of its own, tied to the life of its parent, restarted when it dies."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from django.conf import settings

from config.supervise.tether import die_with_parent
from lib.clock import real_now

FIRST_DELAY = 0.2
LONGEST_DELAY = 30.0  # for what cannot run: to start it again and again would cost more than it is worth
LONGEST_AFTER_KILL = 1.5  # whoever was killed can run, however often that happens
STEADY_SECONDS = 10.0


def _always() -> bool:
    return True


@dataclass(frozen=True)
class Plan:
    """What to run. `after` names children that must be ready first; a `once` child is ready when it has succeeded."""

    name: str
    command: list[str]
    env: dict[str, str] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    once: bool = False
    ready: Callable[[], bool] = _always


def _import_path() -> str:
    """The project first: a supervisor may be started from any folder."""
    return os.pathsep.join(filter(None, [str(settings.BASE_DIR), os.environ.get("PYTHONPATH")]))


class Child:
    """A plan and what became of it."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.process: subprocess.Popen[bytes] | None = None
        self.ready = False
        self.done = False
        self.stopped = False
        self.restarts = 0
        self.started_at: datetime | None = None
        self.last_restart_at: datetime | None = None
        self.last_exit = ""
        self.due = 0.0
        self._began = 0.0
        self._delay = FIRST_DELAY

    @property
    def pid(self) -> int | None:
        """Of the living process."""
        return self.process.pid if self.process else None

    def start(self) -> None:
        """Start now. The supervisor has one thread, so code before exec is safe."""
        self.process = subprocess.Popen(  # noqa: S603
            self.plan.command,
            env={**os.environ, "PYTHONPATH": _import_path(), **self.plan.env},
            stdin=subprocess.DEVNULL,
            process_group=0,
            preexec_fn=partial(die_with_parent, os.getpid()),
        )
        self._began = time.monotonic()
        self.started_at = real_now()
        if self.last_exit:
            self.restarts += 1
            self.last_restart_at = self.started_at

    def reap(self) -> bool:
        """Notice a death: clear its group away and set the time of the next start. True when something changed."""
        if self.process is None or self.process.poll() is None:
            return False
        code = self.process.returncode
        self.end_group(signal.SIGKILL)
        self.process = None
        self.ready = False
        self.last_exit = _exit_text(code)
        if self.plan.once and code == 0:
            self.done = self.ready = True
            return True
        steady = time.monotonic() - self._began >= STEADY_SECONDS
        self._delay = FIRST_DELAY if steady else self._delay
        self._delay = min(self._delay, LONGEST_DELAY if code >= 0 else LONGEST_AFTER_KILL)
        self.due = time.monotonic() + self._delay
        self._delay *= 2
        return True

    def check_ready(self) -> bool:
        """Ask once more whether it is ready; True at the moment it becomes so."""
        if self.ready or self.process is None or self.plan.once or not self.plan.ready():
            return False
        self.ready = True
        return True

    def ask_to_stop(self) -> None:
        """Politely, to the process itself: it stops its own children in order."""
        if self.process:
            self.process.terminate()

    def end_group(self, number: signal.Signals) -> None:
        """To the process and everything it started."""
        if self.process:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)


def _exit_text(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    with suppress(ValueError):
        return f"killed by {signal.Signals(-code).name}"
    return f"killed by signal {-code}"
