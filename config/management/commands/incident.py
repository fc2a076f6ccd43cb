"""`manage.py incident list | ack | resolve`: what a person on call does, from a terminal."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from django.core.management.base import CommandError, CommandParser
from django.db.models import QuerySet
from django.utils.timezone import localtime

from alerting.errors import Refused
from alerting.incidents.course import acknowledge_incident, comment_incident, resolve_incident
from alerting.models import Incident
from config.named import UNKNOWN, person_named, project_named, rows_named
from config.terminal import Spoken, ago
from lib import clock
from models_registry.models import User

VERBS: Final[dict[str, Callable[..., Incident]]] = {
    "ack": acknowledge_incident,
    "acknowledge": acknowledge_incident,
    "resolve": resolve_incident,
}
SHOWN: Final = 50
HEAD: Final = ("incident", "state", "severity", "since", "model", "whose", "title")


class Command(Spoken):
    """Lists what is not over; acknowledges and resolves by number. Ends with 1 where the state of an incident forbids it."""

    help = "List incidents that are not over, acknowledge them, resolve them."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to do, with which incidents."""
        parser.add_argument("action", choices=["list", *VERBS])
        parser.add_argument("numbers", nargs="*", metavar="NUMBER", help="7 or INC-7.")
        parser.add_argument("--project", help="Its slug; may be left out where there is only one.")
        parser.add_argument("--by", help="Who acts: a user name of the panel; your login here unless given.")
        parser.add_argument("--text", default="", help="A note for the timeline.")
        parser.add_argument(
            "--state", default="open,acknowledged", help="Of the list: states, separated by commas, or all."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """One of the three."""
        incidents = Incident.objects.filter(project=project_named(options["project"]))
        incidents = incidents.select_related("model", "assignee")
        if options["action"] == "list":
            self._list(_in_states(incidents, options["state"]), options)
            return
        if not options["numbers"]:
            raise CommandError("name incidents by their numbers, such as 7 or INC-7", returncode=UNKNOWN)
        found = rows_named(incidents, "number", _numbers(options["numbers"]), "incident")
        self._act(found, by=person_named(options["by"]), options=options)

    def _list(self, incidents: QuerySet[Incident], options: dict[str, Any]) -> None:
        now = clock.now()
        rows = list(incidents.order_by("-number")[:SHOWN])
        if options["json"]:
            self.say_json([_document(one) for one in rows])
        elif rows:
            self.say_table(HEAD, [_row(one, now) for one in rows])
        else:
            self.stdout.write("none")

    def _act(self, incidents: Sequence[Incident], *, by: User, options: dict[str, Any]) -> None:
        refused = []
        for incident in incidents:
            try:
                VERBS[options["action"]](incident, by=by, now=clock.now())
                if options["text"].strip():
                    comment_incident(incident, by=by, text=options["text"], now=clock.now())
            except Refused as error:
                refused.append(f"{incident}: {error}")
        if options["json"]:
            self.say_json([_document(one) for one in incidents])
        else:
            for one in incidents:
                self.stdout.write(f"{one}  {one.state}")
        if refused:
            raise CommandError("\n".join(refused), returncode=1)


def _in_states(incidents: QuerySet[Incident], text: str) -> QuerySet[Incident]:
    wanted = [state.strip() for state in text.split(",") if state.strip()]
    if wanted == ["all"]:
        return incidents
    if unknown := set(wanted).difference(Incident.State.values):
        known = ", ".join(Incident.State.values)
        raise CommandError(f"--state: {unknown.pop()!r} is none of {known}, all", returncode=UNKNOWN)
    return incidents.filter(state__in=wanted)


def _numbers(given: Sequence[str]) -> list[str]:
    numbers = [text.upper().removeprefix("INC-") for text in given]
    if wrong := [text for text in numbers if not (text.isascii() and text.isdecimal() and len(text) < 10)]:
        raise CommandError(f"{wrong[0]!r} is no number of an incident, such as 7 or INC-7", returncode=UNKNOWN)
    return [str(int(text)) for text in numbers]


def _row(one: Incident, now: datetime) -> tuple[str, ...]:
    since = f"{localtime(one.opened_at):%Y-%m-%d %H:%M}, {ago((now - one.opened_at).total_seconds())}"
    whose = one.assignee.username if one.assignee else "-"
    return (str(one), one.state, one.severity, since, one.model.slug if one.model else "-", whose, one.title)


def _document(one: Incident) -> dict[str, Any]:
    return {
        "number": one.number,
        "title": one.title,
        "state": one.state,
        "severity": one.severity,
        "model": one.model.slug if one.model else None,
        "assignee": one.assignee.username if one.assignee else None,
        "opened_at": one.opened_at,
        "acknowledged_at": one.acknowledged_at,
        "resolved_at": one.resolved_at,
    }
