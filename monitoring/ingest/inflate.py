"""Gzip and deflate bodies, with the cap applied while inflating: a bomb costs its cap and no more."""

import zlib

from monitoring.ingest.codes import Refusal

GZIP, DEFLATE, RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS
WINDOWS = {"gzip": GZIP, "x-gzip": GZIP, "deflate": DEFLATE}
MAX_MEMBERS = 100  # what follows a member is copied, so a body of a million empty ones would take minutes
MEND = "Send smaller batches; the limit is {limit} bytes once inflated."


def inflate(data: bytes, *, limit: int, window: int = GZIP) -> bytes:
    """The inflated body (several gzip members are one); refused past `limit` bytes or where it is no gzip.

    `window` is `GZIP`, or `DEFLATE` for the zlib format that HTTP calls deflate (RFC 9110, section 8.4.1.2); the note there
    says that some send the deflate data alone, without the two bytes of zlib before it.
    """
    if window == DEFLATE and not _is_zlib(data):
        window = RAW
    parts: list[bytes] = []
    room = limit
    while data:
        if len(parts) == MAX_MEMBERS:
            raise Refusal("bad_gzip", f"The body has more than {MAX_MEMBERS} gzip members; compress it as one.")
        member = zlib.decompressobj(window)
        try:
            part = member.decompress(data, room + 1)
        except zlib.error as error:
            raise Refusal(
                "bad_gzip",
                "The body is not what its Content-Encoding says; drop the Content-Encoding header or compress it.",
            ) from error
        if len(part) > room:
            raise Refusal("body_too_large", MEND.format(limit=limit))
        if not member.eof:
            raise Refusal("bad_gzip", "The compressed stream ends too early; send it again.")
        parts.append(part)
        room -= len(part)
        data = member.unused_data
    return b"".join(parts)


def _is_zlib(data: bytes) -> bool:
    """Whether the body begins as RFC 1950 has it: method 8, and a check that makes the two bytes a multiple of 31."""
    return data[0] & 0x0F == 8 and int.from_bytes(data[:2]) % 31 == 0 if data else True
