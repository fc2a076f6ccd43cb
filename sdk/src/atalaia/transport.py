"""One POST to the panel, and what its answer means for the batch."""

from __future__ import annotations

import codecs
import email.utils
import json
import time
from http.client import HTTPException
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, OpenerDirector, Request, build_opener

from atalaia.batch import Batch

# The first connection would import it: a fork at that moment leaves its lock held in the child, which then never sends.
codecs.lookup("idna")

DELIVERED, RETRY, SPLIT, DROP = "delivered", "retry", "split", "drop"
PASSING = frozenset({408, 429, 502, 503, 504})
MAX_ANSWER = 2**20
MAX_WAIT = 3_600.0
MENDS = {
    400: "the panel could not read the request; if a proxy stands between, let it pass bodies unchanged",
    401: "the panel does not know this key: make one under API keys and set ATALAIA_KEY",
    403: "this key may not write: give it the scope `ingest`, or use one that has it",
    404: "nothing answers at this address: set ATALAIA_URL to where the panel's first page opens",
    413: "one item is too large even alone: log less of it, or raise the limit of the proxy in front of the panel",
}


class Verdict(NamedTuple):
    """What to do with a batch. `rejected` are the items that the panel refused, as it says it."""

    action: str
    status: int = 0
    told: str = ""
    retry_after: float = 0.0
    rejected: tuple[dict[str, Any], ...] = ()


class _Stay(HTTPRedirectHandler):
    """A key is not taken to another address, and a POST is not made a GET."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Never."""


class Transport:
    """Posts with one key to one panel; goes by the proxies of the environment, as urllib does."""

    def __init__(self, url: str, key: str, *, timeout: float, agent: str) -> None:
        self._url = url
        self._headers = {
            "Authorization": f"Bearer {key}",
            "Content-Type": "application/x-ndjson",
            "Content-Encoding": "gzip",
            "User-Agent": agent,
        }
        self._timeout = timeout
        self._opener: OpenerDirector = build_opener(_Stay)

    def post(self, batch: Batch, body: bytes) -> Verdict:
        """Send it once. Never raises."""
        request = Request(self._url + batch.path, body, self._headers, method="POST")  # noqa: S310 - http(s), checked
        try:
            with self._opener.open(request, timeout=self._timeout) as answer:
                return _read_success(answer.status, answer.read(MAX_ANSWER), answer.headers.get("Location"))
        except HTTPError as error:
            with error:
                return _read_failure(error, several=batch.count > 1)
        except (OSError, HTTPException, ValueError) as error:  # no connection, no answer in time, no HTTP at all
            return Verdict(RETRY, told=f"{self._url} does not answer ({_reason(error)})")


def _reason(error: Exception) -> str:
    return (str(getattr(error, "reason", "")) or str(error) or type(error).__name__)[:200]


def _read_success(status: int, body: bytes, location: str | None) -> Verdict:
    """2xx that says nothing of received items is not the panel: something else answers there."""
    try:
        said = json.loads(body)
        received = said["received"]
    except (ValueError, TypeError, KeyError):
        return Verdict(DROP, status, f"{_at(location)}what answers there is not the panel: mend ATALAIA_URL")
    items = said.get("items") if isinstance(received, int) else None
    rejected = [item for item in items or () if isinstance(item, dict) and item.get("status") == "rejected"]
    return Verdict(DELIVERED, status, rejected=tuple(rejected))


def _at(location: str | None) -> str:
    return f"redirected to {location}; " if location else ""


def _read_failure(error: HTTPError, *, several: bool) -> Verdict:
    status = error.code
    if status in PASSING:
        return Verdict(RETRY, status, f"the panel answered {status}", _seconds(error.headers.get("Retry-After")))
    if status == 413 and several:
        return Verdict(SPLIT, status)
    if 300 <= status < 400:
        mend = f"redirected to {error.headers.get('Location', '')[:200]}: set ATALAIA_URL to the final address"
    else:
        mend = MENDS.get(status, "the panel did not take it")
    return Verdict(DROP, status, f"{mend}{_detail(error)}")


def _detail(error: HTTPError) -> str:
    """The panel's own sentence, where there is one."""
    try:
        detail = json.loads(error.read(MAX_ANSWER))["detail"]
    except Exception:  # whatever it was that answered
        return ""
    return f" ({str(detail)[:300]})"


def _seconds(header: str | None) -> float:
    """`Retry-After` in seconds: a number, or a date (RFC 9110, section 10.2.3); 0 where it is neither."""
    if not header:
        return 0.0
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(header).timestamp() - time.time()
        except (ValueError, TypeError):
            return 0.0
    return min(max(seconds, 0.0), MAX_WAIT) if seconds == seconds else 0.0
