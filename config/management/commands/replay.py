"""`manage.py replay`: what could not be stored goes back to the inbox, what could not be sent back to the outbox."""

from collections.abc import Sequence
from typing import Any, Final

from django.core.management.base import CommandParser
from django.db.models import QuerySet

from alerting.models import Notification
from alerting.notify.requeue import requeue
from config.named import person_named, project_named, rows_named
from config.terminal import Spoken
from lib import clock
from models_registry.models import Project
from monitoring.drain.dead_letters import replay
from monitoring.models import DeadLetter
from monitoring.models.inbox import EventKind

SHOWN: Final = 50
LETTERS: Final = ("id", "kind", "items", "at", "error")
MESSAGES: Final = ("id", "channel", "reason", "incident", "error")


class Command(Spoken):
    """Lists them; with numbers or `--all` puts them back. What fails again is a dead letter again."""

    help = "List dead letters, or with ids or --all put them back; --messages does so with messages that were given up."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which ones."""
        parser.add_argument("ids", nargs="*", metavar="ID")
        parser.add_argument("--all", action="store_true", help="All that are listed.")
        parser.add_argument("--project", help="Its slug; may be left out where there is only one.")
        parser.add_argument("--kind", choices=EventKind.values, help="Only dead letters of this kind.")
        parser.add_argument("--error", default="", help="Only those whose error contains this text.")
        parser.add_argument("--messages", action="store_true", help="Messages that were given up, not dead letters.")
        parser.add_argument("--by", help="Who asks for messages to be sent again; your login here unless given.")

    def handle(self, *args: Any, **options: Any) -> None:
        """List, or put back."""
        project = project_named(options["project"])
        if options["messages"]:
            self._messages(_given_up(project, options["error"]), options)
        else:
            self._letters(_letters(project, options["kind"], options["error"]), options)

    def _letters(self, letters: QuerySet[DeadLetter], options: dict[str, Any]) -> None:
        if not options["ids"] and not options["all"]:
            rows = [(one.pk, one.kind, one.count, one.at, one.error) for one in letters[:SHOWN]]
            self._list(LETTERS, rows, letters.count(), options)
            return
        back = 0
        for letter in rows_named(letters, "pk", options["ids"], "dead letter"):
            back += letter.count if replay(letter, now=clock.now()) else 0
        self._back(back, "items are back in the inbox", options)

    def _messages(self, rows: QuerySet[Notification], options: dict[str, Any]) -> None:
        if not options["ids"] and not options["all"]:
            told = [
                (one.uid, one.channel.name, one.reason, str(one.incident or "-"), one.last_error)
                for one in rows[:SHOWN]
            ]
            self._list(MESSAGES, told, rows.count(), options)
            return
        chosen = rows_named(rows, "uid", options["ids"], "message")
        back = requeue(chosen, by=person_named(options["by"]), now=clock.now())
        self._back(back, "messages are back in the outbox", options)

    def _list(self, head: Sequence[str], rows: Sequence[Sequence[object]], total: int, options: dict[str, Any]) -> None:
        if options["json"]:
            self.say_json({"total": total, "items": [dict(zip(head, row, strict=True)) for row in rows]})
        elif rows:
            self.say_table(head, rows)
            self.stdout.write(f"{len(rows)} of {total}; --all puts all of them back, ids some of them")
        else:
            self.stdout.write("none")

    def _back(self, number: int, words: str, options: dict[str, Any]) -> None:
        if options["json"]:
            self.say_json({"back": number})
        else:
            self.stdout.write(f"{number} {words}")


def _letters(project: Project, kind: str | None, error: str) -> QuerySet[DeadLetter]:
    letters = DeadLetter.objects.filter(project=project, error__contains=error)
    return letters.filter(kind=kind) if kind else letters


def _given_up(project: Project, error: str) -> QuerySet[Notification]:
    rows = Notification.objects.filter(
        channel__project=project, state=Notification.State.DEAD, last_error__contains=error
    )
    return rows.select_related("channel", "incident")
