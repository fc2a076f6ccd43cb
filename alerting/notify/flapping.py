"""People are told once that an alert flaps, not at every turn; machines that follow every alert are told of all of them."""

from alerting.models import Notification
from alerting.notify.candidate import Candidate, Facts, follows_alerts
from alerting.notify.decisions import FLAPPING

Reason = Notification.Reason


def check(candidate: Candidate) -> Facts | None:
    """Another turn of what is known to flap."""
    if not candidate.flaps or candidate.reason != Reason.GREW or follows_alerts(candidate):
        return None
    return {"code": FLAPPING, "name": candidate.flaps}
