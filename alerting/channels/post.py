"""What every channel that speaks HTTP shares: post JSON through the guarded client, and judge the answer."""

import json
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from django.utils.translation import gettext

from alerting.channels.base import ChannelError
from lib.http import Answer, OutgoingError, Policy, check_url, request
from lib.vault import VaultError, unseal

# Too early, too many, or a gateway without its server: the same request may work later. Other 4xx will not.
WORTH_ANOTHER_TRY = {408, 425, 429}
JSON = {"Content-Type": "application/json", "User-Agent": "Atalaia"}


def checked_url(url: str) -> None:
    """`ChannelError` when this installation would never call the URL."""
    try:
        check_url(url)
    except OutgoingError as error:
        raise ChannelError(str(error), permanent=True) from None


def as_json(payload: Any) -> bytes:
    """Compact, in UTF-8."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


def post(url: str, content: bytes, *, headers: Mapping[str, str] | None = None, read: int = 0) -> Answer:
    """The 2xx answer, with at most `read` bytes of its body; `ChannelError` for every other answer and for none."""
    try:
        answer = request("POST", url, body=content, headers={**JSON, **(headers or {})}, policy=Policy(max_bytes=read))
    except OutgoingError as error:
        raise ChannelError(str(error), permanent=error.permanent) from None
    _judge(answer)
    return answer


class SecretUrl:
    """What channels have in common whose secret is the URL they post to."""

    needs_secret = True
    ignores = frozenset({"changed"})

    def check(self, *, target: str, secret: str) -> None:
        """A new secret must be a URL this installation would call."""
        if secret:
            checked_url(secret)


def secret_of(sealed: bytes, missing: str) -> str:
    """The channel's secret; `ChannelError` with the sentence `missing` when it has none, or why it cannot be read."""
    if not sealed:
        raise ChannelError(missing, permanent=True)
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
    """Seconds from either form of Retry-After; a date is read by the receiver's own clock, never by ours."""
    headers = {name.lower(): value for name, value in answer.headers.items()}
    value = headers.get("retry-after", "")
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        pause = parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError):
        return None
    return max(pause.total_seconds(), 0.0)
