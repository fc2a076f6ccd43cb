"""Secrets at rest: encrypted with a key that lives outside the database, written and never shown again.

`settings.CHANNEL_KEY` may list several keys separated by commas: the first seals, all unseal. To rotate, put a new
one in front, write the secrets again (or let them be), and drop the old one when nothing carries its id any more.
"""

from base64 import urlsafe_b64encode
from functools import lru_cache
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.translation import gettext


class VaultError(ValueError):
    """A secret that cannot be read any more; the text says what to do."""


def seal(text: str) -> bytes:
    """`key id:token`, with the newest key."""
    name, cipher = next(iter(_keys(settings.CHANNEL_KEY).items()))
    return name.encode() + b":" + cipher.encrypt(text.encode())


def unseal(data: bytes | memoryview) -> str:
    """The secret of a row as the database returned it; `VaultError` when its key is gone or it was tampered with."""
    name, _, token = bytes(data).partition(b":")
    cipher = _keys(settings.CHANNEL_KEY).get(name.decode("ascii", "replace"))
    try:
        if cipher:
            return cipher.decrypt(token).decode()
    except InvalidToken:
        pass
    message = gettext(
        "The secret cannot be read with the keys of this installation. Write it again, or add the old key to "
        "ATALAIA_CHANNEL_KEY after a comma."
    )
    raise VaultError(message)


def holds(data: bytes | memoryview, secret: str) -> bool:
    """Whether a row has this secret already; not, where what it has cannot be read."""
    try:
        return bool(data) and unseal(data) == secret
    except VaultError:
        return False


@lru_cache(maxsize=4)
def _keys(passphrases: str) -> dict[str, Fernet]:
    """Key id (8 hexadecimal digits of the key's hash) to cipher, newest first."""
    keys = {}
    for passphrase in filter(None, map(str.strip, passphrases.split(","))):
        # The passphrase is long and random, so a derivation without stretching is enough (RFC 5869).
        key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"atalaia channel secrets").derive(
            passphrase.encode()
        )
        keys[sha256(key).hexdigest()[:8]] = Fernet(urlsafe_b64encode(key))
    return keys
