"""Which alert is which, and which belong together. Pure: no Django, no database."""

from collections.abc import Mapping, Sequence
from typing import Final

_OFFSET: Final = 0xCBF29CE484222325
_PRIME: Final = 0x100000001B3
_MASK: Final = 0xFFFFFFFFFFFFFFFF
_SEPARATOR: Final = b"\xff"
# Of the way in which labels become a group. Whoever changes it writes another version: open incidents keep their key.
VERSION: Final = "v1"
DEFAULT_LABELS: Final = ("model",)
NAME: Final = "alertname"


def fingerprint(labels: Mapping[str, str]) -> str:
    """FNV-1a (64 bit) over sorted names and values, as Prometheus and Alertmanager compute it; empty labels do not count."""
    value = _OFFSET
    for name in sorted(name for name, text in labels.items() if text):
        for byte in _encoded(name) + _SEPARATOR + _encoded(labels[name]) + _SEPARATOR:
            value = (value ^ byte) * _PRIME & _MASK
    return f"{value:016x}"


def group_of(labels: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    """What alerts of one incident have in common: these labels, where the alert has them; if it has none, its name.

    No names at all: every alert of the project belongs together.
    """
    found = {name: labels[name] for name in sorted(names) if labels.get(name)}
    if found or not names:
        return found
    return {NAME: labels[NAME]} if labels.get(NAME) else {}


def group_key(group: Mapping[str, str]) -> str:
    """The key of a group, with the version of how it was made."""
    return f"{VERSION}:{fingerprint(group)}"


def _encoded(text: str) -> bytes:
    """Half a surrogate pair, which JSON can write, counts as the question mark that it is stored as."""
    return text.encode("utf-8", "replace")
