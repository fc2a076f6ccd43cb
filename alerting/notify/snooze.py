"""A snoozed incident reminds nobody and climbs no stairs: what falls due meanwhile is asked again when the snooze ends."""

from typing import Final

from django.utils.timezone import localtime

from alerting.models import Notification
from alerting.notify.candidate import Candidate, Facts, follows_alerts
from alerting.notify.decisions import SNOOZED

Reason = Notification.Reason
WAITS: Final = frozenset({Reason.OPENED, Reason.GREW, Reason.FLAPPING, Reason.REPEATED, Reason.UNACKNOWLEDGED})


def check(candidate: Candidate) -> Facts | None:
    """Until when. What became worse, and what people did, is told all the same; machines that follow every alert do not sleep."""
    until = candidate.incident.snoozed_until
    if candidate.reason not in WAITS or until is None or until <= candidate.now or follows_alerts(candidate):
        return None
    return {"code": SNOOZED, "until": until.isoformat(), "shown": f"{localtime(until):%Y-%m-%d %H:%M}"}
