"""Keys of programs: made once, shown once, stored as a digest, found by their prefix.

A token is `at_<prefix>_<secret>`; the secret has 256 bits, so a fast digest is enough. Found keys are remembered in
this process for a few seconds, so that a busy client costs no query and a revoked key stops working within them.
"""

import hmac
import secrets
import time
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import blake2b
from hmac import compare_digest
from typing import Any

import structlog
from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _

from models_registry.models import ApiKey, Project, User

LINKS = b"atalaia feedback links"
REMEMBER_SECONDS = 5.0
REMEMBER_KEYS = 1_000
TOUCH_EVERY = timedelta(minutes=1)

log = structlog.get_logger(__name__)
_found: dict[str, tuple[ApiKey, float]] = {}


class ScopeError(ValueError):
    """A scope that does not exist; the message lists those that do."""


def create_key(
    *,
    project: Project,
    name: str,
    scopes: Iterable[str],
    created_by: User | None = None,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """A new key and its token, which cannot be read again. `ScopeError` if a scope does not exist."""
    wanted = sorted(set(scopes))
    unknown = [scope for scope in wanted if scope not in ApiKey.Scope.values]
    if unknown or not wanted:
        message = (
            f"Unknown scopes: {', '.join(unknown) or '(none given)'}. Choose from {', '.join(ApiKey.Scope.values)}."
        )
        raise ScopeError(message)
    prefix = secrets.token_hex(6)
    token = f"at_{prefix}_{secrets.token_urlsafe(32)}"
    key = ApiKey.objects.create(
        project=project,
        name=name,
        prefix=prefix,
        digest=_digest(token),
        link_secret=link_secret(token),
        scopes=wanted,
        created_by=created_by,
        expires_at=expires_at,
    )
    return key, token


def find_key(raw: str, *, now: datetime) -> ApiKey | None:
    """The live key behind a token, with its project; `now` is real time. None if unknown, revoked or expired."""
    parts = raw.split("_", 2)
    if len(parts) != 3 or parts[0] != "at":
        return None
    key = _by_prefix(parts[1], now)
    if key is None or not compare_digest(bytes(key.digest), _digest(raw)) or not is_live(key, now):
        return None
    if key.link_secret is None:  # made before there were links
        key.link_secret = link_secret(raw)
        ApiKey.objects.filter(pk=key.pk).update(link_secret=key.link_secret)
    return key


def key_of_links(prefix: str, *, now: datetime) -> ApiKey | None:
    """The live key with scope `ingest` that links of this prefix are signed with; nothing proves yet that they are."""
    key = _by_prefix(prefix, now)
    usable = key is not None and key.link_secret is not None and "ingest" in key.scopes and is_live(key, now)
    return key if usable else None


def link_secret(token: str) -> bytes:
    """What signs feedback links: derived from the token by a function that every language has, and good for nothing else."""
    return hmac.digest(token.encode("utf-8", "surrogatepass"), LINKS, "sha256")


def account_of(key: ApiKey) -> User:
    """Who answers for what a key does: the person who made it, or an account of its own that cannot log in."""
    if key.created_by is not None:
        return key.created_by
    account, _new = User.objects.get_or_create(
        username=f"key-{key.prefix}", defaults={"first_name": key.name, "is_active": False, "password": "!"}
    )
    return account


def expiry_problem(expires_at: datetime | None, *, now: datetime) -> str:
    """Why no key may be given this end; empty if one may. `now` is real time."""
    if expires_at is None or expires_at > now:
        return ""
    return _("That is over already; leave it empty, or write a time to come. To end a key now, revoke it.")


def change_key(key: ApiKey, values: Mapping[str, Any]) -> None:
    """Another name, another end; what it may do was decided when it was made. In other processes within `REMEMBER_SECONDS`."""
    for name, value in values.items():
        setattr(key, name, value)
    key.save(update_fields=[*values])
    _found.pop(key.prefix, None)


def rotate_key(
    key: ApiKey, *, overlap: timedelta, now: datetime, created_by: User, expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """A new key with the name and scopes of this one, which ends after the overlap if it did not end sooner; `now` is real time."""
    with transaction.atomic():
        made = create_key(
            project=key.project, name=key.name, scopes=key.scopes, created_by=created_by, expires_at=expires_at
        )
        end = now + overlap
        if key.expires_at is None or key.expires_at > end:
            change_key(key, {"expires_at": end})
    return made


def is_live(key: ApiKey, now: datetime) -> bool:
    """Neither revoked nor expired; `now` is real time."""
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > now)


def revoke_key(key: ApiKey, *, now: datetime) -> None:
    """From now on the key opens nothing; in other processes within `REMEMBER_SECONDS`."""
    key.revoked_at = now
    key.save(update_fields=["revoked_at"])
    _found.pop(key.prefix, None)


def forget_keys() -> None:
    """Read every key again at its next use (tests, and a process that changed a key itself)."""
    _found.clear()


def _digest(token: str) -> bytes:
    return blake2b(token.encode("utf-8", "surrogatepass"), digest_size=32).digest()


def _by_prefix(prefix: str, now: datetime) -> ApiKey | None:
    remembered = _found.get(prefix)
    ticked = time.monotonic()
    if remembered is not None and ticked - remembered[1] < REMEMBER_SECONDS:
        return remembered[0]
    key = ApiKey.objects.select_related("project").filter(prefix=prefix).first()
    if key is None:
        _found.pop(prefix, None)
        return None
    _touch(key, now)
    if len(_found) >= REMEMBER_KEYS:
        _found.clear()
    _found[prefix] = (key, ticked)
    return key


def _touch(key: ApiKey, now: datetime) -> None:
    """Note the use, at most once a minute; a database that cannot write must not shut readers out."""
    if key.last_used_at is not None and now - key.last_used_at < TOUCH_EVERY:
        return
    try:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    except DatabaseError:
        log.warning("key_use_not_noted", prefix=key.prefix, exc_info=True)
