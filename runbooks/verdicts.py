"""What a review says of an alert: was it worth waking up for?"""

from datetime import datetime

from django.utils.translation import gettext

from alerting.errors import Refused
from alerting.models import Alert, AlertVerdict, Incident
from models_registry.models import User


def judge_alert(alert: Alert, *, incident: Incident, verdict: str, by: User, now: datetime) -> AlertVerdict:
    """Record a value of `AlertVerdict.Verdict`; judging again replaces the verdict. `Refused` for any other word."""
    if verdict not in AlertVerdict.Verdict.values:
        raise Refused(gettext("A verdict is either “useful” or “noise”."))
    row, _ = AlertVerdict.objects.update_or_create(
        alert=alert, incident=incident, defaults={"verdict": verdict, "by": by, "at": now}
    )
    return row
