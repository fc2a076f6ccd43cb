"""A select of a page whose form is its URL."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """One select; `choices` are (value, label)."""

    name: str
    label: str
    value: str
    choices: list[tuple[str, str]]
