"""`manage.py recount`: compare the summaries with a recount from raw events; exit 1 if they differ."""

from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser

from config.named import moment_named
from config.terminal import Spoken
from lib import clock
from monitoring.summaries.recount import recount

SHOWN = 20


class Command(Spoken):
    """Prints each bucket that differs."""

    help = "Compare every summary of a window with a recount from raw events; exit 1 on a mismatch."

    def add_arguments(self, parser: CommandParser) -> None:
        """The window; by default the last 30 days up to ten minutes from now."""
        parser.add_argument("--start", type=moment_named, help="RFC 3339, with offset")
        parser.add_argument("--end", type=moment_named, help="RFC 3339, with offset")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Recount and say what differs."""
        end = options["end"] or clock.now() + timedelta(minutes=10)
        start = options["start"] or end - timedelta(days=30)
        found = recount(start=start, end=end)
        if options["json"]:
            self.say_json({"differ": len(found), "buckets": [str(one) for one in found[:SHOWN]]})
        for mismatch in [] if options["json"] else found[:SHOWN]:
            self.stdout.write(str(mismatch))
        if found:
            message = f"{len(found)} buckets differ from their raw events."
            raise CommandError(message)
        if not options["json"]:
            self.stdout.write("Every summary equals a recount from raw events.")
