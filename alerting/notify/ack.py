"""Links in messages that let whoever got one acknowledge without logging in: signed, not stored, and they end.

A link opens a page with a button, so that programs that follow links (mail scanners, previews) acknowledge nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from django.conf import settings
from django.core import signing
from django.utils.module_loading import import_string

from alerting.models import Channel, Incident, Notification
from models_registry.models import User

LASTS: Final = timedelta(hours=48)
SALT: Final = "atalaia.acknowledge"
MAX_TOKEN: Final = 500
Reason = Notification.Reason
ASKS: Final = frozenset(
    {
        *(Reason.OPENED, Reason.REOPENED, Reason.ESCALATED, Reason.GREW, Reason.FLAPPING),
        *(Reason.REPEATED, Reason.UNACKNOWLEDGED, Reason.ASSIGNED, Reason.AWOKE),
    }
)
Fault = Literal["malformed", "tampered", "expired", "withdrawn"]


class AckError(ValueError):
    """A link that opens nothing, and why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault: Fault = fault


@dataclass(frozen=True, slots=True)
class Ack:
    """A link that holds: the incident, and the channel whose message carried it."""

    incident: Incident
    channel: Channel


def acknowledge_url(row: Notification) -> str:
    """For a message that asks for somebody; empty for every other. The same at every attempt."""
    if row.incident is None or row.reason not in ASKS or row.tried_at is None:
        return ""
    token = sign_ack(row.incident, row.channel, until=row.tried_at + LASTS)
    path: str = import_string(settings.ACKNOWLEDGE_LINK)(token)
    return settings.PUBLIC_URL.rstrip("/") + path


def sign_ack(incident: Incident, channel: Channel, *, until: datetime) -> str:
    """The token of a link."""
    return _signer().sign_object([incident.pk, channel.pk, int(until.timestamp())])


def open_ack(token: str, *, real_now: datetime) -> Ack:
    """What the link is about; `AckError` if it was changed, has ended, or its channel or person is no longer there."""
    if len(token) > MAX_TOKEN or token.count(":") != 1:
        raise AckError("malformed")
    try:
        claims: Any = _signer().unsign_object(token)
    except signing.BadSignature as error:
        raise AckError("tampered") from error
    number, channel, until = claims
    if until <= real_now.timestamp():
        raise AckError("expired")
    rows = Incident.objects.select_related("project", "model", "acknowledged_by")
    incident = rows.filter(pk=number).first()
    found = Channel.objects.filter(pk=channel, enabled=True).select_related("owner").first()
    if incident is None or found is None or (found.owner and not found.owner.is_active):
        raise AckError("withdrawn")
    return Ack(incident, found)


def actor_behind(channel: Channel) -> User:
    """Whose own the channel is; for one of many people an account of its own that cannot log in."""
    if channel.owner is not None:
        return channel.owner
    account, _ = User.objects.get_or_create(
        username=f"channel-{channel.pk}", defaults={"first_name": channel.name, "is_active": False, "password": "!"}
    )
    return account


def _signer() -> signing.Signer:
    """Without a time of signing: every attempt of a message carries the same link."""
    return signing.Signer(salt=SALT)
