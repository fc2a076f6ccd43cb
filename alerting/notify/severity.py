"""Channels that only want to hear of what is worth waking up for."""

from alerting.models import Severity
from alerting.notify.candidate import Candidate, Facts
from alerting.notify.decisions import BELOW_SEVERITY

RANK = {Severity.TICKET.value: 0, Severity.PAGE.value: 1}


def check(candidate: Candidate) -> Facts | None:
    """At least the channel's minimum."""
    minimum = candidate.channel.minimum_severity
    if RANK[candidate.incident.severity] >= RANK[minimum]:
        return None
    return {"code": BELOW_SEVERITY, "minimum": minimum}
