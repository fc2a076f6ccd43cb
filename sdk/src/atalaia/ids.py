"""Identifiers made here, so that whatever is sent twice is counted once."""

from __future__ import annotations

import os
import random
import time

# A generator of our own: a program that calls `random.seed(0)` must not make the ids of yesterday again.
_random = random.Random()  # noqa: S311 - names, not secrets

# Of the last ten bytes of a UUIDv7.
VERSION_AND_VARIANT = 0x7 << 76 | 0x2 << 62
RANDOM_BITS = (1 << 80) - 1 ^ (0xF << 76 | 0x3 << 62)


def new_id() -> str:
    """A UUIDv7 (RFC 9562, section 5.7) as text: 48 bits of Unix milliseconds, then random bits."""
    # `hex` of bytes: twice as quick as formatting a number.
    when = (time.time_ns() // 1_000_000).to_bytes(6, "big").hex()
    drawn = (_random.getrandbits(80) & RANDOM_BITS | VERSION_AND_VARIANT).to_bytes(10, "big").hex()
    return f"{when[:8]}-{when[8:]}-{drawn[:4]}-{drawn[4:8]}-{drawn[8:]}"


def new_trace_id() -> str:
    """32 hexadecimal digits (W3C Trace Context)."""
    return (_random.getrandbits(128) or 1).to_bytes(16, "big").hex()


def new_span_id() -> str:
    """16 hexadecimal digits (W3C Trace Context)."""
    return (_random.getrandbits(64) or 1).to_bytes(8, "big").hex()


def fraction() -> float:
    """A number in [0, 1) that no seed of the program touches, for jitter."""
    return _random.random()


def sample_rows(count: int, size: int) -> list[int]:
    """`size` positions out of `count`, in order, each equally likely."""
    return sorted(_random.sample(range(count), size))


def chance(of: str) -> float:
    """A number in [0, 1) that an id always has: whoever samples by it decides alike for a prediction and its outcome."""
    value = 0x811C9DC5
    for byte in of.encode("utf-8", "replace"):  # FNV-1a, then a finaliser so that neighbours differ in the high bits
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    value = (value ^ value >> 16) * 0x85EBCA6B & 0xFFFFFFFF
    value = (value ^ value >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
    return (value ^ value >> 16) / 2**32


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_random.seed)
