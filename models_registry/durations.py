"""Durations as Prometheus and OpenSLO write them, and as definitions do."""

import re
from typing import Final

_PARTS: Final = re.compile(r"(\d{1,99})(ms|[smhdwy])")
LONGEST_LENGTH: Final = 40  # of what people write; more digits are no length
_SECONDS: Final = {"ms": 0.001, "s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 7 * 86_400, "y": 365 * 86_400}


def read_duration(text: object) -> int | None:
    """Whole seconds of Prometheus' 1h30m, rounded up; None for what is none."""
    given = str(text)
    if given == "0":
        return 0
    found = _PARTS.findall(given)
    if not found or "".join(f"{n}{unit}" for n, unit in found) != given:
        return None
    seconds = sum(int(n) * _SECONDS[unit] for n, unit in found)
    return int(-(-seconds // 1))


def write_duration(seconds: float) -> str:
    """One number and s, m, h or d, the largest that says it exactly."""
    whole = int(seconds)
    for unit in ("d", "h", "m"):
        if whole and whole % _SECONDS[unit] == 0:
            return f"{whole // int(_SECONDS[unit])}{unit}"
    return f"{whole}s"
