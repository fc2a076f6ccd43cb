"""Links that let a person say something of one answer without logging in, signed by a key and nothing else.

`<prefix of the key>.<claims>.<signature>`, in base64url without padding: the claims are a JSON object, the signature is
HMAC-SHA256 of everything before it under a secret that is derived from the key. So a program signs by itself, no link is
stored, and whoever holds one can rate one answer until it ends.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal, get_args

import msgspec

from models_registry.keys import key_of_links
from models_registry.models import ApiKey

Kind = Literal["thumb", "score", "category", "comment"]
Fault = Literal["malformed", "unknown", "tampered", "expired"]
KINDS: tuple[str, ...] = get_args(Kind)
OFFERED: tuple[Kind, ...] = ("thumb", "category", "comment")
LONGEST = timedelta(days=366)
MAX_TOKEN = 2_000


class Claims(msgspec.Struct, omit_defaults=True):
    """What a link says: the answer, until when (epoch seconds), who rates it, and how."""

    t: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    e: Annotated[int, msgspec.Meta(ge=0, le=10**11)]
    u: Annotated[str, msgspec.Meta(max_length=200)] = ""
    k: Annotated[tuple[Kind, ...], msgspec.Meta(min_length=1, max_length=4)] = OFFERED


@dataclass(frozen=True, slots=True)
class Link:
    """A link that holds: its key's project is the answer's. `mark` tells links apart."""

    key: ApiKey
    claims: Claims
    mark: str


class LinkError(ValueError):
    """A link that opens nothing, and why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault: Fault = fault


def sign_link(key: ApiKey, claims: Claims) -> str:
    """The token of a link."""
    body = f"{key.prefix}.{_to_text(msgspec.json.encode(claims))}"
    return f"{body}.{_to_text(_signature(key, body))}"


def open_link(token: str, *, real_now: datetime) -> Link:
    """The link behind a token; `LinkError` if it was never one, was changed, has ended, or its key is no longer good."""
    parts = token.split(".")
    if len(token) > MAX_TOKEN or len(parts) != 3 or not all(parts):
        raise LinkError("malformed")
    prefix, said, signature = parts
    if not prefix.isalnum():  # nor could every database be asked for it
        raise LinkError("malformed")
    key = key_of_links(prefix, now=real_now)
    if key is None:
        raise LinkError("unknown")
    right = _signature(key, f"{prefix}.{said}")
    if not hmac.compare_digest(_to_bytes(signature), right):
        raise LinkError("tampered")
    try:
        claims = msgspec.json.decode(_to_bytes(said), type=Claims)
    except msgspec.MsgspecError as error:
        raise LinkError("malformed") from error
    if claims.e <= real_now.timestamp():
        raise LinkError("expired")
    return Link(key, claims, right.hex())  # not as it was written: base64 can say the same in several ways


def _signature(key: ApiKey, body: str) -> bytes:
    return hmac.digest(bytes(key.link_secret or b""), body.encode("utf-8", "surrogatepass"), "sha256")


def _to_text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _to_bytes(text: str) -> bytes:
    """What can only be decoded with a wrong signature cannot hold either."""
    try:
        return urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (Error, UnicodeEncodeError):
        return b""
