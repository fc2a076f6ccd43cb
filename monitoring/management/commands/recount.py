"""`manage.py recount`: compare the summaries with a recount from raw events; exit 1 if they differ."""

from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from lib import clock
from monitoring.recount import recount

SHOWN = 20


class Command(BaseCommand):
    """Prints each bucket that differs."""

    help = "Compare every summary of a window with a recount from raw events; exit 1 on a mismatch."

    def add_arguments(self, parser: CommandParser) -> None:
        """The window; by default the last 30 days up to ten minutes from now."""
        parser.add_argument("--start", type=datetime.fromisoformat, help="RFC 3339, with offset")
        parser.add_argument("--end", type=datetime.fromisoformat, help="RFC 3339, with offset")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Recount and say what differs."""
        end = options["end"] or clock.now() + timedelta(minutes=10)
        start = options["start"] or end - timedelta(days=30)
        found = recount(start=start, end=end)
        for mismatch in found[:SHOWN]:
            self.stdout.write(str(mismatch))
        if found:
            message = f"{len(found)} buckets differ from their raw events."
            raise CommandError(message)
        self.stdout.write("Every summary equals a recount from raw events.")
