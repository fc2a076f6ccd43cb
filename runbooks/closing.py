"""An incident is closed once its review is done, or somebody says why there will be none."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from alerting.errors import Refused
from alerting.incidents.hold import begin
from alerting.incidents.moves.close import close_incident
from alerting.models import Incident
from alerting.states.lifecycle import Move
from models_registry.models import User
from runbooks.models import Review


@transaction.atomic
def close_reviewed(incident: Incident, *, by: User, now: datetime, why: str = "") -> Incident:
    """Close a resolved incident; without a published review only with `why`, which its timeline keeps."""
    current, changes = begin(incident, Move.CLOSE)
    if changes and not why.strip() and not is_reviewed(current):
        raise Refused(
            gettext("The review of %(incident)s is not published. Publish it first, or write why there will be none.")
            % {"incident": current}
        )
    return close_incident(incident, by=by, now=now, why=why)


def is_reviewed(incident: Incident) -> bool:
    """Whether a review was published since the incident was last reopened."""
    review = Review.objects.filter(incident=incident, state=Review.State.PUBLISHED).first()
    if review is None or review.published_at is None:
        return False
    return incident.reopened_at is None or review.published_at >= incident.reopened_at
