"""The window of an SLO of OpenSLO, and how it judges time, as fields of a definition; what had to be guessed is told."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings

from config.interchange.openslo_read import METHODS, Object, seconds, shorthand
from models_registry.durations import write_duration
from monitoring.slo.indicators import SLICES
from monitoring.slo.validate import MOST_COUNTED

CALENDARS: Final = {(1, "d"): "day", (1, "w"): "week", (1, "M"): "month", (1, "Q"): "quarter"}
HOUR: Final = 3_600
DEFAULT_WINDOW: Final = "30d"
Warn = Callable[[str], None]


def window_of(spec: Object, warn: Warn) -> dict[str, Any]:
    """`window`, or `calendar` and `zone`."""
    given = (spec.get("timeWindow") or [None])[0]
    if given is None:
        warn(f"it has no timeWindow: taken for {DEFAULT_WINDOW}, rolling")
        return {"window": DEFAULT_WINDOW}
    number, unit = shorthand(given["duration"]) or (30, "d")
    if given.get("calendar") is None:
        if not given.get("isRolling"):
            warn("its window neither rolls nor has a calendar: taken for rolling")
        if unit in "MQY":
            warn(f"{number}{unit} rolling has no fixed length: taken for {seconds(given['duration'])} seconds")
        return {"window": write_duration(seconds(given["duration"]) or 0)}
    return _calendar(given, number, unit, warn)


def _calendar(given: Object, number: int, unit: str, warn: Warn) -> dict[str, Any]:
    zone = str(given["calendar"].get("timeZone") or "UTC")
    if unit == "m":
        warn(f"a calendar window of {number}m is one of minutes by the letter: taken for {number}M, months")
        unit = "M"
    if (number, unit) in ((7, "d"), (3, "M")):
        number, unit = 1, "w" if unit == "d" else "Q"
    calendar = CALENDARS.get((number, unit))
    if calendar is None:
        length = write_duration(seconds(f"{number}{unit}") or 0)
        warn(f"a calendar window of {number}{unit} is not kept here: taken for {length}, rolling")
        return {"window": length, "zone": zone}
    start = _moment(given["calendar"].get("startTime"))
    if start is not None and not _begins(start, calendar):
        warn(f"startTime {start}: a {calendar} here begins with the calendar's, at midnight in {zone}")
    return {"calendar": calendar, "zone": zone}


def method_of(spec: Object, objective: Object, window: Mapping[str, Any], warn: Warn) -> dict[str, Any]:
    """`method`, and of slices their length and the share that makes one good; nothing where events are counted."""
    method = METHODS[spec["budgetingMethod"]]
    if method == "occurrences":
        return {}
    width = objective["timeSliceWindow"]
    asked = seconds(width) or int(float(width) * 60)
    length = (
        seconds(str(window.get("window", "")))
        or {"day": 1, "week": 7, "month": 30}.get(str(window.get("calendar")), 90) * 86_400
    )
    fitting = _fitting(asked, length)
    if fitting != asked:
        warn(f"slices of {write_duration(asked)} do not fit the window here: {write_duration(fitting)} instead")
    fields: dict[str, Any] = {"method": method, "slice": write_duration(fitting)}
    if method == "timeslices":
        fields["slice_target"] = float(objective["timeSliceTarget"])
    return fields


def _moment(given: object) -> datetime | None:
    if isinstance(given, datetime):
        return given
    try:
        return datetime.fromisoformat(str(given))
    except ValueError:
        return None


def _begins(start: datetime, calendar: str) -> bool:
    """Whether a period of the calendar begins there."""
    midnight = (start.hour, start.minute, start.second) == (0, 0, 0)
    first = {"week": start.weekday() == 0, "month": start.day == 1, "quarter": start.day == 1 and start.month % 3 == 1}
    return midnight and first.get(calendar, True)


def _fitting(asked: int, length: int) -> int:
    """The shortest slice that is not shorter than asked, and of which a window has not too many."""
    minutes: timedelta = settings.RETENTION["minutes"]
    widths = sorted(int(width.total_seconds()) for width in SLICES)
    for width in widths:
        kept = width >= HOUR or length <= minutes.total_seconds()
        if width >= asked and length / width <= MOST_COUNTED and kept:
            return width
    return widths[-1]
