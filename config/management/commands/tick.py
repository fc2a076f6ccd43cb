"""`manage.py tick`: the same stages as Celery runs, without Celery."""

import time
from datetime import datetime
from typing import Any, Final

from django.core.management.base import CommandError, CommandParser
from django.db import close_old_connections

from config.named import moment_named
from config.perform import run_once, run_while_busy
from config.stages import STAGES
from config.terminal import Spoken
from lib import clock

COUNTS: Final = ("seen", "written", "skipped")


class Command(Spoken):
    """Run every stage once, or for ever."""

    help = "Run each stage once, in order; with --loop keep to their intervals, as Celery beat would."

    def add_arguments(self, parser: CommandParser) -> None:
        """`--loop` and `--now`."""
        parser.add_argument("--loop", action="store_true", help="Keep running; replaces Celery where there is none.")
        parser.add_argument("--now", type=moment_named, help="Pretend it is this time (RFC 3339 with offset).")

    def handle(self, *args: Any, **options: Any) -> None:
        """Once, unless told to loop."""
        if options["loop"] and options["now"]:
            message = "--loop follows the clock; it cannot be combined with --now"
            raise CommandError(message)
        if options["loop"]:
            self._loop()
        else:
            self._once(options["now"] or clock.now(), as_json=options["json"])

    def _once(self, now: datetime, *, as_json: bool) -> None:
        failed, told = [], []
        for stage in STAGES:
            summary = run_once(stage, now=now)
            counts = None if summary is None else (summary.seen, summary.written, summary.skipped)
            told.append({"stage": stage.name, **dict(zip(COUNTS, counts or (None,) * 3, strict=True))})
            if summary is None:
                failed.append(stage.name)
            elif not as_json:
                self.stdout.write(
                    f"{stage.name}: seen {summary.seen}, written {summary.written}, skipped {summary.skipped}"
                )
        if as_json:
            self.say_json(told)
        if failed:
            message = f"failed: {', '.join(failed)} (the reason is in the log and on the collection page)"
            raise CommandError(message)

    def _loop(self) -> None:
        due = dict.fromkeys(STAGES, 0.0)
        while True:
            for stage in STAGES:
                if time.monotonic() >= due[stage]:
                    due[stage] = time.monotonic() + stage.every
                    run_while_busy(stage, now=clock.now)
            close_old_connections()
            time.sleep(max(0.05, min(due.values()) - time.monotonic()))
