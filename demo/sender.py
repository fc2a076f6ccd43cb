"""Post batches of items through the public API, as any client would: NDJSON (spans in OTLP), gzip, one connection, patience."""

import gzip
import http.client
import json
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

import msgspec

from demo.otlp import export

PATHS = {
    "prediction": "/api/v1/predictions",
    "llm_call": "/api/v1/llm-calls",
    "outcome": "/api/v1/outcomes",
    "feedback": "/api/v1/feedback",
    "event": "/api/v1/events",
    "log": "/api/v1/logs",
    "span": "/v1/traces",
}
NDJSON, OTLP = "application/x-ndjson", "application/json"
LATER = {429, 502, 503, 504}
LONGEST_PAUSE = 15.0
TIMEOUT = 30.0


class NotAccepted(RuntimeError):  # noqa: N818 - what the panel answered, in its words
    """The panel refused a batch or an item of it, or did not answer in time; the message says which and why."""


class Parcel(NamedTuple):
    """A batch ready to be posted: the kind of its items, the media type, the compressed body."""

    kind: str
    media: str
    body: bytes


class Sender(Protocol):
    """Whatever carries a batch to the panel; raises `NotAccepted`."""

    def send(self, parcel: Parcel) -> None: ...


def encode(kind: str, items: Sequence[dict[str, Any]]) -> tuple[str, bytes]:
    """The media type and the body."""
    if kind == "span":
        return OTLP, msgspec.json.encode(export(items))
    return NDJSON, msgspec.json.Encoder().encode_lines(items)


def pack(kind: str, items: Sequence[dict[str, Any]]) -> Parcel:
    """Encoded and compressed: the same bytes whenever it is done."""
    media, plain = encode(kind, items)
    return Parcel(kind, media, gzip.compress(plain, compresslevel=1, mtime=0))


def check(kind: str, status: int, body: bytes) -> None:
    """Raise `NotAccepted` unless every item was accepted."""
    if status not in {200, 202}:
        message = f"{PATHS[kind]} answered {status}: {body[:300].decode('utf-8', 'replace')}"
        raise NotAccepted(message)
    answer = json.loads(body)
    if "partialSuccess" in answer:
        message = f"{PATHS[kind]} did not take every span: {answer['partialSuccess']}"
        raise NotAccepted(message)
    if answer.get("rejected"):
        first = next(item for item in answer["items"] if item["status"] == "rejected")
        message = f"{PATHS[kind]} rejected {answer['rejected']} of {answer['received']} items, first: {first}"
        raise NotAccepted(message)


class HttpSender:
    """One kept connection; waits out restarts and backpressure for up to `patience` real seconds a batch."""

    def __init__(
        self, url: str, key: str, *, patience: float = 60.0, pause: Callable[[float], object] = time.sleep
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            message = f"{url!r} is not an address: give it as http://host:port"
            raise ValueError(message)
        secure = parts.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        self._connection = kind(parts.hostname, parts.port, timeout=TIMEOUT)
        self._patience = patience
        self._pause = pause
        self._headers = {"Authorization": f"Bearer {key}", "Content-Encoding": "gzip"}

    def send(self, parcel: Parcel) -> None:
        """Send until it is accepted; every item has an id, so a resend counts once."""
        kind, media, body = parcel
        began, delay = time.monotonic(), 0.25
        while True:
            status, answer, retry_after = self._try(kind, media, body)
            if status not in LATER and status != 0:
                check(kind, status, answer)
                return
            if time.monotonic() - began > self._patience:
                message = f"{PATHS[kind]} was not reachable for {self._patience:.0f} s: {answer.decode()}"
                raise NotAccepted(message)
            self._pause(max(delay, retry_after))
            delay = min(LONGEST_PAUSE, delay * 2)

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def _try(self, kind: str, media: str, body: bytes) -> tuple[int, bytes, float]:
        """(status, body, seconds to wait as asked by the panel); status 0: nobody answered."""
        try:
            self._connection.request("POST", PATHS[kind], body, self._headers | {"Content-Type": media})
            answer = self._connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            return 0, str(error).encode(), 0.0
        asked = answer.headers.get("Retry-After", "")
        return answer.status, text, min(LONGEST_PAUSE, float(asked)) if asked.isdigit() else 0.0
