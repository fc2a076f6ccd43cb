"""One row of the table of aliases, and how rows of a field are written down."""

from typing import NamedTuple


class Alias(NamedTuple):
    """One way to say a field."""

    field: str
    dialect: str
    source: str


def rows(field: str, *ways: str) -> tuple[Alias, ...]:
    """The ways to say a field, each `dialect source`, the most trustworthy first."""
    return tuple(Alias(field, *way.split(" ", 1)) for way in ways)
