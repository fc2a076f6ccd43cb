"""What every channel gets and promises. Channels never touch the database, so one may wait in a thread of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


class ChannelError(Exception):
    """The message did not arrive. `permanent` means that trying again is pointless; the text is for people.

    `retry_after` is how many seconds the receiver asked to be left alone, if it did.
    """

    def __init__(self, message: str, *, permanent: bool, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt. `uid` is the same at every attempt, so that a receiver can drop what it has already seen."""

    uid: str
    target: str
    secret: bytes
    body: Mapping[str, Any]
    at: datetime


class ChannelKind(Protocol):
    """A way to reach people: one class in one file, both named after `Channel.Kind`.

    `needs_secret`: it cannot send without one. `ignores`: reasons it has no words for; people do not hear of every alert
    that ends while others go on, an Alertmanager not of who is on it.
    """

    needs_secret: bool
    ignores: frozenset[str]

    def check(self, *, target: str, secret: str) -> None:
        """Raise `ChannelError` when this target (and new secret, if any) can never work; for forms."""

    def send(self, delivery: Delivery) -> None:
        """Deliver within 10 seconds or raise `ChannelError`."""
