"""What a review says of an alert: was it worth waking up for?"""

from datetime import datetime

from alerting.models import Alert, AlertVerdict, Incident
from models_registry.models import User


def judge_alert(alert: Alert, *, incident: Incident, verdict: str, by: User, now: datetime) -> AlertVerdict:
    """Record a value of `AlertVerdict.Verdict`; judging again replaces the verdict."""
    raise NotImplementedError
