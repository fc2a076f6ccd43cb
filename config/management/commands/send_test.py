"""`manage.py send_test [CHANNEL…]`: one real message through a channel, now, and what became of it."""

from typing import Any, Final

from django.core.management.base import CommandError, CommandParser

from alerting.models import Channel, Notification
from alerting.notify.test import send_test
from config.named import person_named, project_named, rows_named
from config.terminal import Spoken
from lib import clock

HEAD: Final = ("", "channel", "kind", "what became of it")


class Command(Spoken):
    """Ends with 1 if a message did not arrive, with 2 where a name leads nowhere."""

    help = "Send a test message through channels; say whether it arrived, and if not, why."

    def add_arguments(self, parser: CommandParser) -> None:
        """Through which, and who asks."""
        parser.add_argument(
            "channels", nargs="*", metavar="CHANNEL", help="Their names; every enabled one unless named."
        )
        parser.add_argument("--project", help="Its slug; may be left out where there is only one.")
        parser.add_argument("--by", help="Who asks: a user name of the panel; your login here unless given.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Each is tried once."""
        by = person_named(options["by"])
        channels = Channel.objects.filter(project=project_named(options["project"])).order_by("name")
        wanted = channels if options["channels"] else channels.filter(enabled=True)
        chosen = rows_named(wanted, "name", options["channels"], "channel")
        if not chosen:
            raise CommandError("this project has no enabled channel", returncode=1)
        sent = [(channel, send_test(channel, by=by, now=clock.now())) for channel in chosen]
        if options["json"]:
            self.say_json([{"channel": channel.name, "kind": channel.kind, **_told(row)} for channel, row in sent])
        else:
            self.say_table(HEAD, [_row(channel, row) for channel, row in sent])
        lost = [channel.name for channel, row in sent if row.state != Notification.State.SENT]
        if lost:
            raise CommandError(f"{len(lost)} of {len(sent)} did not arrive: {', '.join(lost)}", returncode=1)


def _told(row: Notification) -> dict[str, Any]:
    return {"id": row.uid, "state": row.state, "error": row.last_error}


def _row(channel: Channel, row: Notification) -> tuple[str, ...]:
    arrived = row.state == Notification.State.SENT
    return (
        "ok" if arrived else "FAIL",
        channel.name,
        channel.kind,
        "arrived" if arrived else row.last_error or row.state,
    )
