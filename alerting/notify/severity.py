"""How bad a thing is, and channels that only want to hear of what is worth waking up for."""

from collections.abc import Mapping
from typing import Final

from alerting.models import Severity
from alerting.notify.candidate import Candidate, Facts
from alerting.notify.decisions import BELOW_SEVERITY
from alerting.notify.dedup import FOLLOWS, told

RANK = {Severity.TICKET.value: 0, Severity.PAGE.value: 1}
# Words for it in the labels of other programs.
WAKES: Final = frozenset({"page", "critical"})


def severity_of(labels: Mapping[str, str]) -> str:
    """`page` and `critical` wake somebody up; everything else is a ticket."""
    return Severity.PAGE if labels.get("severity", "").lower() in WAKES else Severity.TICKET


def check(candidate: Candidate) -> Facts | None:
    """At least the channel's minimum; whoever heard of it while it was worse hears what becomes of it."""
    minimum = candidate.channel.minimum_severity
    if RANK[candidate.incident.severity] >= RANK[minimum]:
        return None
    if candidate.reason in FOLLOWS and told(candidate).exists():
        return None
    return {"code": BELOW_SEVERITY, "minimum": minimum}
