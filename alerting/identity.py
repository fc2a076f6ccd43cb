"""Which alert is which. Pure: no Django, no database."""

from collections.abc import Mapping
from typing import Final

_OFFSET: Final = 0xCBF29CE484222325
_PRIME: Final = 0x100000001B3
_MASK: Final = 0xFFFFFFFFFFFFFFFF
_SEPARATOR: Final = b"\xff"


def fingerprint(labels: Mapping[str, str]) -> str:
    """FNV-1a (64 bit) over sorted names and values, as Prometheus and Alertmanager compute it; empty labels do not count."""
    value = _OFFSET
    for name in sorted(name for name, text in labels.items() if text):
        for byte in name.encode() + _SEPARATOR + labels[name].encode() + _SEPARATOR:
            value = (value ^ byte) * _PRIME & _MASK
    return f"{value:016x}"
