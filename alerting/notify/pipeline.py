"""Every reason not to send, in the order they are asked; the first that holds is the one that is recorded."""

from alerting.notify import channel_off, dedup, flapping, hours, over, severity, silence, snooze
from alerting.notify.candidate import Candidate, Facts, Stage

PIPELINE: list[Stage] = [
    channel_off.check,
    over.check,
    flapping.check,
    severity.check,
    dedup.check,
    snooze.check,
    silence.check,
    hours.check,
]


def why_not(candidate: Candidate) -> Facts | None:
    """None: send it. Otherwise the decision with its facts, the channel's name among them."""
    for stage in PIPELINE:
        facts = stage(candidate)
        if facts:
            return {**facts, "channel": candidate.channel.name}
    return None
