"""The panel's own log as a channel: one structured line per message."""

import structlog

from alerting.channels.base import Delivery
from alerting.channels.text import subject

LOUD = {"opened", "escalated", "grew", "repeated", "unacknowledged"}

log = structlog.get_logger(__name__)


class Console:
    """Works everywhere, which makes it the channel of the demonstration and of first days."""

    needs_secret = False
    ignores = frozenset({"changed"})

    def check(self, *, target: str, secret: str) -> None:
        """Nothing can be wrong."""

    def send(self, delivery: Delivery) -> None:
        """A line at warning level when something is wrong, at info level otherwise."""
        data = delivery.body["data"]
        write = log.warning if delivery.body["reason"] in LOUD else log.info
        write("alerting.notify.message", id=delivery.uid, subject=subject(delivery.body), links=data["links"])
