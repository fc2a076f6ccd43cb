"""The one outgoing HTTP client. Nothing else in the panel opens a connection to an address that a person typed.

The name is resolved once, every address is judged on its literal form, and exactly a judged address is dialled, so
a name that changes its mind between check and use (DNS rebinding) gains nothing. Redirects are answers, not
directions; proxies of the environment are ignored; time and size are capped; errors never repeat the URL.
"""

import http.client
import io
import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.translation import gettext

from lib.addresses import Resolver, refusal, resolve_within

TOTAL_SECONDS = 10.0
MAX_BYTES = 64 * 1024
DEFAULT_PORTS = {"http": 80, "https": 443}


class OutgoingError(Exception):
    """No answer. `permanent` means the same request can never work; the text is for people and free of secrets."""

    def __init__(self, message: str, *, permanent: bool) -> None:
        super().__init__(message)
        self.permanent = permanent


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `body` holds at most the bytes asked for; `complete` says whether that was all."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    complete: bool


@dataclass(frozen=True, slots=True)
class Policy:
    """What a request may do; the defaults are those of the installation."""

    total_seconds: float = TOTAL_SECONDS
    max_bytes: int = MAX_BYTES
    allow_private: bool | None = None
    allow_plain: bool | None = None

    @property
    def private(self) -> bool:
        """Private addresses are for installations that say so."""
        return settings.OUTGOING_ALLOW_PRIVATE if self.allow_private is None else self.allow_private

    @property
    def plain(self) -> bool:
        """Unencrypted HTTP goes with private addresses unless it is asked for."""
        return self.private if self.allow_plain is None else self.allow_plain


def check_url(url: str, policy: Policy | None = None) -> SplitResult:
    """The parts of a URL this client would call; `OutgoingError` (permanent) names what is wrong with any other."""
    rules = policy or Policy()
    problem = gettext("The URL is not valid. Write it as https://host/path.")
    if not url.isascii() or not url.isprintable() or " " in url:
        raise OutgoingError(problem, permanent=True)
    try:
        parts = urlsplit(url)
        valid = bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise OutgoingError(problem, permanent=True) from None
    if parts.scheme not in DEFAULT_PORTS:
        raise OutgoingError(gettext("The URL must start with https://."), permanent=True)
    if parts.scheme == "http" and not rules.plain:
        message = gettext("The URL must start with https://; plain http is for private networks only.")
        raise OutgoingError(message, permanent=True)
    if parts.username is not None or parts.password is not None:
        message = gettext("The URL must not carry a user or password; they would be stored in the clear.")
        raise OutgoingError(message, permanent=True)
    return parts


def request(
    method: str,
    url: str,
    *,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    policy: Policy | None = None,
    resolve: Resolver = socket.getaddrinfo,
    context: ssl.SSLContext | None = None,
) -> Answer:
    """One request, one answer (of any status, redirects included) or `OutgoingError`.

    `policy.total_seconds` covers everything, resolving the name included; `policy.max_bytes=0` does not read the body.
    `resolve` has the shape of `socket.getaddrinfo`.
    """
    rules = policy or Policy()
    parts = check_url(url, rules)
    host, port = str(parts.hostname), parts.port or DEFAULT_PORTS[parts.scheme]
    deadline = time.monotonic() + rules.total_seconds
    addresses = _judged_addresses(host, port, rules, resolve, deadline)
    tls = (context or ssl.create_default_context()) if parts.scheme == "https" else None
    connection = _GuardedConnection(host, port, addresses, tls, deadline)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, path, body=body or None, headers=dict(headers or {}))
        with closing(connection.getresponse()) as answer:
            content = answer.read(rules.max_bytes + 1) if rules.max_bytes else b""
    except TimeoutError:
        raise _late(rules) from None
    except ssl.SSLCertVerificationError as error:
        message = gettext("The receiver's certificate is not valid: %(reason)s.") % {"reason": error.verify_message}
        raise OutgoingError(message, permanent=False) from None
    except (OSError, http.client.HTTPException) as error:
        message = gettext("The connection to the receiver failed (%(reason)s).") % {"reason": _reason(error)}
        raise OutgoingError(message, permanent=False) from None
    finally:
        connection.close()
    complete = rules.max_bytes > 0 and len(content) <= rules.max_bytes and not answer.length
    return Answer(answer.status, dict(answer.headers.items()), content[: rules.max_bytes], complete)


def _reason(error: Exception) -> str:
    """The system's words for an errno, else the name of the error: its text could repeat what was sent."""
    return str(error.strerror) if isinstance(error, OSError) and error.strerror else type(error).__name__


def _late(rules: Policy) -> OutgoingError:
    message = gettext("The receiver did not answer within %(seconds)g seconds.") % {"seconds": rules.total_seconds}
    return OutgoingError(message, permanent=False)


def _judged_addresses(host: str, port: int, rules: Policy, resolve: Resolver, deadline: float) -> list[tuple[int, Any]]:
    """(family, socket address) of every address of the name; refused as a whole when one of them is not public."""
    if not rules.private and host.rstrip(".").endswith((".internal", ".localhost")):
        _refuse("internal")
    try:
        found = resolve_within(_left(deadline), resolve, host, port)
    except TimeoutError:
        raise _late(rules) from None
    except (OSError, UnicodeError):
        raise OutgoingError(gettext("The receiver's name could not be resolved."), permanent=False) from None
    for entry in found:
        kind = "" if rules.private else refusal(entry[4][0])
        if kind:
            _refuse(kind)
    return [(entry[0], entry[4]) for entry in found]


def _refuse(kind: str) -> None:
    message = gettext(
        "The receiver's address is not public (%(kind)s). To allow private networks, "
        "set ATALAIA_OUTGOING_ALLOW_PRIVATE=True."
    ) % {"kind": kind}
    raise OutgoingError(message, permanent=True)


class _TimedReader(io.RawIOBase):
    """Reads with whatever time is left, so that a trickle of bytes does not stretch the total.

    It reads through the socket's own raw file, which keeps the socket open after http.client has closed its side.
    """

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self.sock, self.deadline = sock, deadline
        self.raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self.sock.settimeout(_left(self.deadline))
        return self.raw.readinto(buffer)

    def close(self) -> None:
        self.raw.close()
        super().close()


class _TimedSocket:
    """The part of a socket that http.client uses, with one deadline over all of it."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self.sock, self.deadline = sock, deadline

    def sendall(self, data: bytes) -> None:
        self.sock.settimeout(_left(self.deadline))
        self.sock.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_TimedReader(self.sock, self.deadline))

    def close(self) -> None:
        self.sock.close()


class _GuardedConnection(http.client.HTTPConnection):
    """Dials only addresses that were judged; the name is kept for Host and for TLS."""

    def __init__(
        self, host: str, port: int, addresses: list[tuple[int, Any]], tls: ssl.SSLContext | None, deadline: float
    ) -> None:
        super().__init__(host, port)
        self.default_port = DEFAULT_PORTS["https" if tls else "http"]
        self.addresses, self.tls, self.deadline = addresses, tls, deadline

    def connect(self) -> None:
        sock = _dial(self.addresses, self.deadline)
        if self.tls:
            try:
                sock = self.tls.wrap_socket(sock, server_hostname=self.host)
            except OSError:
                sock.close()
                raise
        # http.client only sends, reads through makefile and closes; the timed socket does exactly that.
        self.sock = cast(socket.socket, _TimedSocket(sock, self.deadline))


def _dial(addresses: list[tuple[int, Any]], deadline: float) -> socket.socket:
    """The first address that accepts."""
    failure = OSError("no address")
    for family, address in addresses:
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.settimeout(_left(deadline))
            sock.connect(address)
        except OSError as error:
            sock.close()
            failure = error
        else:
            return sock
    raise failure


def _left(deadline: float) -> float:
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds
