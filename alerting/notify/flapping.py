"""People are told once that an alert flaps, not at every turn; machines that follow every alert are told of all of them."""

from alerting.channels import channel_kind
from alerting.models import Channel, Notification
from alerting.notify.candidate import Candidate, Facts
from alerting.notify.decisions import FLAPPING

Reason = Notification.Reason


def check(candidate: Candidate) -> Facts | None:
    """Another turn of what is known to flap."""
    if not candidate.flaps or candidate.reason != Reason.GREW or _follows(candidate.channel):
        return None
    return {"code": FLAPPING, "name": candidate.flaps}


def _follows(channel: Channel) -> bool:
    return Reason.CHANGED not in channel_kind(channel.kind).ignores
