"""`POST /api/public/media`: where an SDK of Langfuse asks to lay down a picture, a sound or a file beside its trace.

Media is not stored. The SDK sends nothing and says nothing where it is told that there is no address to send to; the call, whose
messages hold a reference instead of the picture, says that it is not here (`media_not_stored`).
"""

from base64 import urlsafe_b64encode
from binascii import Error, a2b_base64
from typing import Any

import msgspec

from monitoring.ingest.codes import Refusal
from monitoring.ingest.door import Answer
from monitoring.ingest.otlp.answers import JSON, REASONS

MALFORMED = "Send a JSON object with `sha256Hash`, the SHA-256 of the media in base64."
HASH_BYTES, ID_LENGTH = 32, 22
_encode = msgspec.json.Encoder().encode


def decline_media(data: bytes) -> Answer:
    """The id that the SDK gives such media itself, and no address to send it to."""
    try:
        told: Any = msgspec.json.decode(data)
        digest = a2b_base64(told["sha256Hash"], strict_mode=True)
    except (msgspec.MsgspecError, Error, RecursionError, TypeError, KeyError, ValueError) as error:
        raise Refusal("malformed", MALFORMED) from error
    if len(digest) != HASH_BYTES:
        raise Refusal("malformed", MALFORMED)
    media_id = urlsafe_b64encode(digest).decode()[:ID_LENGTH]
    told = {"mediaId": media_id, "uploadUrl": None, "stored": False}
    return Answer(REASONS[200], [("Content-Type", JSON)], _encode(told))
