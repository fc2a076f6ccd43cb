"""People are told once that an alert flaps, not at every turn; machines that follow every alert are told of all of them."""

from alerting.channels import channel_kind
from alerting.models import Notification
from alerting.notify.candidate import Candidate, Facts
from alerting.notify.decisions import FLAPPING

Reason = Notification.Reason


def check(candidate: Candidate) -> Facts | None:
    """Another turn of what is known to flap."""
    follows = Reason.CHANGED not in channel_kind(candidate.channel.kind).ignores
    if not candidate.flaps or candidate.reason != Reason.GREW or follows:
        return None
    return {"code": FLAPPING, "name": candidate.flaps}
