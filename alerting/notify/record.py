"""What the timeline of an incident says of messages."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import override

from alerting.models import Incident, IncidentEvent, Notification
from alerting.notify.decisions import explain


def record_suppressed(incident: Incident, decision: Mapping[str, Any], *, now: datetime) -> None:
    """`text` is in the language of the installation; readers in another call `decisions.explain(event.data)`."""
    with override(settings.LANGUAGE_CODE):
        sentence = explain(decision)
    IncidentEvent.objects.create(
        incident=incident, at=now, kind=IncidentEvent.Kind.SUPPRESSED, text=sentence, data=dict(decision)
    )


def record_notified(notification: Notification, *, now: datetime) -> None:
    """The text is the channel's name, which needs no language."""
    if notification.incident is None:
        return
    IncidentEvent.objects.create(
        incident=notification.incident,
        at=now,
        kind=IncidentEvent.Kind.NOTIFIED,
        text=notification.channel.name,
        data={
            "channel": notification.channel.name,
            "reason": notification.reason,
            "attempts": notification.attempts,
            "id": str(notification.uid),
        },
    )
