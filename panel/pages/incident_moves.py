"""What can be done with an incident now, and with whom: the choices of its forms."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from django.utils.timezone import localtime, make_aware

from alerting.models import Incident, Severity
from alerting.states import lifecycle
from alerting.states.lifecycle import Move, possible
from models_registry.models import User
from panel.pages.corrections import Exclusion, exclusion_of

MORNING: Final = time(9)
SNOOZE_HOURS: Final = (1, 4)
MOST_CHOICES: Final = 50


@dataclass(frozen=True, slots=True)
class Moves:
    """Names of moves, people who could get it, incidents it could be merged into, and the next morning."""

    possible: frozenset[str]
    under_way: bool
    snoozed: bool
    people: Sequence[User]
    targets: Sequence[Incident]
    morning: datetime
    other_severity: tuple[str, str]
    exclusion: Exclusion | None
    snooze_hours: tuple[int, ...] = SNOOZE_HOURS


def moves_of(incident: Incident, *, now: datetime) -> Moves:
    """Three queries; the newest 50 incidents that are under way can take this one."""
    moves = frozenset(move.value for move in possible(lifecycle.State(incident.state)))
    under_way = not incident.is_over
    targets = Incident.objects.filter(project=incident.project_id, state__in=lifecycle.UNDER_WAY).exclude(
        pk=incident.pk
    )
    other = Severity.TICKET if incident.severity == Severity.PAGE else Severity.PAGE
    return Moves(
        possible=moves,
        under_way=under_way,
        snoozed=incident.snoozed_at(now),
        people=_people(incident) if under_way else [],
        targets=list(targets.order_by("-number")[:MOST_CHOICES]) if Move.MERGE.value in moves else [],
        morning=next_morning(now),
        other_severity=(other.value, str(other.label)),
        exclusion=exclusion_of(incident, now=now),
    )


def _people(incident: Incident) -> list[User]:
    """Who can get it, and whoever has it: a form that is sent as it stands takes it from nobody."""
    found = responders()
    return found if incident.assignee is None or incident.assignee in found else [*found, incident.assignee]


def responders() -> list[User]:
    """People who may work on incidents, by name."""
    found = User.objects.with_perm("alerting.change_incident", backend="django.contrib.auth.backends.ModelBackend")
    return list(found.order_by("first_name", "username"))


def next_morning(now: datetime) -> datetime:
    """The next nine o'clock on the wall of whoever looks."""
    local = localtime(now)
    day = local.date() if local.time() < MORNING else local.date() + timedelta(days=1)
    return make_aware(datetime.combine(day, MORNING))


def snooze_end(given: dict[str, str], *, now: datetime) -> datetime | None:
    """So many hours, the next morning, or a moment of the wall's clock; None for what is none of them."""
    hours = given.get("hours", "")
    if hours.isdecimal() and len(hours) < 4:
        return now + timedelta(hours=int(hours))
    if "morning" in given:
        return next_morning(now)
    try:
        until = datetime.fromisoformat(given.get("until", ""))
        return until if until.tzinfo else make_aware(until)
    except (ValueError, OverflowError):
        return None
