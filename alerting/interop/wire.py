"""What Alertmanager's API v2 takes, read strictly and refused with a sentence."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from alerting.evaluate.external import RESOLVE_TIMEOUT, Incoming

MAX_ALERTS: Final = 10_000
MAX_PAIRS: Final = 64
MAX_VALUE: Final = 10_000
MAX_URL: Final = 2_000
UNSET: Final = timedelta(days=366)
# A webhook tells of an alert again when it repeats itself, hours later, and tells of the end: until then it lasts.
UNTIL_TOLD: Final = timedelta(days=7)
_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_EPOCH: Final = datetime(1, 1, 1, tzinfo=UTC)


class WireError(ValueError):
    """Why it was refused, in English: programs read it."""


def read_alerts(body: object, *, now: datetime) -> tuple[list[Incoming], list[str]]:
    """The alerts that are valid, and what is wrong with each of the others."""
    if not isinstance(body, list):
        raise WireError("The body must be an array of alerts.")
    if len(body) > MAX_ALERTS:
        raise WireError(f"At most {MAX_ALERTS} alerts at once.")
    return _each(body, lambda item: _alert(item, now=now))


def read_webhook(body: object, *, own: str, now: datetime) -> tuple[list[Incoming], list[str]]:
    """The alerts of a webhook's payload (version 4; Grafana's too, which adds to it), and what is wrong with the others.

    Left out is what comes back to us: alerts whose `generatorURL` lies under `own`, the address of this panel. Without
    that, an Alertmanager that we tell and that tells us would make two incidents of each of ours.
    """
    if not isinstance(body, Mapping) or not isinstance(body.get("alerts"), list):
        raise WireError("The body must be the payload of an Alertmanager's webhook: an object with a list of alerts.")
    if len(body["alerts"]) > MAX_ALERTS:
        raise WireError(f"At most {MAX_ALERTS} alerts at once.")
    told = [item for item in body["alerts"] if not _is_own(item, own)]
    return _each(told, lambda item: _alert(_told(item, now=now), now=now))


def _each(items: list[Any], read: Callable[[Any], Incoming]) -> tuple[list[Incoming], list[str]]:
    valid, wrong = [], []
    for place, item in enumerate(items):
        try:
            valid.append(read(item))
        except WireError as error:
            wrong.append(f"alert {place}: {error}")
    return valid, wrong


def _is_own(item: object, own: str) -> bool:
    return isinstance(item, Mapping) and bool(own) and f"{item.get('generatorURL')}/".startswith(f"{own.rstrip('/')}/")


def _told(item: Any, *, now: datetime) -> dict[str, Any]:
    """As it would have been posted: the status says whether it is over, and no other clock can put its end ahead."""
    if not isinstance(item, Mapping):
        raise WireError("must be an object")
    if item.get("status") not in ("firing", "resolved"):
        raise WireError(f"status must be firing or resolved, not {item.get('status')!r}")
    ends = now + UNTIL_TOLD
    if item["status"] == "resolved":
        ends = min(read_time(item.get("endsAt"), "endsAt") or now, now)
    starts = read_time(item.get("startsAt"), "startsAt") or now
    return {**item, "startsAt": min(starts, ends).isoformat(), "endsAt": ends.isoformat()}


def read_time(value: object, name: str) -> datetime | None:
    """RFC 3339, however many digits its seconds have; None for what is missing, and for Go's time that is not."""
    if value in (None, ""):
        return None
    try:
        moment = datetime.fromisoformat(str(value))
        if moment.tzinfo is None:
            raise ValueError("no offset")
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        if str(value).startswith("0001-01-01"):
            return None
        raise WireError(f"{name} must be a time in RFC 3339, such as 2026-03-10T12:00:00Z, not {value!r}") from error
    return None if moment - _EPOCH < UNSET else moment


def text(value: object, name: str, longest: int = MAX_VALUE) -> str:
    """Text that a database can hold."""
    if not isinstance(value, str):
        raise WireError(f"{name} must be text")
    if len(value) > longest:
        raise WireError(f"{name} is longer than {longest} characters")
    if "\0" in value:
        raise WireError(f"{name} holds a zero byte")
    return value.encode("utf-8", "replace").decode()


def _alert(item: object, *, now: datetime) -> Incoming:
    if not isinstance(item, Mapping):
        raise WireError("must be an object")
    labels = {name: value for name, value in _pairs(item.get("labels"), "labels").items() if value}
    if not labels:
        raise WireError("at least one label pair required")
    starts, ends = read_time(item.get("startsAt"), "startsAt"), read_time(item.get("endsAt"), "endsAt")
    starts = starts or ends or now
    if ends is not None and ends < starts:
        raise WireError("start time must be before end time")
    return Incoming(
        labels,
        _pairs(item.get("annotations") or {}, "annotations"),
        starts,
        ends or now + RESOLVE_TIMEOUT,
        timeout=ends is None,
        generator_url=text(item.get("generatorURL") or "", "generatorURL", MAX_URL),
    )


def _pairs(value: Any, what: str) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise WireError(f"{what} must be an object of texts")
    if len(value) > MAX_PAIRS:
        raise WireError(f"at most {MAX_PAIRS} {what}")
    found = {}
    for name, content in value.items():
        if not _NAME.fullmatch(name):
            raise WireError(f"invalid name {name[:80]!r} among the {what}")
        found[name] = text(content, f"{what}.{name[:80]}")
    return found
