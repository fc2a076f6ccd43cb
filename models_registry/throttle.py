"""How often a password may be guessed: the first attempts are free, then each failure doubles the wait.

Attempts are counted per user name and address in the database, so that all web workers count together, and *before* the
password is looked at, so that guesses sent at once are counted like guesses sent one after another. Nobody is ever
locked out: the longest wait is a quarter of an hour, and from another address the same person logs in as always.
"""

from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address

from django.db import transaction
from django.utils.crypto import salted_hmac

from models_registry.models import LoginAttempts

FREE = 5
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=1)
NETWORK_BITS = 64  # of an IPv6 address: whoever has one has all of its network


def take_attempt(username: str, address: str, *, real_now: datetime) -> datetime | None:
    """Count an attempt. None when the password may be looked at, else the real time of the next attempt.

    An attempt that is refused is not counted: it makes the wait no longer.
    """
    LoginAttempts.objects.filter(last_at__lt=real_now - FORGOTTEN_AFTER).delete()
    with transaction.atomic():
        rows = LoginAttempts.objects.select_for_update()
        row, _made = rows.get_or_create(key=_key(username, address), defaults={"last_at": real_now})
        if row.free_at is not None and real_now < row.free_at:
            return row.free_at
        row.count += 1
        row.last_at, row.free_at = real_now, real_now + _wait(row.count)
        row.save()
    return None


def forget_attempts(username: str, address: str) -> None:
    """The password was right: the next mistake is the first one again."""
    LoginAttempts.objects.filter(key=_key(username, address)).delete()


def _wait(count: int) -> timedelta:
    if count < FREE:
        return timedelta(0)
    doubled: timedelta = FIRST_WAIT * 2 ** min(count - FREE, 10)
    return min(LONGEST_WAIT, doubled)


def _key(username: str, address: str) -> str:
    """No names and no addresses are kept: people type their password where the name belongs."""
    text = f"{username.casefold()}\x1f{_network(address)}"
    return salted_hmac("models_registry.throttle", text, algorithm="sha256").hexdigest()


def _network(address: str) -> str:
    try:
        found: IPv4Address | IPv6Address = ip_address(address.strip())
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        mapped = found.ipv4_mapped
        return str(mapped or int(found) >> (128 - NETWORK_BITS))
    return str(found)
