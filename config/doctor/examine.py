"""Everything the doctor looks at, in order."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from django.db import DatabaseError

from config.doctor import moving, outside, storage
from config.doctor.finding import Finding, State, fail

Look = Callable[[datetime], Iterable[Finding]]
FIRST: Final[tuple[Look, ...]] = (storage.database, storage.migrations)
THEN: Final[tuple[Look, ...]] = (
    outside.configuration,
    moving.pipeline,
    moving.dead_letters,
    outside.channels,
    outside.mail,
    outside.watcher,
    storage.disk,
    storage.growth,
)
NO_DATABASE: Final = "Look whether the server of DATABASE_URL runs, lets this user in and takes writes, and at its log."


def examine(*, real_now: datetime) -> list[Finding]:
    """What was found; without a database, or with tables of another version, nothing but the disk is looked at."""
    found: list[Finding] = []
    for look in FIRST:
        found += _seen(look, real_now)
        if found[-1].state == State.FAIL:
            return [*found, *storage.disk(real_now)]
    return found + [finding for look in THEN for finding in _seen(look, real_now)]


def _seen(look: Look, real_now: datetime) -> list[Finding]:
    """Of a database's error the first line, which says what is wrong; the rest may repeat a whole connection string."""
    try:
        return list(look(real_now))
    except DatabaseError as error:
        said = (str(error).strip().splitlines() or [""])[0][:200]
        return [fail(look.__name__, f"{type(error).__name__}: {said}", NO_DATABASE)]
