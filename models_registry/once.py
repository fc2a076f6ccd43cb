"""A write that is sent again with its `Idempotency-Key` is done once, and answered alike for a day."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from hashlib import blake2b, sha256
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction

from lib.vault import VaultError, seal, unseal
from models_registry.models import GivenAnswer

KEPT: Final = timedelta(hours=24)
PATIENCE: Final = timedelta(minutes=1)  # far above what any answer takes: whoever worked on it died
FORGOTTEN_AT_ONCE: Final = 100


class Standing(Enum):
    """What to do with a request: work on it, wait, refuse it, or answer as before."""

    NEW = auto()
    UNDER_WAY = auto()
    ANOTHER = auto()
    ANSWERED = auto()


@dataclass(frozen=True, slots=True)
class Known:
    """Where a request stands, and the answer that it had."""

    standing: Standing
    status: int = 0
    media_type: str = ""
    body: bytes = b""


def digest(*parts: bytes) -> bytes:
    """16 bytes of texts that cannot be told apart otherwise."""
    found = blake2b(digest_size=16)
    for part in parts:
        found.update(len(part).to_bytes(8, "big") + part)
    return found.digest()


def digest_of_body(body: bytes) -> bytes:
    """Keyed, since a body may hold a password: without the secret of the installation nobody can try guesses on it. With another
    secret it is another body, which is refused and not done twice.
    """
    key = sha256(b"models_registry.once" + settings.SECRET_KEY.encode()).digest()
    return blake2b(body, digest_size=16, key=key).digest()


def begin(key: bytes, asked: bytes, *, now: datetime) -> Known:
    """Take the request, or say what became of the first of its kind; `now` is real time."""
    _forget(now)
    try:
        with transaction.atomic():
            GivenAnswer.objects.create(key=key, asked=asked, created_at=now)
    except IntegrityError:
        return _look(key, asked, now)
    return Known(Standing.NEW)


def keep(key: bytes, *, status: int, media_type: str, body: bytes) -> None:
    """What was answered, sealed: it may show a key that nobody can read anywhere else."""
    GivenAnswer.objects.filter(key=key).update(status=status, media_type=media_type, body=seal(body.decode()))


def drop(key: bytes) -> None:
    """Nothing was done; the same request may be tried again."""
    GivenAnswer.objects.filter(key=key).delete()


def _look(key: bytes, asked: bytes, now: datetime) -> Known:
    row = GivenAnswer.objects.filter(key=key).first()
    if row is None:
        return Known(Standing.UNDER_WAY)
    if bytes(row.asked) != asked:
        return Known(Standing.ANOTHER)
    if row.status is not None:
        try:
            return Known(Standing.ANSWERED, row.status, row.media_type, unseal(row.body).encode())
        except VaultError:  # the key of the installation was changed since
            return Known(Standing.ANOTHER)
    taken = GivenAnswer.objects.filter(key=key, status=None, created_at__lte=now - PATIENCE).update(created_at=now)
    return Known(Standing.NEW if taken else Standing.UNDER_WAY)


def _forget(now: datetime) -> None:
    old = GivenAnswer.objects.filter(created_at__lte=now - KEPT).values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE]
    if found := list(old):
        GivenAnswer.objects.filter(pk__in=found).delete()
