"""It was not over after all."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from alerting.errors import Refused
from alerting.incidents.course import announce_incident, find_open, reopen, take_turn
from alerting.incidents.hold import begin, copied
from alerting.models import Incident
from alerting.states.lifecycle import Move
from models_registry.models import User


@transaction.atomic
def reopen_incident(incident: Incident, *, by: User, now: datetime, why: str = "", seen: int | None = None) -> Incident:
    """Open it again and tell people; `Refused` while another incident of its group is under way."""
    take_turn()
    current, changes = begin(incident, Move.REOPEN, seen=seen)
    if changes:
        other = find_open(current.project_id, current.group_key)
        if other is not None and other.pk != current.pk:
            raise Refused(_("%(other)s is under way for the same alerts. Work on that one.") % {"other": other})
        reopen(current, by=by, now=now, why=why.strip())
        announce_incident(current, now=now)
    return copied(incident, current)
