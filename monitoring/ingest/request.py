"""What a request must be before its body is judged: who sends it, in what form, how large.

A request is its WSGI environment (PEP 3333); at one event a request, building Django's request costs as much as judging.
"""

from contextlib import suppress
from datetime import datetime
from typing import Any

from models_registry.authenticate import MEND, bearer_token
from models_registry.keys import find_key
from models_registry.models import ApiKey
from monitoring.ingest.codes import Refusal
from monitoring.ingest.inflate import WINDOWS, inflate

LINES = frozenset({"application/x-ndjson", "application/jsonl", "application/ndjson", "application/x-jsonlines"})
PLAIN = frozenset({"application/json", ""})
MAX_IDEMPOTENCY_KEY = 200
PIECE = 1 << 16
Environ = dict[str, Any]


def authenticate(environ: Environ, *, now: datetime) -> ApiKey:
    """The live key with scope `ingest`; `now` is real time."""
    token = bearer_token(environ.get("HTTP_AUTHORIZATION", ""))
    return with_scope(None if token is None else find_key(token, now=now))


def with_scope(key: ApiKey | None) -> ApiKey:
    """The key, if there is one and it may write."""
    if key is None:
        raise Refusal("not_authenticated", MEND)
    if "ingest" not in key.scopes:
        detail = "This key lacks the scope `ingest`; ask for a key that has it."
        raise Refusal("missing_scope", detail, project_id=key.project_id)
    return key


def is_lines(environ: Environ) -> bool:
    """Whether the content type announces lines of JSON; refused where it announces neither JSON nor lines."""
    media, _, parameters = environ.get("CONTENT_TYPE", "").lower().partition(";")
    charset = parameters.partition("charset=")[2].strip(' "')
    media = media.strip()
    if media not in LINES | PLAIN or charset not in {"", "utf-8", "utf8"}:
        detail = "Send application/json or application/x-ndjson, in UTF-8."
        raise Refusal("unsupported_media_type", detail)
    return media in LINES


def idempotency_key(environ: Environ) -> str:
    """The header that makes ids of items without one; empty where it is absent."""
    key: str = environ.get("HTTP_IDEMPOTENCY_KEY", "")
    if len(key) > MAX_IDEMPOTENCY_KEY:
        raise Refusal("bad_idempotency_key", f"Idempotency-Key has at most {MAX_IDEMPOTENCY_KEY} characters.")
    return key


def read_body(environ: Environ, *, limit: int) -> bytes:
    """The body, inflated; never more than `limit` bytes, neither as sent nor inflated."""
    encoding = environ.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    if encoding not in {"", "identity", *WINDOWS}:
        raise Refusal("unsupported_encoding", "Send the body as it is, or with Content-Encoding: gzip (or deflate).")
    data = _read(environ, limit)
    return inflate(data, limit=limit, window=WINDOWS[encoding]) if encoding in WINDOWS else data


def _read(environ: Environ, limit: int) -> bytes:
    """Read as many bytes as announced, or to the end where the body is chunked."""
    announced = environ.get("CONTENT_LENGTH") or ""
    chunked = not announced and "HTTP_TRANSFER_ENCODING" in environ
    size = int(announced) if announced.isdecimal() else (limit + 1) * chunked
    if size > limit and not chunked:
        raise Refusal("body_too_large", f"The limit is {limit} bytes; send smaller batches.")
    try:
        data: bytes = environ["wsgi.input"].read(size) if size else b""
    except OSError as error:
        raise Refusal("incomplete_body", "The body ended before its announced length; send it again.") from error
    if len(data) > limit:
        raise Refusal("body_too_large", f"The limit is {limit} bytes; send smaller batches.")
    if len(data) < size and not chunked:
        raise Refusal("incomplete_body", "The body ended before its announced length; send it again.")
    return data


def swallow(environ: Environ, *, limit: int) -> None:
    """Read and drop what is left of a refused body, at most `limit` bytes of it.

    A server that answers and closes while the client still writes is not heard: the client sees a broken pipe, and no 401, 413 or 503.
    """
    stream, left = environ["wsgi.input"], limit
    with suppress(OSError):
        while left > 0 and (piece := stream.read(min(left, PIECE))):
            left -= len(piece)
