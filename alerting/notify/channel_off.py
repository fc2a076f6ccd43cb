"""A channel that was switched off while its message waited."""

from alerting.notify.candidate import Candidate, Facts
from alerting.notify.decisions import CHANNEL_OFF


def check(candidate: Candidate) -> Facts | None:
    """Only enabled channels are told."""
    return None if candidate.channel.enabled else {"code": CHANNEL_OFF}
