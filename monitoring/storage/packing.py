"""Large payloads are kept deflated: the texts of a call shrink to less than half, for ten microseconds.

What a span tells and what is read from it say the same, so the second is deflated by the first: of a text that is in both a
few bytes remain. Whoever reads it needs both.
"""

import zlib

SHORT = 256  # below, the head of a stream eats what it saves
DEFLATED = b"\x78"  # the first byte of zlib (RFC 1950); JSON objects begin with a brace
BY_ANOTHER = 0x20  # in the second: it was deflated by a document that is elsewhere


def pack(document: bytes, by: bytes = b"") -> bytes:
    """A JSON object as it is stored; `by` is one that is stored elsewhere and says much of the same."""
    if len(document) < SHORT:
        return document
    packed = _deflated(document, by) if by else zlib.compress(document, 1)
    return packed if len(packed) < len(document) else document


def unpack(stored: bytes, by: bytes = b"") -> bytes:
    """The JSON object that `pack` was given."""
    if not stored.startswith(DEFLATED):
        return stored
    return zlib.decompressobj(zdict=by).decompress(stored) if needs_another(stored) else zlib.decompress(stored)


def needs_another(stored: bytes) -> bool:
    """Whether it was packed by another document."""
    return stored.startswith(DEFLATED) and bool(stored[1] & BY_ANOTHER)


def _deflated(document: bytes, by: bytes) -> bytes:
    deflating = zlib.compressobj(1, zdict=by)
    return deflating.compress(document) + deflating.flush()
