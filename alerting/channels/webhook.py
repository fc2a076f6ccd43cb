"""Signed webhooks: JSON by POST, signed as Standard Webhooks 1.0 says (standardwebhooks.com)."""

import binascii
import hmac
import json
from base64 import b64decode, b64encode
from hashlib import sha256

from django.utils.translation import gettext

from alerting.channels.base import ChannelError, Delivery
from lib.http import Answer, OutgoingError, Policy, check_url, request
from lib.vault import VaultError, unseal

PREFIX = "whsec_"
KEY_BYTES = range(24, 65)
# Too early, too many, or a gateway without its server: the same request may work later. Other 4xx will not.
WORTH_ANOTHER_TRY = {408, 425, 429}


class Webhook:
    """The target is a URL; the secret is `whsec_` and 24 to 64 random bytes in base64."""

    def check(self, *, target: str, secret: str) -> None:
        """The URL must be callable under this installation's policy; a new secret must be a key."""
        try:
            check_url(target)
        except OutgoingError as error:
            raise ChannelError(str(error), permanent=True) from None
        if secret:
            _key(secret)

    def send(self, delivery: Delivery) -> None:
        """Any 2xx is a success; the body of the answer is not read."""
        secret = _secret(delivery.secret)
        content = json.dumps(delivery.body, ensure_ascii=False, separators=(",", ":")).encode()
        stamp = int(delivery.at.timestamp())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Atalaia",
            "webhook-id": delivery.uid,
            "webhook-timestamp": str(stamp),
            "webhook-signature": sign(secret, uid=delivery.uid, timestamp=stamp, content=content),
        }
        try:
            answer = request("POST", delivery.target, body=content, headers=headers, policy=Policy(max_bytes=0))
        except OutgoingError as error:
            raise ChannelError(str(error), permanent=error.permanent) from None
        _judge(answer)


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


def _secret(sealed: bytes) -> str:
    if not sealed:
        raise ChannelError(gettext("The channel has no signing secret. Write one."), permanent=True)
    try:
        return unseal(sealed)
    except VaultError as error:
        raise ChannelError(str(error), permanent=False) from None


def _judge(answer: Answer) -> None:
    status = answer.status
    if status // 100 == 2:
        return
    if status // 100 == 3:
        message = gettext("The receiver redirects (HTTP %(status)d), which is not followed. Write its new URL.")
    else:
        message = gettext("The receiver answered HTTP %(status)d.")
    permanent = status < 500 and status not in WORTH_ANOTHER_TRY
    raise ChannelError(message % {"status": status}, permanent=permanent, retry_after=_retry_after(answer))


def _retry_after(answer: Answer) -> float | None:
    """Only the seconds form; a date would be compared with a clock that is not ours."""
    value = {name.lower(): value for name, value in answer.headers.items()}.get("retry-after", "")
    return float(value) if value.isascii() and value.isdigit() else None
