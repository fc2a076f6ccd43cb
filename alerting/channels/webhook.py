"""Signed webhooks: JSON by POST, signed as Standard Webhooks 1.0 says (standardwebhooks.com)."""

import binascii
import hmac
from base64 import b64decode, b64encode
from hashlib import sha256

from django.utils.translation import gettext

from alerting.channels.base import ChannelError, Delivery
from alerting.channels.post import as_json, checked_url, post, secret_of

PREFIX = "whsec_"
KEY_BYTES = range(24, 65)


class Webhook:
    """The target is a URL; the secret is `whsec_` and 24 to 64 random bytes in base64."""

    needs_secret = True
    ignores: frozenset[str] = frozenset()

    def check(self, *, target: str, secret: str) -> None:
        """The URL must be callable under this installation's policy; a new secret must be a key."""
        checked_url(target)
        if secret:
            _key(secret)

    def send(self, delivery: Delivery) -> None:
        """Any 2xx is a success; the body of the answer is not read."""
        secret = secret_of(delivery.secret, gettext("The channel has no signing secret. Write one."))
        content = as_json(delivery.body)
        stamp = int(delivery.at.timestamp())
        headers = {
            "webhook-id": delivery.uid,
            "webhook-timestamp": str(stamp),
            "webhook-signature": sign(secret, uid=delivery.uid, timestamp=stamp, content=content),
        }
        post(delivery.target, content, headers=headers)


def sign(secret: str, *, uid: str, timestamp: int, content: bytes) -> str:
    """`v1,` and the base64 of HMAC-SHA256 over `id.timestamp.content`; the timestamp in epoch seconds."""
    signed = f"{uid}.{timestamp}.".encode() + content
    return "v1," + b64encode(hmac.digest(_key(secret), signed, sha256)).decode()


def _key(secret: str) -> bytes:
    try:
        key = b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(PREFIX) or len(key) not in KEY_BYTES:
        message = gettext(
            "The secret must be whsec_ followed by 24 to 64 bytes in base64, for example of `openssl rand -base64 32`."
        )
        raise ChannelError(message, permanent=True)
    return key
