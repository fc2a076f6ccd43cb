"""The key of an exporter, wherever its vendor puts it: Bearer, Basic (a pair, of which one is ours), bare, or in a header of its own."""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import unquote

from models_registry.keys import find_key
from models_registry.models import ApiKey
from monitoring.ingest.request import Environ, with_scope

HEADERS = ("HTTP_X_API_KEY", "HTTP_API_KEY", "HTTP_X_ATALAIA_KEY")


def authenticate(environ: Environ, *, now: datetime) -> ApiKey:
    """The live key with scope `ingest`; `Refusal` without one. `now` is real time."""
    found = (key for token in tokens_of(environ) if (key := find_key(token, now=now)) is not None)
    return with_scope(next(found, None))


def tokens_of(environ: Environ) -> Iterator[str]:
    """What may be a key, likeliest first."""
    header: str = environ.get("HTTP_AUTHORIZATION", "").strip()
    yield from _told(header)
    if "%" in header:  # as environment variables of exporters must be written, and some send them so
        yield from _told(unquote(header).strip())
    for name in HEADERS:
        if name in environ:
            yield environ[name].strip()


def _told(header: str) -> Iterator[str]:
    scheme, _, rest = header.partition(" ")
    match scheme.lower():
        case "bearer":
            yield rest.strip()
        case "basic":
            yield from _pair(rest.strip())
        case _:
            yield header


def _pair(encoded: str) -> Iterator[str]:
    """The secret part of the pair first, then the public one."""
    try:
        public, _, secret = b64decode(encoded + "=" * (-len(encoded) % 4), validate=True).decode().partition(":")
    except (Base64Error, ValueError):
        return
    yield secret
    yield public
