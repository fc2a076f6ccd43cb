"""Identifiers: time-ordered ids made here, clockless hashes of ids made by clients."""

import os
import time
from collections.abc import Iterable
from hashlib import blake2b
from uuid import UUID


def uuid7() -> UUID:
    """A UUIDv7 (RFC 9562, section 5.7): 48 bits of Unix milliseconds, then random bits."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | int.from_bytes(os.urandom(10), "big")
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    return UUID(int=value)


def identity(project_id: int, namespace: str, event_id: str) -> bytes:
    """The 16-byte key under which an event is counted once per project and namespace, whatever its timestamp."""
    return identities(project_id, namespace, [event_id])[0]


def identities(project_id: int, namespace: str, event_ids: Iterable[str]) -> list[bytes]:
    """The identity of each of many events; what they share is hashed once."""
    shared = blake2b(f"{project_id}\x1f{namespace}\x1f".encode(), digest_size=16)
    keys = []
    for event_id in event_ids:
        mine = shared.copy()
        mine.update(event_id.encode("utf-8", "surrogatepass"))
        keys.append(mine.digest())
    return keys
