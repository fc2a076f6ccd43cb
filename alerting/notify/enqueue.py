"""Write the messages of a state change into the outbox, in the transaction of the change itself."""

from datetime import datetime

from alerting.models import Incident, Notification
from models_registry.models import User


def enqueue(incident: Incident, *, reason: str, now: datetime, actor: User | None = None) -> list[Notification]:
    """One row per enabled channel of the project, at most once per generation, however often it is called.

    Call it inside the transaction that changes the incident, after its alerts are attached: the message is composed
    here. `reason` is a value of `Notification.Reason`. A decision not to send is a SUPPRESSED row and an incident event.
    """
    raise NotImplementedError
