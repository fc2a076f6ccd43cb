"""The test button of a channel."""

from datetime import datetime

from alerting.models import Channel, Notification
from models_registry.models import User


def send_test(channel: Channel, *, by: User, now: datetime) -> Notification:
    """One real message through the same path, tried once, at once; its `state` and `last_error` say how it went."""
    raise NotImplementedError
