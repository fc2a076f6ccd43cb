"""What the stages of the pipeline look at, and what they answer."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerting.channels import channel_kind
from alerting.models import Channel, Incident, Notification

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A message that may go to a channel. `planned_at` is when it was written down, if it was to wait from then on.

    `flaps` names what turned, where that does so again and again.
    """

    incident: Incident
    channel: Channel
    reason: str
    now: datetime
    planned_at: datetime | None = None
    flaps: str = ""


# None lets the message pass; facts (a code of `decisions` and what its sentence needs) hold it back.
Stage = Callable[[Candidate], Facts | None]


def follows_alerts(candidate: Candidate) -> bool:
    """Whether the channel leads to a machine that hears of every alert."""
    return Notification.Reason.CHANGED not in channel_kind(candidate.channel.kind).ignores
