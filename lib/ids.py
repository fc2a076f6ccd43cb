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


MAX_REQUEST_ID = 200


def request_id_of(given: str) -> str:
    """What a request is called in logs and answers: as its sender calls it (`X-Request-ID`) if a line can hold that, else a new id."""
    return given if 0 < len(given) <= MAX_REQUEST_ID and given.isprintable() else os.urandom(16).hex()


# UUIDv7 (with and without dashes) and ULID begin with their time, here cut to about 256 ms.
TIME_LENGTHS = {26: 8, 32: 10, 36: 11}
COUNTED = -3  # every other id is taken for a counter: a thousand neighbours share all but three digits


def identity(project_id: int, namespace: str, event_id: str) -> bytes:
    """The 16-byte key under which an event is counted once per project and namespace, whatever its timestamp."""
    return identities(project_id, namespace, [event_id])[0]


def identities(project_id: int, namespace: str, event_ids: Iterable[str]) -> list[bytes]:
    """The identity of each of many events; what they share is hashed once.

    6 bytes hash what ids made one after another have in common, 10 bytes the whole id: so an index of keys is
    written where it was just written before, rather than on a page of its own for every key.
    """
    shared = blake2b(f"{project_id}\x1f{namespace}\x1f".encode(), digest_size=10)
    heads: dict[str, bytes] = {}
    keys = []
    for event_id in event_ids:
        mine = shared.copy()
        mine.update(event_id.encode("utf-8", "surrogatepass"))
        head = event_id[: TIME_LENGTHS.get(len(event_id), COUNTED)]
        if head not in heads:
            neighbours = blake2b(
                f"{project_id}\x1f{namespace}\x1f{head}".encode("utf-8", "surrogatepass"), digest_size=6
            )
            heads[head] = neighbours.digest()
        keys.append(heads[head] + mine.digest())
    return keys
