"""What keeps alerts quiet, as a file writes it: days by name or number, times of the wall's clock."""

from datetime import time
from typing import Any, Final

from django.core.exceptions import ValidationError

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def read_days(given: object) -> list[Any]:
    """Numbers from 0 (Monday) to 6, in order, of names and numbers; `ValidationError` for what is no list of days."""
    if not isinstance(given, list):
        raise ValidationError("must be a list of days such as [mon, tue]")
    found = []
    for day in given:
        name = str(day).lower()[:3]
        if isinstance(day, int) and not isinstance(day, bool) and 0 <= day < len(DAYS):
            found.append(day)
        elif isinstance(day, str) and name in DAYS:
            found.append(DAYS.index(name))
        else:
            raise ValidationError(f"{day!r} is no day: write mon, tue, wed, thu, fri, sat or sun")
    return sorted(found)


def write_days(stored: list[int]) -> list[str]:
    """By name, from Monday on."""
    return [DAYS[day] for day in sorted(stored)]


def read_time(given: object) -> time:
    """HH:MM; YAML takes 12:30 without quotes for the number 750, which is told apart from nothing else here."""
    if isinstance(given, int) and not isinstance(given, bool) and 0 <= given < 24 * 60:
        return time(given // 60, given % 60)
    try:
        return time.fromisoformat(str(given))
    except ValueError as error:
        raise ValidationError(f"must be a time such as 02:30, not {given!r}") from error
