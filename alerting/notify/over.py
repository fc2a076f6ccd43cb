"""What became of the incident while the message waited: it is over, it is another's, or somebody is on it."""

from typing import Final

from alerting.models import Incident, Notification
from alerting.notify.candidate import Candidate, Facts, follows_alerts
from alerting.notify.decisions import IN_HAND, MERGED, OVER
from alerting.notify.episode import ended_since

Reason, State = Notification.Reason, Incident.State
REMINDS: Final = frozenset({Reason.GREW, Reason.FLAPPING, Reason.REPEATED, Reason.UNACKNOWLEDGED})
# What people did: it is told whatever happens next.
DEEDS: Final = frozenset(
    {Reason.RESOLVED, Reason.ACKNOWLEDGED, Reason.MITIGATED, Reason.CHANGED, Reason.MERGED, Reason.ASSIGNED}
)


def check(candidate: Candidate) -> Facts | None:
    """Nothing is told late of what has ended, though it began anew; nobody is reminded of what somebody has taken.

    An alert that joins is no reminder to machines that follow every alert.
    """
    incident = candidate.incident
    if candidate.reason in DEEDS:
        return None
    if incident.state == State.MERGED:
        return {"code": MERGED, "into": str(incident.merged_into or "—")}
    if _has_ended(candidate):
        return {"code": OVER}
    news = candidate.reason == Reason.GREW and follows_alerts(candidate)
    if incident.in_hand and candidate.reason in REMINDS and not news:
        by = incident.acknowledged_by or incident.mitigated_by
        return {"code": IN_HAND, "by": by.get_username() if by else "—"}
    return None


def _has_ended(candidate: Candidate) -> bool:
    late = candidate.planned_at is not None or candidate.reason in REMINDS
    if candidate.incident.is_over and late:
        return True
    return candidate.planned_at is not None and ended_since(candidate.incident, candidate.planned_at)
