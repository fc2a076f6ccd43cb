"""Take note of a sign of life."""

from datetime import datetime, timedelta
from typing import Final

from alerting.models import AlertRule, Heartbeat

DISTANCE: Final = timedelta(seconds=1)


def receive_heartbeat(rule: AlertRule, *, now: datetime) -> bool:
    """Whether it was written down: of several within a second the first is enough."""
    if Heartbeat.objects.filter(rule=rule, at__gt=now - DISTANCE, at__lte=now).exists():
        return False
    Heartbeat.objects.create(rule=rule, at=now)
    return True
