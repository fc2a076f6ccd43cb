"""What became of the incident while the message waited: it is over, or somebody is on it."""

from alerting.models import Incident, Notification
from alerting.notify.candidate import Candidate, Facts
from alerting.notify.decisions import IN_HAND, OVER
from alerting.notify.episode import ended_since

Reason, State = Notification.Reason, Incident.State
REMINDS = frozenset({Reason.GREW, Reason.REPEATED, Reason.UNACKNOWLEDGED})


def check(candidate: Candidate) -> Facts | None:
    """Nothing is told late of what has ended, though it began anew; nobody is reminded of what somebody has taken."""
    incident, reminds = candidate.incident, candidate.reason in REMINDS
    tells = candidate.reason not in (Reason.RESOLVED, Reason.ACKNOWLEDGED, Reason.CHANGED)
    if incident.state == State.RESOLVED and tells and (reminds or candidate.planned_at):
        return {"code": OVER}
    if candidate.planned_at and tells and ended_since(incident, candidate.planned_at):
        return {"code": OVER}
    if incident.state == State.ACKNOWLEDGED and reminds:
        by = incident.acknowledged_by
        return {"code": IN_HAND, "by": by.get_username() if by else "—"}
    return None
