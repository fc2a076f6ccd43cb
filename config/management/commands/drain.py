"""`manage.py drain`: empty the inbox now, without Celery."""

from typing import Any

from config.terminal import Spoken
from lib import clock
from monitoring.drain import drain_until_empty


class Command(Spoken):
    """Drain to empty."""

    help = "Store and fold everything that waits in the inbox, then stop."

    def handle(self, *args: Any, **options: Any) -> None:
        """One line with the counts."""
        summary = drain_until_empty(now=clock.now())
        if options["json"]:
            self.say_json({"seen": summary.seen, "written": summary.written, "skipped": summary.skipped})
            return
        self.stdout.write(f"seen {summary.seen}, written {summary.written}, skipped {summary.skipped}")
