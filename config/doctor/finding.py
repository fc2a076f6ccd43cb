"""One line of what the doctor found."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Well; works but will not for long, or not for everybody; does not work."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it stands, what was seen, and what to do about it; nothing to do where it is well."""

    name: str
    state: State
    says: str
    mend: str = ""


def ok(name: str, says: str) -> Finding:
    """It is well."""
    return Finding(name, State.OK, says)


def warn(name: str, says: str, mend: str) -> Finding:
    """It works for now, or not for everybody."""
    return Finding(name, State.WARN, says, mend)


def fail(name: str, says: str, mend: str) -> Finding:
    """It does not work."""
    return Finding(name, State.FAIL, says, mend)
